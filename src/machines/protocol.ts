/** How the charts talk: events they take, effects they emit. All plain JSON. Source: 02 §2. */
import type { Backoff, JoinSettings, JsonValue, OnInterrupt, RoutingOutcome } from "../graph/index.ts";
import type { ContextValue, EntryOutcome } from "../journal/catalogue.ts";
import type { NewEntry } from "../journal/entry.ts";

export type ControlState = "running" | "pausing" | "paused" | "cancelling" | "cancelled";

/** How a stage does its work: by executions of a handler, at once, or by waiting for something else. */
export type StageKind = "execution" | "instant" | "wait" | "gate" | "parallel" | "foreach" | "loop" | "child";

/** Why an execution is asked to stop; the first reason given decides. */
export type AbortReason = "pause" | "cancel" | "timeout" | "shutdown";

/** The limits a stage chart keeps; what is left out has its default. */
export interface StageLimits {
  readonly attempts: number;
  readonly backoff?: Backoff;
  readonly retryOnFail?: boolean;
  readonly retryIsWord?: boolean;
  readonly allowPartial?: boolean;
  readonly onInterrupt: OnInterrupt;
}

/** How an execution ended, without its context updates (those stay in the driver until the commit). */
export interface ExecutionEnd {
  readonly outcome: RoutingOutcome;
  /** It threw: retried unless terminal. */
  readonly thrown?: { readonly terminal: boolean; readonly transient: boolean; readonly retryAfterMs?: number };
  /** A machine that stored its snapshot and stopped: the next execution of the attempt goes on from it. */
  readonly suspended?: true;
  /** It outlived its grace and goes on; nothing of it counts any more. */
  readonly abandoned?: boolean;
}

/** When an event happens. Stamped by the driver. */
export interface Moment {
  /** Wall clock, epoch ms. */
  readonly atMs: number;
  /** Run clock, ms. */
  readonly runMs: number;
  /** Seq of the newest entry before this turn: what holds is taken in this order when the run goes on. */
  readonly baseSeq: number;
}

/** What the coordinator of an activation is given when its facts are gathered. */
export interface RegionPlan {
  /** Branches or items; null for a loop. */
  readonly total: number | null;
  readonly maxParallel: number;
  readonly join?: JoinSettings;
  readonly onItemFailure?: "stop" | "continue";
  /** The list a foreach goes through, as it was at entry. */
  readonly items?: { readonly hash: string; readonly bytes: number };
}

/** How a branch or iteration came to its end, as its coordinator is told. */
export interface BranchEnd {
  readonly branch: string;
  readonly index: number;
  /** The status carried into the join or end. */
  readonly status: string;
  readonly cancelled: boolean;
  readonly outcome: RoutingOutcome | null;
  readonly failure?: Failure;
  /** Of a foreach that collects: as the entry carries it. */
  readonly value?: ContextValue;
}

/** How a child run came to its end, as its parent is told. */
export interface ChildEnd {
  readonly status: "completed" | "failed" | "cancelled";
  /** The status word that it completed with. */
  readonly outcome?: string;
  readonly reason?: string;
  /** What the parent's node asked to have of its context. */
  readonly context?: Readonly<Record<string, ContextValue>>;
}

/** A supervisor has its child cancelled, and this is what its stage comes to. */
export interface Dismissal {
  readonly status: "success" | "fail";
  readonly reason: string;
  readonly code?: string;
}

