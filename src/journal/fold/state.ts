/**
 * What the journal says of a run: everything that is live, and counts of what has ended. Plain data and Maps; see
 * json.ts for its JSON form. Maps and not objects, because node ids and context keys are whatever an author writes.
 */
import type { JsonValue, RoutingOutcome } from "../../graph/outcome.ts";
import type { ContextValue, EntryData, EntryOutcome } from "../catalogue.ts";
import type {
  BranchOrigin,
  EndedBranchStatus,
  EndedStageStatus,
  ExecutionEnd,
  LiveStageStatus,
  RunStatus,
} from "../status.ts";

export interface FoldState {
  readonly runId: string;
  /** Of the newest entry folded; 0 before the first. With `turn` and `atMs` all that entries after a final status move. */
  readonly seq: number;
  readonly turn: number;
  /**
   * What the newest entry is a part of: seq of the last entry before it, and of an end of an execution that one. What is
   * held goes on in this order.
   */
  readonly input: { readonly seq: number; readonly execution?: string };
  readonly atMs: number;
  readonly status: RunStatus;
  /** Reason of the newest change of status, as given; the code of a failure. */
  readonly statusReason?: string;
  readonly origin?: RunOrigin;
  readonly createdAtMs?: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  /** Times the run was taken up again. */
  readonly resumeEpoch: number;
  readonly result?: { readonly status: string; readonly exit: string };
  readonly failure?: { readonly code: string; readonly message: string; readonly stage?: string };
  readonly restartedAs?: string;
  readonly clock: RunClock;
  readonly control: ControlFold;
  /** Live branches by path. */
  readonly branches: ReadonlyMap<string, BranchFold>;
  /** Live stages by address. */
  readonly stages: ReadonlyMap<string, StageFold>;
  readonly timers: ReadonlyMap<string, TimerFold>;
  /** Open gates. */
  readonly gates: ReadonlyMap<string, GateFold>;
  /** Child runs that have not ended. */
  readonly children: ReadonlyMap<string, ChildFold>;
  /** Live activations of containers and of parallel nodes. */
  readonly containers: ReadonlyMap<string, ContainerFold>;
  readonly parallels: ReadonlyMap<string, ParallelFold>;
  /** By live branch, then node. */
  readonly visits: ReadonlyMap<string, ReadonlyMap<string, VisitFold>>;
  /** Redirects spent, by live branch: goal gates and retry targets together. */
  readonly redirects: ReadonlyMap<string, number>;
  /**
   * Own keys of each live scope, by branch path. Reading falls through to the parent branch's; an undefined value is a
   * key that is gone here, which hides the parent's.
   */
  readonly context: ReadonlyMap<string, ReadonlyMap<string, ContextValue | undefined>>;
  readonly counts: FoldCounts;
}

/** What `run.created` and `run.forked` say. */
export interface RunOrigin {
  readonly pipeline: { readonly name: string; readonly hash: string };
  readonly inputs: Readonly<Record<string, JsonValue>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly parent?: { readonly runId: string; readonly seq: number; readonly stage: string };
  readonly rootRunId?: string;
  readonly restarts?: number;
  readonly maxRestarts?: number;
  /** Pipelines of the child runs that nodes start, by node. */
  readonly children?: Readonly<Record<string, { readonly name: string; readonly hash: string }>>;
  readonly forkedFrom?: { readonly runId: string; readonly seq: number };
}

/** The run's own time. With `sinceMs` it goes: run time = runTimeMs + (now - sinceMs). Without, it stands. */
export interface RunClock {
  readonly runTimeMs: number;
  readonly sinceMs?: number;
}

export interface ControlFold {
  /** Whose reasons to pause hold. Both false unless pausing or paused. */
  readonly sources: { readonly own: boolean; readonly inherited: boolean };
  /** Of the pause in force. */
  readonly mode?: "drain" | "interrupt";
  /** Of a pause or cancel in force, as its entry has it. */
  readonly deadlineMs?: number;
  readonly graceMs?: number;
  readonly force?: boolean;
  /** Executions in flight at the newest pause, and how each ended since. */
  readonly atPause: ReadonlyMap<string, { readonly ended?: ExecutionEnd }>;
  /** Executions whose code outlives its attempt, and the stage. */
  readonly abandoned: ReadonlyMap<string, string>;
  /** Branches and activations being cancelled by themselves. */
  readonly cancellingScopes: readonly string[];
  /** Every change of status, oldest first, and every resume. */
  readonly lineage: readonly Transition[];
  /** The newest accepted command, which explains the changes of its turn and of the settling after it. */
  readonly lastCommand?: AcceptedCommand;
}

