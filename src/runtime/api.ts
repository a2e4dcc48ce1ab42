/** The library's contract: a runtime and its runs. Source: 05 §3. */
import type { Observable } from "rxjs";
import type { Clock, Random } from "../actors/clock.ts";
import type { Handler, HandlerLog } from "../actors/handler.ts";
import type { Interviewer } from "../actors/interviewers/interviewer.ts";
import type { ErrorCode } from "../errors.ts";
import type { Graph, JsonValue } from "../graph/index.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { RunView } from "../journal/run-view.ts";
import type { ArtifactRow, GateRow, RunRow, RunStatus, Store } from "../persistence/store.ts";
import type { Inspection, InspectionObserver, InspectOptions } from "./inspection/inspection.ts";
import type { Checkpoint } from "./queries/checkpoint.ts";
import type { Lineage } from "./queries/lineage.ts";
import type { BranchesPage, BranchesQuery } from "./queries/regions/branches.ts";
import type { JoinsPage, JoinsQuery } from "./queries/regions/joins.ts";
import type { Provenance, ProvenanceQuery } from "./queries/regions/provenance.ts";

export interface RuntimeOptions {
  /** Default: memory. */
  readonly store?: Store;
  /** By node type. Those that ship can be replaced. */
  readonly handlers?: Readonly<Record<string, Handler>>;
  /** What runs `codergen` nodes; default: the deterministic `simulate` backend. */
  readonly codergen?: import("../actors/handlers/backend.ts").CodergenBackend;
  /** Runs driven at once; more are queued. */
  readonly maxConcurrentRuns?: number;
  /** Takes every unowned live run whose handler types are all registered, now and while it lives. Default false. */
  readonly recover?: boolean;
  /** Directory that relative paths and tool commands start from. Default: the process's. */
  readonly cwd?: string;
  readonly log?: HandlerLog;
  readonly clock?: Clock;
  readonly random?: Random;
  /**
   * Who is asked when a gate of a run that is driven here opens, and when a run with open gates is taken. Default: nobody;
   * gates wait for an answer from anywhere.
   */
  readonly interviewer?: Interviewer;
  /**
   * Is shown every step of every actor driven here, from the first on, as `inspect` of XState's `createActor` is. See
   * {@link Runtime.inspect}.
   */
  readonly inspect?: InspectionObserver;
  /** Who gives the commands, for the audit entries. Default: `<user>@<host>`. */
  readonly actor?: string;
  /** Ms between the abort signal and KILL. Default 5,000. */
  readonly abortGraceMs?: number;
  /** Length of a lease; renewed at a third of it. Default 15,000. */
  readonly leaseMs?: number;
}

export interface StartOptions {
  /** Default: a new sortable id. `run_exists` when taken. */
  readonly runId?: string;
  readonly inputs?: Readonly<Record<string, JsonValue>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Directory of the pipeline's file, for `@file`. Default: the runtime's cwd. */
  readonly baseDir?: string;
}

export interface CommandOptions {
  readonly reason?: string;
  readonly commandId?: string;
  readonly actor?: string;
  /** How long to wait for the owner to take the command, ms. Default 10,000. */
  readonly timeoutMs?: number;
}

export interface PauseOptions extends CommandOptions {
  readonly mode?: "drain" | "interrupt";
  /** A drain that has not ended by then becomes an interrupt. Ms. */
  readonly deadlineMs?: number;
}

export interface ContinueOptions extends CommandOptions {
  readonly message?: string;
  readonly context?: Readonly<Record<string, JsonValue>>;
}

export interface CancelOptions extends CommandOptions {
  /**
   * Only this branch, or all branches of an activation (the address of their stage): it counts as failed for its join.
   * Refused: `use_run_cancel`, `branch_finished`, `branch_not_found`, `join_decided`.
   */
  readonly branch?: string;
  readonly graceMs?: number;
  readonly force?: boolean;
}

/** A command for many runs; what does not belong to the verb means nothing. */
export type ControlManyOptions = PauseOptions &
  ContinueOptions &
  CancelOptions & {
    /** Only say which runs are meant. */
    readonly dryRun?: boolean;
  };

export interface ForkOptions {
  /**
   * Where the fork begins: a seq, rounded down to a complete turn, or the address of a stage, which it does anew.
   * Default: the newest turn; for a cancelled run the one before the cancel; for a failed one before the last attempt of
   * the stage that failed. A completed run has no default.
   */
  readonly at?: number | string;
  /** Default: a new sortable id. `run_exists` when taken. */
  readonly runId?: string;
  /** Context values that stand above what the run had. */
  readonly context?: Readonly<Record<string, JsonValue>>;
  /** Default: those of the run. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether it is driven here at once; else it waits, queued, for somebody to resume it. Default true. */
  readonly drive?: boolean;
}

/** What a command came to; the same from library, CLI and HTTP. `accepted: null`: not taken yet, stays in force. */
export interface ControlResult {
  readonly runId: string;
  readonly commandId: string;
  readonly verb: string;
  readonly accepted: boolean | null;
  readonly pending?: boolean;
  readonly changed: boolean;
  readonly before?: RunStatus;
  readonly after?: RunStatus;
  readonly code?: ErrorCode;
  readonly hint?: string;
  readonly needs?: "resume";
  readonly draining: readonly string[];
  readonly held: readonly string[];
}

