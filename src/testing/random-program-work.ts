/** What the stages of a random program do: a function of seed, address, attempt and what the context shows. */
import type { JsonValue, Outcome } from "../graph/outcome.ts";
import type { DiamondStep, Step, WorkStep, Write } from "./random-program-tree.ts";
import { type SeededRandom, seededRandom } from "./seeded-random.ts";

export interface WorkQuestion {
  readonly seed: number;
  /** Address of the stage. */
  readonly stage: string;
  readonly visit: number;
  readonly attempt: number;
  readonly read: (key: string) => JsonValue | undefined;
}

/** `throws`: instead of returning; whether it may be tried again says the word. `isLate`: it takes longer than it has. */
export type WorkEnd =
  | { readonly outcome: Outcome; readonly isLate?: false }
  | { readonly throws: "error" | "terminal"; readonly isLate?: boolean };

/** The words by which a choice says which way. */
export const WAYS = ["left", "right"] as const;

/** The key that a choice by the context writes. */
export function wayKey(name: string): string {
  return `way.${name}`;
}

/** What one attempt comes to. */
export function workEnd(step: Step, question: WorkQuestion): WorkEnd {
  const random = chanceOf(question);
  switch (step.kind) {
    case "work":
    case "diamond":
      return attemptEnd(step, question, random);
    case "choice": {
      const way = random.pick(WAYS);
      return {
        outcome: { status: step.by === "outcome" ? way : "success", contextUpdates: { [wayKey(step.name)]: way } },
      };
    }
    case "leave":
      return { outcome: { status: random.chance(0.4) ? "left" : "success" } };
    case "cycle":
      return { outcome: { status: question.visit % (step.rounds + 1) === 0 ? "done" : "again" } };
    default:
      throw new Error(`${step.name} is a ${step.kind}, and no handler is called for it`);
  }
}

/** The same for all attempts of a stage, whether it is to fail in the end; each attempt, whether it asks for more. */
function attemptEnd(step: WorkStep | DiamondStep, question: WorkQuestion, random: SeededRandom): WorkEnd {
  const { name, work } = step;
  const fate = chanceOf({ ...question, attempt: 0 });
  const isTroubled = fate.chance(work.trouble);
  if (question.attempt < work.attempts && random.chance(work.again)) {
    return work.timesOut && random.chance(0.5) ? { throws: "error", isLate: true } : askAgain(name, question, random);
  }
  if (isTroubled && random.chance(0.25)) return { throws: random.pick(["error", "terminal"] as const) };
  const status = isTroubled ? "fail" : random.pick(work.words);
  const contextUpdates = Object.fromEntries(
    work.writes.map((write) => [write.key, writtenBy(write, question, random)]),
  );
  const notes = random.chance(0.2) ? { notes: `${status} of ${question.stage}` } : {};
  return { outcome: { status, contextUpdates, ...notes } };
}

/** What a retried attempt says of the context is lost. */
function askAgain(name: string, { attempt }: WorkQuestion, random: SeededRandom): WorkEnd {
  if (random.chance(0.5)) return { throws: "error" };
  return { outcome: { status: "retry", contextUpdates: { [`lost.${name}`]: attempt } } };
}

function writtenBy(write: Write, { read }: WorkQuestion, random: SeededRandom): JsonValue {
  switch (write.kind) {
    case "number":
      return random.integer(3);
    case "list":
      return Array.from({ length: random.between(1, 2) }, () => random.integer(4));
    case "count":
      return countOf(read(write.key)) + 1;
    case "see":
      return write.of.map((key) => read(key) ?? null);
  }
}

function countOf(value: JsonValue | undefined): number {
  return typeof value === "number" ? value : 0;
}

export interface Manners {
  readonly durationMs: number;
  readonly onAbort: "heed" | "ignore";
}

/** How long an attempt takes and how it takes being asked to stop; nothing of what it comes to. */
export function mannersOf(
  question: Pick<WorkQuestion, "seed" | "stage" | "attempt">,
  { isLate = false, mayBeRude }: { readonly isLate?: boolean; readonly mayBeRude: boolean },
): Manners {
  const random = seededRandom(question.seed).fork(`manners ${question.stage}#${question.attempt}`);
  const isRude = mayBeRude && random.chance(0.02);
  return {
    durationMs: random.pick([0, 0, 0, 5, 40, 400]),
    onAbort: random.pick(["heed", "heed", "heed", "ignore"] as const),
    // Longer than any grace: abandoned where it is asked to stop, and waited for.
    ...(isRude && !isLate ? { durationMs: 20_000, onAbort: "ignore" as const } : {}),
    ...(isLate ? { durationMs: 5_000 } : {}),
  };
}

/** Whether the gate at this address is approved by the person who is asked. */
export function isApproved(seed: number, stage: string): boolean {
  return seededRandom(seed).fork(`gate ${stage}`).chance(0.5);
}

function chanceOf({ seed, stage, attempt }: Pick<WorkQuestion, "seed" | "stage" | "attempt">): SeededRandom {
  return seededRandom(seed).fork(`${stage}#${attempt}`);
}