export interface Transition {
  readonly seq: number;
  readonly turn: number;
  readonly atMs: number;
  readonly from: RunStatus;
  readonly to: RunStatus;
  readonly verb: string;
  readonly actor?: string;
  readonly reason?: string;
  readonly boundary?: string;
}

export interface AcceptedCommand {
  readonly seq: number;
  readonly turn: number;
  readonly verb: string;
  readonly actor?: string;
  readonly reason?: string;
  readonly boundary?: string;
}

export interface BranchFold {
  readonly path: string;
  readonly origin: BranchOrigin;
  readonly branchRunId: string;
  readonly bornSeq: number;
  /** Where a parallel branch begins. */
  readonly head?: string;
  /** Seq of the input that brought its newest stage's end, before the first of its birth: held ends are taken in this order. */
  readonly since: number;
  /** The stage it is at, or was at last. */
  readonly stage?: string;
  /** What the newest stage came to that did more than route. Conditionals route by it. */
  readonly outcome?: StageOutcome;
  /** The hop that is chosen and not yet made. */
  readonly next?: NextHop;
}

export interface NextHop {
  readonly node: string;
  readonly rule: string;
  readonly seq: number;
  /** Seq of the input that chose it. */
  readonly since: number;
  readonly edge?: number;
}

export interface StageOutcome extends RoutingOutcome {
  readonly stage: string;
  readonly seq: number;
}

export interface StageFold {
  readonly address: string;
  readonly branch: string;
  readonly node: string;
  readonly visit: number;
  readonly status: LiveStageStatus;
  /** As entered; absent for a stage that has executions. */
  readonly kind?: string;
  readonly bornSeq: number;
  readonly startedAtMs: number;
  /** Of the newest execution; 0 before the first. */
  readonly attempt: number;
  readonly start: number;
  /** Declaration index of the edge that led here. */
  readonly edge?: number;
  /** The open execution: in flight. */
  readonly execution?: {
    readonly id: string;
    readonly sinceMs: number;
    readonly timeoutMs?: number;
    /** Why it was asked to stop: the first reason, of those that the journal tells of one execution. */
    readonly abort?: "pause" | "timeout";
  };
  /** Crash interruptions of this attempt in a row. */
  readonly crashes: number;
  readonly interrupted?: { readonly cause: string; readonly policy: "retry" | "ask" | "fail"; readonly seq: number };
  readonly backoff?: { readonly timer: string; readonly dueMs: number; readonly nextAttempt: number };
  /** Its timers that are set. */
  readonly timers?: readonly string[];
  /** The open gate. */
  readonly gate?: string;
  readonly answer?: JsonValue;
  /** What the answer, or the gate's deadline, came to; acted on when the run goes on. */
  readonly settled?: { readonly choice: string; readonly outcome: EntryOutcome };
  /** The child run that it waits for. */
  readonly child?: string;
  /** How its child run has ended; acted on when the run goes on. */
  readonly finished?: { readonly run: ChildFold; readonly end: EntryData<"child.finished"> };
  /** Seq of the input since which it holds, or held last. Absent where it never did. */
  readonly since?: number;
}

export interface TimerFold {
  readonly timer: string;
  readonly actor: string;
  readonly kind: string;
  readonly clock: "run" | "wall";
  readonly dueMs: number;
}

export interface GateFold {
  readonly stage?: string;
  readonly openedSeq: number;
  readonly openedAtMs: number;
  readonly question: EntryData<"gate.opened">;
}

export interface ChildFold {
  readonly child: string;
  readonly stage?: string;
  readonly pipeline: string;
  /** By its own pause or by this run's. */
  readonly paused: boolean;
  /** It has taken the pause of this run: nothing of it is in flight. */
  readonly isHeld?: true;
  readonly startedSeq: number;
  /** Times a supervisor has looked at it, it and those it goes on from. */
  readonly cycle: number;
  /** What a supervisor said last. */
  readonly steered?: string;
  readonly dismissal?: NonNullable<EntryData<"child.observed">["dismissal"]>;
}

/**
 * A container's durable position, of constant size: iterations begin in index order, so what has ended is everything
 * below `next` that is not in flight, and only an end moves the low watermark (see `lowWatermark`).
 */