export type StageEvent = Moment &
  (
    | { readonly type: "PAUSE"; readonly mode: "drain" | "interrupt" }
    | { readonly type: "CONTINUE" }
    | { readonly type: "CANCEL" }
    | { readonly type: "PROCEED" }
    | {
        readonly type: "EXECUTION_ENDED";
        readonly execution: string;
        readonly end: ExecutionEnd /** As entries carry it: with updates, large values as references. */;
        readonly outcome: EntryOutcome;
      }
    | {
        readonly type: "EXECUTION_LOST";
        readonly execution: string;
        readonly cause: "crash" | "foreign_host";
        readonly detail?: string;
      }
    | { readonly type: "TIME_OUT"; readonly execution: string }
    | { readonly type: "INTERRUPT"; readonly reason: "pause" | "shutdown" }
    | { readonly type: "TIMER_FIRED"; readonly timer: string }
    | {
        readonly type: "ANSWER";
        readonly gate: string;
        readonly choice: string;
        readonly by: string;
        readonly answer: JsonValue;
        readonly outcome: EntryOutcome;
        readonly timedOut?: boolean;
      }
    | { readonly type: "OPENED"; readonly plan: RegionPlan }
    /** There is room for one branch more; of a loop: or what its conditions and its limit say of going on. */
    | { readonly type: "NEXT"; readonly stop?: RegionDecision }
    | ({ readonly type: "BRANCH_ENDED" } & BranchEnd)
    /** The branches of this activation are to be cancelled, and it fails. */
    | { readonly type: "ABORT"; readonly reason: string }
    | {
        readonly type: "SETTLED";
        readonly outcome: EntryOutcome;
        readonly code?: string;
        readonly removed?: readonly string[];
        readonly provenance?: Readonly<Record<string, { branches: string[]; rule: string }>>;
      }
    | { readonly type: "CHILD_STARTED"; readonly run: string }
    /** `inherited`: it has taken the pause of this run, and nothing of it is in flight. */
    | { readonly type: "CHILD_PAUSED"; readonly run: string; readonly inherited: boolean }
    | { readonly type: "CHILD_CONTINUED"; readonly run: string }
    /** It was started over as `next`. */
    | { readonly type: "CHILD_MOVED"; readonly run: string; readonly next: string; readonly pipeline: string }
    | ({ readonly type: "CHILD_ENDED"; readonly run: string } & ChildEnd)
    /** What a supervisor made of a look at it; `steered` is what it said to it, if anything. */
    | { readonly type: "CHILD_OBSERVED"; readonly steered?: string; readonly dismissal?: Dismissal }
  );

/** What a coordinator has decided: it never changes. */
export interface RegionDecision {
  readonly decision: "success" | "partial_success" | "fail";
  /** The word the stage ends with. */
  readonly status: string;
  readonly code?: string;
  readonly reason?: string;
}

/** Where a branch goes next; decided by pure functions from facts the driver gathers (graph, context, counters). */
export type Hop =
  | {
      readonly kind: "enter";
      readonly node: string;
      readonly visit: number;
      readonly entry?: NewEntry<"edge.selected"> | NewEntry<"goal_gate.redirected">;
      /** Where no entry says it, as at the head of a branch: declaration index of the edge that leads here. */
      readonly edge?: number;
    }
  /** At an exit, at its join, or at a node without outgoing edges. */
  | { readonly kind: "end"; readonly node: string; readonly exit: boolean; readonly entry?: NewEntry<"edge.selected"> }
  | {
      readonly kind: "fail";
      readonly code: string;
      readonly message: string;
      readonly entry?: NewEntry<"edge.selected">;
    }
  | { readonly kind: "restart"; readonly node: string; readonly entry?: NewEntry<"edge.selected"> };

export type BranchEvent = Moment &
  (
    | { readonly type: "PAUSE"; readonly mode: "drain" | "interrupt" }
    | { readonly type: "CONTINUE" }
    | { readonly type: "CANCEL" }
    /** The visited stage has nothing in flight and holds. */
    | { readonly type: "STAGE_HELD" }
    /** The first hop. */
    | { readonly type: "HEAD"; readonly hop: Hop }
    | {
        readonly type: "STAGE_ENDED";
        readonly stage: string;
        readonly node: string;
        readonly cancelled: boolean;
        /** False for conditionals, starts and exits: their branch keeps the outcome it had. */
        readonly counts: boolean;
        /** What conditionals behind carry on; for a conditional itself, what it carried. */
        readonly outcome: RoutingOutcome;
        readonly hop: Hop;
      }
    /** Answer to `effect.check`. */
    | { readonly type: "CHECKED"; readonly hop: Hop }
  );

export interface CommandStamp extends Moment {
  readonly commandId: string;
  readonly actor: string;
  readonly reason?: string;
}

