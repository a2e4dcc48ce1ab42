/** Families of runs under random control, with crashes: no parent is paused while a child is not, and all come to an end. */
import { expect, it } from "vitest";
import { isChildId } from "../../src/actors/children/child-id.ts";
import { isFinalStatus } from "../../src/journal/status.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { RunStatus, TurnWrite } from "../../src/persistence/store.ts";
import type { Runtime } from "../../src/runtime/api.ts";
import { observedStore } from "../../src/testing/scheduled-store.ts";
import { type SeededRandom, seededRandom } from "../../src/testing/seeded-random.ts";
import { digraph, type Family, family } from "./family.ts";

const PARENT = digraph(`fan [shape=component, max_parallel=3]
  left [type=pipeline, child="middle.dot"]
  right [type="stack.manager_loop", child="leaf.dot", "manager.poll_interval"="200ms", "manager.actions"="observe,steer",
    "manager.max_cycles"=40, prompt="at \${stack.child.stage}"]
  beside [prompt="beside"]
  meet [prompt="meet"]
  last [type=pipeline, child="leaf.dot"]
  start -> fan
  fan -> left -> meet
  fan -> right -> meet
  fan -> beside -> meet
  meet -> last
  last -> exit`);
const FILES = {
  "middle.dot": digraph(`one [prompt="one"]
    sub [type=pipeline, child="leaf.dot"]
    start -> one -> sub -> exit`),
  "leaf.dot": digraph(`a [prompt="a"]
    b [prompt="b"]
    start -> a -> b
    b -> b [condition="outcome=again", loop_restart=true]
    b -> exit [condition="outcome!=again"]`),
};

const CALM: ReadonlySet<RunStatus> = new Set<RunStatus>(["paused", "completed", "failed", "cancelled"]);

/** What must hold after each turn of any run, as the store has them. */
class Watch {
  readonly statuses = new Map<string, RunStatus>();
  readonly parents = new Map<string, string>();
  readonly problems: string[] = [];

  note = (turn: TurnWrite): void => {
    for (const made of [turn, ...(turn.creates ?? [])]) {
      const { runId, create, run } = made;
      if (create?.parentRun !== undefined && isChildId(runId)) this.parents.set(runId, create.parentRun);
      const status = run?.status ?? create?.status;
      if (status !== undefined) this.#move(runId, status);
    }
    for (const [child, parent] of this.parents) this.#compare(parent, child, turn);
  };

  #move(runId: string, status: RunStatus): void {
    const before = this.statuses.get(runId);
    if (before !== undefined && isFinalStatus(before) && before !== status)
      this.problems.push(`${runId} was ${before} and is ${status}`);
    this.statuses.set(runId, status);
  }

  /** A child that is paused with its parent may be cancelled by itself, which begins nothing. */
  #compare(parent: string, child: string, { runId, run }: TurnWrite): void {
    const [above, below] = [parent, child].map((runId) => this.statuses.get(runId) ?? "queued") as [
      RunStatus,
      RunStatus,
    ];
    const isCalm = CALM.has(below) || (below === "cancelling" && !(runId === parent && run?.status === "paused"));
    if (above === "paused" && !isCalm) this.problems.push(`${parent} is paused, ${child} is ${below}`);
    if (isFinalStatus(above) && !isFinalStatus(below))
      this.problems.push(`${parent} is ${above}, ${child} is ${below}`);
  }

  live(): string[] {
    return [...this.statuses].flatMap(([runId, status]) => (isFinalStatus(status) ? [] : [runId])).sort();
  }
}

interface Life {
  readonly runtime: Runtime;
  die(): void;
}

async function play(seed: number): Promise<{ readonly deeds: string[]; readonly problems: string[]; ends: string }> {
  const random = seededRandom(seed);
  const watch = new Watch();
  const made = await family(FILES, { parent: PARENT, store: observedStore(memoryStore(), watch.note) });
  const deeds: string[] = [];
  let life: Life = await made.world.mortal();
  await made.start(life.runtime);
  const count = random.between(6, 30);
  for (let step = 0; step < count && watch.live().includes("p"); step += 1) {
    life = await act(random, { made, watch, deeds, life });
    await made.world.clock.advance(random.pick([0, 5, 25, 60, 400]));
  }
  await settle(made, watch, life);
  const { world } = made;
  await life.runtime.stop({ graceMs: 0 });
  for (const [runId, status] of watch.statuses) {
    if (!isFinalStatus(status)) watch.problems.push(`${runId} is ${status} in the end`);
    watch.problems.push(...(await life.runtime.verify(runId)).problems);
  }
  const waiting = await world.store.read("commands", { pending: true });
  watch.problems.push(...waiting.map(({ runId, verb }) => `${verb} waits in the inbox of ${runId}`));
  return { deeds, problems: watch.problems, ends: watch.statuses.get("p") ?? "" };
}

interface Scene {
  readonly made: Family;
  readonly watch: Watch;
  readonly deeds: string[];
  readonly life: Life;
}

/** One thing that somebody does, or that befalls them. */
async function act(random: SeededRandom, scene: Scene): Promise<Life> {
  const { made, watch, deeds, life } = scene;
  const { world } = made;
  const runId = random.chance(0.5) ? "p" : random.pick(watch.live());
  const deed = random.pick([
    "end",
    "end",
    "end",
    "end",
    "pause",
    "continue",
    "continue",
    "interrupt",
    "steer",
    "cancel",
    "crash",
  ]);
  if (deed === "cancel" && (runId === "p" || random.chance(0.5))) return life;
  deeds.push(`${deed} ${runId}`);
  if (deed === "end") {
    const call = world.open().length === 0 ? undefined : random.pick(world.open());
    call?.end(random.pick(["success", "success", "success", "again", "fail"]));
  } else if (deed === "crash") {
    life.die();
    const next = await world.mortal();
    await world.clock.runUntil(next.runtime.resume("p").catch(() => undefined));
    return next;
  } else {
    const run = await life.runtime.get(runId);
    if (deed === "pause") void run.pause();
    if (deed === "interrupt") void run.pause({ mode: "interrupt" });
    if (deed === "continue") void run.continue();
    if (deed === "cancel") void run.cancel();
    if (deed === "steer") void run.steer(`at ${deeds.length}`);
  }
  return life;
}

/** Nobody holds anything any more: everything comes to an end. */
async function settle({ world }: Family, watch: Watch, { runtime }: Life): Promise<void> {
  for (let tries = 0; watch.live().length > 0 && tries < 400; tries += 1) {
    for (const runId of watch.live())
      if (watch.statuses.get(runId)?.startsWith("paus")) void (await runtime.get(runId)).continue();
    // After three crashes in a row a person is asked.
    for (const { runId, gate } of await runtime.questions()) void (await runtime.get(runId)).answer(gate, "retry");
    for (const call of world.open()) call.end();
    await world.clock.advance(50);
  }
}

const SEEDS = 80;
const PER_TEST = 20;

it.each(Array.from({ length: SEEDS / PER_TEST }, (_, index) => index * PER_TEST + 1))(
  "whatever is done to a family, it holds together: seeds from %i",
  { timeout: 60_000 },
  async (first) => {
    const ends = new Set<string>();
    for (let seed = first; seed < first + PER_TEST; seed += 1) {
      const { problems, deeds, ends: end } = await play(seed);
      expect(problems, `seed ${seed}\n${deeds.join("\n")}`).toEqual([]);
      ends.add(end);
    }
    expect(ends.has("completed") || ends.has("failed")).toBe(true);
  },
);