export interface ContainerFold {
  readonly activation: string;
  readonly kind: "foreach" | "loop";
  readonly maxParallel: number;
  readonly total?: number;
  readonly items?: { readonly hash: string; readonly bytes: number };
  /** Of a foreach; absent: `stop`. */
  readonly onItemFailure?: "stop" | "continue";
  /** Somebody had all its iterations cancelled: why. */
  readonly aborted?: string;
  /** The lowest index that has not begun. */
  readonly next: number;
  /** Ascending. */
  readonly inFlight: readonly number[];
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** How many of the cancelled were so with what is around the container, and count for nothing. */
  readonly cut: number;
  /** The newest end that was not cut. */
  readonly newest?: IterationEnd;
  /** The first of those that was no success. */
  readonly unsuccessful?: IterationEnd;
  /** How many of the newest turn were cancelled and not cut, and what was so before: its command may cut them yet. */
  readonly lately?: {
    readonly turn: number;
    readonly cancelled: number;
    readonly newest?: IterationEnd;
    readonly unsuccessful?: IterationEnd;
  };
  /** A loop's newest evaluation. */
  readonly decided?: { readonly index: number; readonly go: boolean };
  readonly exited?: string;
}

export interface IterationEnd {
  readonly index: number;
  readonly seq: number;
  readonly status: string;
  readonly reason?: string;
  /** The run was running when it came, or has been since: what it decides has been acted on. */
  readonly isActedOn?: true;
}

export interface ParallelFold {
  readonly activation: string;
  readonly join?: string;
  readonly joinRule: string;
  readonly policy: string;
  readonly errorPolicy: string;
  readonly need: number;
  /** Of a quorum. Absent in journals from before it was said. */
  readonly ratio?: number;
  readonly maxParallel: number;
  readonly total: number;
  /** By path, in declaration order: not begun, live, or how and when it ended. */
  readonly branches: ReadonlyMap<string, ParallelBranch>;
  /** How many of them are at each status. */
  readonly tally: Readonly<Record<ParallelBranch["status"], number>>;
  readonly decided?: { readonly seq: number; readonly decision: string; readonly winners: readonly string[] };
  /** Somebody had all its branches cancelled: why. */
  readonly aborted?: string;
}

export interface ParallelBranch {
  readonly index: number;
  readonly head: string;
  readonly status: "queued" | "running" | EndedBranchStatus;
  /** The status carried into its join or end. */
  readonly outcome?: string;
  readonly endedSeq?: number;
  readonly notes?: string;
  readonly reason?: string;
  /** It was cancelled with what is around the parallel node, and counts for nothing. */
  readonly cut?: true;
}

export interface VisitFold {
  readonly visits: number;
  /** What the newest visit came to that ended other than cancelled. */
  readonly last?: { readonly status: string; readonly succeeded: boolean };
}

/** Stages begun = live + ended. Branches count main and iterations too. */
export interface FoldCounts {
  readonly stages: Readonly<Record<"begun" | EndedStageStatus, number>>;
  readonly branches: Readonly<Record<"begun" | EndedBranchStatus, number>>;
  readonly executions: number;
  readonly retries: number;
  readonly interruptions: number;
  readonly discarded: number;
  readonly artifacts: number;
}

/** The state before the first entry. */
export function emptyFold(runId: string): FoldState {
  return {
    runId,
    seq: 0,
    turn: 0,
    input: { seq: 0 },
    atMs: 0,
    status: "queued",
    resumeEpoch: 0,
    clock: { runTimeMs: 0 },
    control: {
      sources: { own: false, inherited: false },
      atPause: new Map(),
      abandoned: new Map(),
      cancellingScopes: [],
      lineage: [],
    },
    branches: new Map(),
    stages: new Map(),
    timers: new Map(),
    gates: new Map(),
    children: new Map(),
    containers: new Map(),
    parallels: new Map(),
    visits: new Map(),
    redirects: new Map(),
    context: new Map(),
    counts: {
      stages: { begun: 0, succeeded: 0, partial: 0, failed: 0, skipped: 0, cancelled: 0 },
      branches: { begun: 0, succeeded: 0, failed: 0, cancelled: 0, superseded: 0 },
      executions: 0,
      retries: 0,
      interruptions: 0,
      discarded: 0,
      artifacts: 0,
    },
  };
}