export type RunEvent =
  | (CommandStamp & {
      readonly type: "PAUSE";
      readonly mode: "drain" | "interrupt";
      readonly source: "own" | "inherited";
      readonly deadlineMs?: number;
      readonly draining: readonly string[];
    })
  | (CommandStamp & {
      readonly type: "CONTINUE";
      readonly source: "own" | "inherited";
      readonly slot: boolean;
      readonly message?: string;
      readonly context?: Readonly<Record<string, unknown>>;
    })
  | (CommandStamp & { readonly type: "CANCEL"; readonly graceMs: number; readonly force: boolean })
  | (Moment & { readonly type: "SLOT" })
  | (Moment & { readonly type: "PROCEED" })
  /** No execution is in flight and every actor has followed. */
  | (Moment & { readonly type: "QUIET"; readonly abandoned: readonly string[] })
  | (Moment & { readonly type: "ESCALATE"; readonly draining: readonly string[] })
  | (Moment & {
      readonly type: "BRANCH_ENDED";
      readonly branch: string;
      readonly status: string;
      readonly exit?: string;
      readonly failure?: Failure;
      readonly cancelled: boolean;
      readonly restart?: string;
    });

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly stage?: string;
}

/** What a chart asks for. The driver commits entries and changes first and acts after. */
export type Effect =
  | { readonly type: "effect.none" }
  | { readonly type: "effect.journal"; readonly entry: NewEntry }
  /** To another actor of this run. STAGE_ENDED is completed with its hop on the way. */
  | {
      readonly type: "effect.message";
      readonly to: string;
      readonly event: { readonly type: string } & Record<string, unknown>;
    }
  | {
      readonly type: "effect.stage.spawn";
      readonly stage: string;
      readonly node: string;
      readonly visit: number;
      readonly branch: string;
      readonly carried: RoutingOutcome | null;
      /** Declaration index of the edge that led here. */
      readonly edge?: number;
    }
  /** The main branch has no index. */
  | { readonly type: "effect.branch.spawn"; readonly branch: string; readonly index?: number }
  /** An activation begins: its facts are wanted (OPENED, or SETTLED where it cannot begin). */
  | { readonly type: "effect.region.open"; readonly stage: string; readonly node: string }
  /** A branch has ended; one that counts is kept for the results. */
  | { readonly type: "effect.region.keep"; readonly stage: string; readonly end: BranchEnd; readonly counts: boolean }
  /** All branches have ended: the outcome of the activation is wanted (SETTLED). */
  | {
      readonly type: "effect.region.settle";
      readonly stage: string;
      readonly node: string;
      readonly decision: RegionDecision;
    }
  /** A child run is wanted (CHILD_STARTED, or SETTLED where there can be none). */
  | { readonly type: "effect.child.start"; readonly stage: string; readonly node: string }
  /** In this run's name. */
  | {
      readonly type: "effect.child.control";
      readonly stage: string;
      readonly run: string;
      readonly verb: "pause" | "continue" | "cancel";
    }
  /** A supervisor's look at its child (CHILD_OBSERVED). */
  | {
      readonly type: "effect.child.observe";
      readonly stage: string;
      readonly node: string;
      readonly run: string;
      readonly cycle: number;
      /** What was said to it last. */
      readonly steered: string | null;
    }
  | { readonly type: "effect.check"; readonly branch: string; readonly node: string; readonly exit: boolean }
  | {
      readonly type: "effect.execution.start";
      readonly stage: string;
      readonly execution: string;
      readonly attempt: number;
    }
  | {
      readonly type: "effect.execution.abort";
      readonly execution: string;
      readonly reason: AbortReason;
      readonly force?: boolean;
    }
  | {
      readonly type: "effect.timer.set";
      readonly timer: string;
      readonly actor: string;
      readonly kind: string;
      readonly clock: "run" | "wall";
      readonly dueMs: number;
    }
  | { readonly type: "effect.timer.clear"; readonly timer: string }
  | {
      readonly type: "effect.gate.open";
      readonly gate: string;
      readonly stage: string;
      readonly purpose: "gate" | "interrupted";
    }
  | {
      readonly type: "effect.gate.close";
      readonly gate: string;
      readonly status: "answered" | "timed_out" | "withdrawn";
      readonly answer?: unknown;
    }
  | { readonly type: "effect.ended"; readonly actor: string }
  | {
      readonly type: "effect.run";
      readonly patch: {
        readonly status: string;
        readonly statusReason?: string | null;
        readonly startedAtMs?: number;
        readonly finishedAtMs?: number;
      };
    }
  | { readonly type: "effect.restart"; readonly node: string }
  | {
      readonly type: "effect.reply";
      readonly commandId: string;
      readonly accepted: boolean;
      readonly changed: boolean;
      readonly code?: string;
      readonly hint?: string;
    };
