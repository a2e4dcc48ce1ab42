/** A random pipeline as a tree: what is drawn from a seed, printed as DOT, and interpreted by the oracle. */

/** Steps that follow one another. Never empty. */
export type Block = readonly Step[];

export type Step =
  | WorkStep
  | DiamondStep
  | ChoiceStep
  | CycleStep
  | LeaveStep
  | GateStep
  | WaitStep
  | ParallelStep
  | ForeachStep
  | LoopStep;

/** Whether a stage that failed ends its branch, or goes on by an edge `outcome=fail`. */
export type OnFail = "ends" | "goes_on";

/** Of scopes that are sent back: the node they begin at. */
interface SentBack {
  /** Its `retry_target` where it fails. */
  readonly retryTarget?: string;
}

interface Named {
  /** Id of the node it is entered at. */
  readonly name: string;
}

export interface WorkStep extends Named, SentBack {
  readonly kind: "work";
  readonly work: Work;
  readonly onFail: OnFail;
  /** It is a goal gate, which sends back to this node, the first of its scope. */
  readonly goal?: string;
}

/** Work, then a diamond that leads failures through a repair. */
export interface DiamondStep extends Named {
  readonly kind: "diamond";
  readonly work: Work;
  readonly repair: Block;
}

/** Work that says which way, by its outcome or by a key. */
export interface ChoiceStep extends Named {
  readonly kind: "choice";
  readonly by: "outcome" | "context";
  readonly left: Block;
  readonly right: Block;
}

/** Goes round so often, each time it is come to. */
export interface CycleStep extends Named {
  readonly kind: "cycle";
  readonly rounds: number;
  readonly body: Block;
}

/** Work that says whether its branch goes on or leaves for the exit at once. */
export interface LeaveStep extends Named {
  readonly kind: "leave";
}

export interface GateStep extends Named {
  readonly kind: "gate";
  /** Run time, ms. Nobody answers, and the default is to skip. */
  readonly deadlineMs?: number;
  readonly approve: Block;
  readonly skip: Block;
}

export interface WaitStep extends Named {
  readonly kind: "wait";
  readonly ms: number;
}

export type Policy = "wait_all" | "all_success" | "first_success" | "k_of_n" | "quorum" | "any";
export type ErrorPolicy = "continue" | "fail_fast" | "ignore";
export type Conflict = "error" | "first" | "last" | "append" | "union" | "sum" | `prefer:${string}`;

export interface ParallelStep extends Named {
  readonly kind: "parallel";
  readonly policy: Policy;
  readonly errorPolicy: ErrorPolicy;
  readonly k: number;
  readonly ratio: number;
  readonly maxParallel: number;
  readonly merge: "none" | "namespaced" | "overlay";
  readonly conflict: Conflict;
  readonly conflictOf: Readonly<Record<string, Conflict>>;
  /** The same block may stand for several. */
  readonly branches: readonly Block[];
  /** Where the branches meet, or what follows the fan-in; absent: at the step behind it, or, where it ends a body, nowhere. */
  readonly join?: WorkStep;
  /** The branches meet at a fan-in of this name, before the join. */
  readonly fanIn?: string;
  /** Whether the join is named or left to be found. */
  readonly isJoinNamed: boolean;
  /** Where a failed join leads; absent: its branch fails. */
  readonly repair?: WorkStep;
}

export interface ForeachStep extends Named {
  readonly kind: "foreach";
  readonly items: readonly (number | string)[];
  /** Written into the pipeline, or handed in as an input; or named, and not there. */
  readonly itemsFrom: "text" | "input" | "missing";
  readonly maxParallel: number;
  readonly onItemFailure: "stop" | "continue";
  readonly collect?: string;
  readonly body: Block;
  readonly onFail: OnFail;
}

export interface LoopStep extends Named {
  readonly kind: "loop";
  readonly test: LoopTest;
  readonly maxIterations: number;
  readonly onLimit: "fail" | "succeed";
  readonly body: Block;
  readonly onFail: OnFail;
}

/** `while` the key is not this number, or `until` it has reached it. */
export interface LoopTest {
  readonly how: "while" | "until";
  readonly key: string;
  readonly goal: number;
}

/** What stages of a node do. Which of it, their address decides. */
export interface Work {
  /** 1 + retries. */
  readonly attempts: number;
  readonly policy: "standard" | "linear" | "aggressive";
  readonly allowPartial: boolean;
  /** Chance that a stage fails in the end. */
  readonly trouble: number;
  /** Chance that an attempt asks for another one. */
  readonly again: number;
  /** What it succeeds with. */
  readonly words: readonly string[];
  readonly writes: readonly Write[];
  /** An attempt may take longer than it has, and is tried again. */
  readonly timesOut: boolean;
  /** Where a crash leaves its outcome unknown, a person is asked, and says: again. */
  readonly asks: boolean;
}

/** What a stage leaves in the context. */
export type Write =
  /** A small number, by the address. */
  | { readonly kind: "number"; readonly key: string }
  /** One or two small numbers. */
  | { readonly kind: "list"; readonly key: string }
  /** One more than there was. */
  | { readonly kind: "count"; readonly key: string }
  /** What is seen in the context: shows whose scope it is. */
  | { readonly kind: "see"; readonly key: string; readonly of: readonly string[] };

export interface Program {
  readonly seed: number;
  readonly main: Block;
}

/** Every step of a block and below it. */
export function* stepsOf(block: Block): Generator<Step> {
  for (const step of block) {
    yield step;
    for (const inner of blocksOf(step)) yield* stepsOf(inner);
  }
}

export function blocksOf(step: Step): readonly Block[] {
  switch (step.kind) {
    case "work":
    case "leave":
    case "wait":
      return [];
    case "diamond":
      return [step.repair];
    case "choice":
      return [step.left, step.right];
    case "cycle":
    case "foreach":
    case "loop":
      return [step.body];
    case "gate":
      return [step.approve, step.skip];
    case "parallel":
      return [...new Set(step.branches), ...[step.join, step.repair].flatMap((one) => (one ? [[one]] : []))];
  }
}
