/** One seed: a random program, played with everything done to it that its plan says, and held against the oracle. */
import { type HandlerInput, type JsonValue, type Outcome, TerminalError } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import {
  journalText,
  RunWorld,
  type RunWorldOptions,
  type ScriptedCall,
  scriptedHandlers,
  seededRandom,
} from "../../src/testing/index.ts";
import { type ProgramOptions, randomProgram, weigh } from "../../src/testing/random-program.ts";
import { programInputs, programSource } from "../../src/testing/random-program-dot.ts";
import { type Program, stepsOf } from "../../src/testing/random-program-tree.ts";
import { isApproved, mannersOf, type WorkEnd, workEnd } from "../../src/testing/random-program-work.ts";
import { play } from "../control/schedule.ts";
import { drawProgramPlan } from "./programs-deeds.ts";
import { judgeProgram } from "./programs-judge.ts";

export interface ProgramResult {
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

export interface PlayOptions extends ProgramOptions {
  /** Nothing is done to it. */
  readonly isLeftAlone?: boolean;
  /** Its store is a SQLite database, which is checked as a whole in the end. */
  readonly isInDatabase?: boolean;
}

/** A program takes some hundred. */
const STEPS_MAX = 20_000;

export async function playProgram(seed: number, options: PlayOptions = {}): Promise<ProgramResult> {
  const program = randomProgram(seed, options);
  const steps: string[] = [];
  const onStep = (name: string, atMs: number) => steps.push(`${steps.length + 1} at ${atMs}: ${name}`);
  const store = options.isInDatabase ? sqliteStore(":memory:") : memoryStore();
  const world = openProgram(program, { seed, onStep, store });
  const plan = drawProgramPlan(seededRandom(seed).fork("plan"), { stages: weigh(program.main), ...options });
  const done: string[] = [];
  const problems: string[] = [];
  try {
    await world.do(() => play(world, plan, { done, problems }));
    problems.push(...(await world.problems()), ...(await judgeProgram(program, world)), ...(await store.check()));
  } catch (error) {
    problems.push(String((error as Error).stack), ...world.watch.problems);
  }
  const entries = await world.store.read("journal", { runId: world.watch.runId });
  const { status } = world;
  await store.close();
  return { seed, problems, deeds: done, source: programSource(program), journal: journalText(entries), steps, status };
}

export function openProgram(
  program: Program,
  options: Pick<RunWorldOptions, "seed" | "onStep" | "store"> = {},
): RunWorld {
  const endOf = endsOf(program);
  const { seed } = program;
  const callOf = (input: HandlerInput): ScriptedCall => {
    const { isLate, ...end } = endOf(input);
    const mayBeRude = input.attributes["timeout"] === undefined;
    const manners = mannersOf({ ...input, seed }, { mayBeRude, ...(isLate ? { isLate } : {}) });
    return { ...manners, ...(isLate ? { outcome: "fail" } : end) };
  };
  const { handlers } = scriptedHandlers(callOf, { types: ["work"] });
  const waiting = new Set(
    [...stepsOf(program.main)].flatMap((step) =>
      step.kind === "gate" && step.deadlineMs !== undefined ? [step.name] : [],
    ),
  );
  return new RunWorld({
    pipeline: programSource(program),
    inputs: programInputs(program) as Record<string, JsonValue>,
    handlers,
    answer: ({ stage }) => (waiting.has(nodeOf(stage)) ? undefined : isApproved(program.seed, stage) ? "A" : "S"),
    patienceMs: 0,
    stepsMax: STEPS_MAX,
    ...options,
  });
}

function endsOf({ seed, main }: Program): (input: HandlerInput) => WorkEnd {
  const steps = new Map([...stepsOf(main)].map((step) => [step.name, step]));
  return ({ node, stage, visit, attempt, context }) => {
    const step = steps.get(node.id);
    if (!step) throw new Error(`${node.id} is no step of the program`);
    return workEnd(step, { seed, stage, visit, attempt, read: (key) => context.get(key) });
  };
}

/** The same as what a handler returns, or throws at once. */
export function outcomesOf(program: Program): (input: HandlerInput) => Outcome {
  const endOf = endsOf(program);
  return (input) => {
    const end = endOf(input);
    if ("throws" in end) throw new TerminalError(`${input.stage} was to fail`);
    return end.outcome;
  };
}

function nodeOf(stage: string): string {
  return stage.slice(stage.lastIndexOf("/") + 1, stage.lastIndexOf("@"));
}

/** What to type to see it again. */
export function repeatCommand(seed: number, { steps, depthMax, isInDatabase }: PlayOptions = {}): string {
  const smaller = [steps && `--steps ${steps}`, depthMax && `--depth ${depthMax}`, isInDatabase && "--database"];
  return ["npm run test:soak -- programs", `--seed ${seed}`, ...smaller.filter(Boolean)].join(" ");
}
