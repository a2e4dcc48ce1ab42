/** One seed: a random pipeline, run undisturbed and then with everything done to it that its plan says. */

import { isSafepointError } from "../../src/index.ts";
import {
  compareSummaries,
  journalText,
  type RandomPipeline,
  type RunSummary,
  RunWorld,
  type RunWorldOptions,
  randomPipeline,
  scriptedHandlers,
  seededRandom,
} from "../../src/testing/index.ts";
import { drawPlan, type Plan, slowStore } from "./deeds.ts";

export interface ScheduleResult {
  readonly seed: number;
  /** One sentence a problem; none for a seed that holds. */
  readonly problems: readonly string[];
  /** What was done, in order. */
  readonly deeds: readonly string[];
  readonly source: string;
  readonly journal: string;
  /** Everything that happened, in order. */
  readonly steps: readonly string[];
  readonly status: string;
}

/** A schedule takes some hundred. */
const STEPS_MAX = 5_000;

export async function playSchedule(seed: number): Promise<ScheduleResult> {
  const random = seededRandom(seed);
  const pipeline = randomPipeline(random.fork("pipeline"));
  const undisturbed = openWorld(pipeline);
  await undisturbed.do(async () => {
    await undisturbed.boot();
    await undisturbed.when(() => undisturbed.isFinished);
  });
  const oracle = await undisturbed.summary();
  const { scheduler, turns } = undisturbed;
  const plan = drawPlan(random.fork("plan"), { steps: scheduler.steps, turns });
  const steps: string[] = [];
  const onStep = (name: string, atMs: number) => steps.push(`${steps.length + 1} at ${atMs}: ${name}`);
  const world = openWorld(pipeline, { seed, onStep });
  const done: string[] = [];
  const problems = [...(await undisturbed.problems())];
  try {
    await world.do(() => play(world, plan, { done, problems }));
    problems.push(...(await world.problems()), ...(await judge(world, plan, oracle)));
  } catch (error) {
    problems.push(String((error as Error).stack), ...world.watch.problems);
  }
  const entries = await world.store.read("journal", { runId: world.watch.runId });
  return {
    seed,
    problems,
    deeds: done,
    source: pipeline.source,
    journal: journalText(entries),
    steps,
    status: world.status,
  };
}

function openWorld(
  { source, script, answers }: RandomPipeline,
  options: Pick<RunWorldOptions, "seed" | "onStep"> = {},
): RunWorld {
  return new RunWorld({
    pipeline: source,
    handlers: scriptedHandlers(script, { types: ["work"] }).handlers,
    answer: ({ stage }) => answers[stage.slice("main/".length, stage.lastIndexOf("@"))],
    patienceMs: 0,
    stepsMax: STEPS_MAX,
    ...options,
  });
}

export interface Record {
  /** What was done, in order. */
  readonly done: string[];
  readonly problems: string[];
}

/** Does to the run what the plan says, then lets it go on to its end. */
export async function play(world: RunWorld, plan: Plan, { done, problems }: Record): Promise<void> {
  let processes = 0;
  const slow = world.scheduler.random.chance(0.2) ? slowStore(world, world.scheduler.random) : undefined;
  const boot = async () => {
    done.push("boot");
    await world.boot(plan.faultsOf(processes++) ?? slow);
  };
  const isOver = world.when(() => world.isFinished);
  isOver.catch(() => {}); // told by whatever is waited for when it happens
  while (!world.isAlive || world.turns === 0) await boot();
  for (const deed of plan.deeds) {
    await Promise.race([world.scheduler.turn(deed.name, { afterStep: deed.afterStep }), isOver]);
    while (!world.isAlive && !world.isFinished) await boot();
    if (world.isFinished) return;
    done.push(deed.name);
    problems.push(...((await deed.do(world)) ?? []));
  }
  await finish(world, boot);
}

/** Whatever happened to it, the run is now let go on to its end. */
async function finish(world: RunWorld, boot: () => Promise<void>): Promise<void> {
  while (!world.isFinished) {
    if (!world.isAlive) await boot();
    else if (world.status === "paused") await world.tell((run) => run.continue());
    await world.when(() => world.isFinished || world.status === "paused" || !world.isAlive);
  }
}

async function judge(world: RunWorld, plan: Plan, oracle: RunSummary): Promise<readonly string[]> {
  const found = await world.summary();
  if (!plan.isCancelled || found.status !== "cancelled") return compareSummaries(oracle, found);
  return [...isPrefix("edges", oracle.edges, found.edges), ...(await world.do(() => refusals(world)))];
}

/** Nothing is routed for a cancel: what was decided is what would have been. */
function isPrefix(what: string, whole: readonly string[], part: readonly string[]): readonly string[] {
  const wrong = part.find((one, index) => one !== whole[index]);
  return wrong === undefined ? [] : [`${what} of the cancelled run have ${wrong}, which the undisturbed run has not`];
}

/** A cancelled run says where to go on. */
async function refusals(world: RunWorld): Promise<readonly string[]> {
  await world.boot().catch((error: unknown) => {
    if (!isSafepointError(error)) throw error;
  });
  const result = await continueOnceMore(world);
  const { code } = result;
  return code === "run_cancelled_new_run_required"
    ? []
    : [`continue of a cancelled run answered ${JSON.stringify(result)}`];
}

/** Who drove the run may still have to give it back. */
async function continueOnceMore(world: RunWorld) {
  const run = await world.run();
  for (;;) {
    const result = await run.continue({ commandId: "late" });
    if (result.accepted !== null) return result;
  }
}

/** What to type to see it again. */
export function repeatCommand(seed: number): string {
  return `npm run test:soak -- control --seed ${seed}`;
}