export interface ListQuery {
  readonly status?: readonly RunStatus[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly limit?: number;
  readonly cursor?: string;
}

export interface EntryQuery {
  /** Exclusive. */
  readonly after?: number;
  readonly until?: number;
  readonly limit?: number;
  readonly branch?: string;
  /** A branch, an activation or a stage with everything below it. */
  readonly within?: string;
  readonly stage?: string;
  readonly types?: readonly string[];
}

export interface Question extends GateRow {
  readonly runId: string;
}

export interface VerifyReport {
  readonly runId: string;
  readonly ok: boolean;
  /** One sentence a problem. */
  readonly problems: readonly string[];
  readonly entries: number;
}

/** Which runs; what is given must all fit. */
export interface RunSelector {
  /** Every live run. */
  readonly all?: true;
  readonly labels?: Readonly<Record<string, string>>;
  readonly status?: readonly RunStatus[];
}

export interface Run {
  readonly id: string;
  /**
   * Journal entries after commit, from seq 1 or after a seq, whoever writes them. A run that starts over (`loop_restart`) goes
   * on as the next one, from that one's first entry; completes when the last of them has ended.
   */
  readonly events$: Observable<JournalEntry>;
  events(query?: { readonly after?: number }): Observable<JournalEntry>;
  view(options?: { readonly at?: number }): Promise<RunView>;
  context(options?: { readonly branch?: string; readonly at?: number }): Promise<Record<string, JsonValue>>;
  /** Resolves with the view when the run has completed, failed or been cancelled, whoever drives it. */
  finished(): Promise<RunView>;
  /** Resolves when the status is truthfully reached; rejects `run_finished` when it can no longer be, `pause_withdrawn`. */
  settled(status: RunStatus): Promise<RunView>;
  pause(options?: PauseOptions): Promise<ControlResult>;
  continue(options?: ContinueOptions): Promise<ControlResult>;
  cancel(options?: CancelOptions): Promise<ControlResult>;
  answer(gate: string, answer: JsonValue, options?: CommandOptions): Promise<ControlResult>;
  /** A message for the stages that start later: the key `steer.message`. */
  steer(message: string, options?: CommandOptions): Promise<ControlResult>;
  questions(): Promise<readonly Question[]>;
}

export interface Runtime extends AsyncDisposable {
  readonly store: Store;
  /** Starts a run of a graph, a built pipeline, or DOT text. Resolves once the run is stored. */
  start(pipeline: Graph | string, options?: StartOptions): Promise<Run>;
  /** A handle on a run, whoever drives it. Rejects `run_not_found`. */
  get(runId: string): Promise<Run>;
  /**
   * Takes an unowned live run and drives it on. Rejects `run_owned`, `run_finished`, `run_cancelled_new_run_required`, and
   * `run_restarted`, whose details name the run that goes on as `newRunId`.
   */
  resume(runId: string, options?: { readonly pipeline?: Graph }): Promise<Run>;
  /**
   * A new run that goes on from a point of another one's history; that run, live or ended, is left as it is. Control state
   * is not copied: a fork of a paused run goes on. Rejects `run_not_found`, `run_exists`, `usage`, `run_finished`.
   */
  fork(runId: string, options?: ForkOptions): Promise<Run>;
  /** Gives every live run that the selector means the same command. Rejects `usage` when it means nothing. */
  control(
    selector: RunSelector,
    verb: "pause" | "continue" | "cancel",
    options?: ControlManyOptions,
  ): Promise<readonly ControlResult[]>;
  list(query?: ListQuery): Promise<{ readonly runs: readonly RunRow[]; readonly cursor?: string }>;
  register(type: string, handler: Handler): void;
  /**
   * Entries of all runs after commit, in gseq order, from the first or after a gseq; `live`: from the next that is written.
   * Completes when the runtime stops.
   */
  readonly events$: Observable<JournalEntry>;
  events(query?: { readonly after?: number; readonly live?: boolean }): Observable<JournalEntry>;
  /** Open questions of all runs. */
  questions(): Promise<readonly Question[]>;
  entries(runId: string, query?: EntryQuery): Promise<readonly JournalEntry[]>;
  view(runId: string, options?: { readonly at?: number }): Promise<RunView>;
  /** The folded state at a seq, rounded down to a complete turn. */
  stateAt(runId: string, seq: number): Promise<import("../journal/fold.ts").FoldState>;
  /** The pinned pipeline of a run. */
  pipeline(runId: string): Promise<Graph>;
  /** A page of a run's branches, ended ones too, in the order they began. */
  branches(runId: string, query?: BranchesQuery): Promise<BranchesPage>;
  /** A page of a run's joins: policy, counts, and what was decided. */
  joins(runId: string, query?: JoinsQuery): Promise<JoinsPage>;
  /** Who wrote a context key, followed over merges and loops. Rejects `key_not_found`. */
  provenance(runId: string, key: string, query?: ProvenanceQuery): Promise<Provenance>;
  artifacts(runId: string): Promise<readonly ArtifactRow[]>;
  artifact(runId: string, id: string): Promise<{ readonly row: ArtifactRow; readonly bytes: Uint8Array }>;
  /** Everything the run would go on from, as one document. Rejects `store_busy` when it moves on faster than it is read. */
  checkpoint(runId: string): Promise<Checkpoint>;
  /** Where the run comes from, what came of it, and how its control moved. */
  lineage(runId: string): Promise<Lineage>;
  verify(runId: string): Promise<VerifyReport>;
  /** An XState actor reference: send, subscribe, getSnapshot, getPersistedSnapshot. Observers see committed state only. */
  actorRef(runId: string): import("./actor-ref.ts").RunActorRef;
  /**
   * Steps of the actors of runs that are driven here: what each was told, and where that brought it. First how those that
   * are live are found, then every step after its commit. Not durable, as `events` are: a subscriber that is too slow is
   * told how many it has lost. Subscribers may throw: that is logged. Completes when the runtime stops.
   */
  inspect(options?: InspectOptions): Observable<Inspection>;
  /** Starts nothing more, waits the grace, interrupts, ends processes, gives leases back. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}
