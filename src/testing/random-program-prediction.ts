/** What the oracle of random programs is told, and what it answers. */
import type { JsonValue } from "../graph/outcome.ts";

/** What happened where the program leaves it open. */
export interface Facts {
  /** Indexes of the branches of an activation that counted, in the order their ends were taken; undefined: not known. */
  readonly endsOf: (activation: string) => readonly number[] | undefined;
  /** Branches and activations that somebody cancelled, by path. */
  readonly cancelled: ReadonlySet<string>;
}

export interface StageExpectation {
  readonly status: string;
  /** What each attempt said; none where no handler is called. */
  readonly attempts: readonly string[];
  /** The handler is one that ships: nobody sees its calls. */
  readonly isOurs?: boolean;
}

export interface Prediction {
  /** `undecided`: what was needed is not known, as where a run was cut; the rest is as far as it goes. */
  readonly status: "completed" | "failed" | "undecided";
  /** Of the failure; empty for a run that completes. */
  readonly code: string;
  /** What the main scope shows in the end. */
  readonly context: Readonly<Record<string, JsonValue>>;
  /** By address: every stage that ends, but start, exit and conditionals. */
  readonly stages: ReadonlyMap<string, StageExpectation>;
  /** Paths of branches that lost: nothing is said of what is below them. */
  readonly losers: readonly string[];
  /** Paths of branches and iterations that must have ended by themselves, once each. */
  readonly branches: ReadonlySet<string>;
}

/** Thrown where the rules alone do not say what follows: an order of ends is not known, or somebody cancelled it. */
export class Undecided extends Error {
  constructor(path: string) {
    super(`what ${path} comes to is not known`);
  }
}
