/**
 * The port that every store keeps: what a run leaves on disk and how it gets there.
 *
 * Two rules carry everything. A turn is written whole or not at all ({@link Store.commit}); and who writes shows the
 * fencing token of its lease, which the store checks in the same transaction. Source: 02 §3-4, 03 §9.
 */
import type { JsonValue } from "../graph/outcome.ts";
import type { JournalEntry, NewEntry } from "../journal/entry.ts";
import type { OutboxRow } from "./outbox.ts";

export type RunStatus =
  | "queued"
  | "running"
  | "pausing"
  | "paused"
  | "cancelling"
  | "cancelled"
  | "completed"
  | "failed";

/** Who drives a run. `processStart` tells a process from a later one with the same pid. */
export interface Owner {
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  readonly processStart: string;
}

export interface RunRow {
  readonly runId: string;
  readonly status: RunStatus;
  readonly statusReason?: string;
  readonly pipelineName: string;
  /** sha-256 of the pipeline's text; key of the `pipelines` topic. */
  readonly pipelineHash: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, JsonValue>>;
  readonly parentRun?: string;
  readonly parentSeq?: number;
  readonly rootRun?: string;
  /** Times it was taken up again; 0 for a run that never was. */
  readonly resumeEpoch: number;
  /** Of the newest entry. */
  readonly seq: number;
  /** Fencing token of the newest lease; grows with each claim. */
  readonly token: number;
  readonly owner?: Owner;
  readonly leaseUntilMs?: number;
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
}

/** What a turn changes on the run's row; `null` clears. */
export interface RunPatch {
  readonly status?: RunStatus;
  readonly statusReason?: string | null;
  readonly resumeEpoch?: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
}

export type RunCreation = Pick<
  RunRow,
  "runId" | "status" | "pipelineName" | "pipelineHash" | "labels" | "inputs" | "createdAtMs"
> & {
  readonly parentRun?: string;
  readonly parentSeq?: number;
  readonly rootRun?: string;
  /** With an owner the run is created under a lease with token 1; without, unowned with token 0. */
  readonly owner?: Owner;
  readonly leaseUntilMs?: number;
};

/** A new version of an actor's snapshot, or its tombstone; of several in one turn the last counts. `machine` is `<id>@<version>/xstate@<version>`. */
export type ActorWrite =
  | { readonly actor: string; readonly machine: string; readonly snapshot: string }
  | { readonly actor: string; readonly ended: true };

/** A stored value: JSON, or a reference to a blob that holds the JSON text. */
export type StoredValue = { readonly json: string } | { readonly blob: string; readonly bytes: number };

/**
 * A new version of a key in a scope; no value means the key is gone. Scopes starting with `@` are the engine's counters.
 * A scope that was not begun by a {@link ScopeWrite} begins with its first key, without a parent.
 */
export interface ContextWrite {
  readonly scope: string;
  readonly key: string;
  readonly value?: StoredValue;
}

export type ScopeWrite =
  | {
      readonly scope: string;
      readonly parent?: string;
      /** What the fork sees of its parent. */
      readonly parentSeq?: number;
    }
  | { readonly scope: string; readonly ended: true };

export type TimerClock = "run" | "wall";

export interface TimerRow {
  readonly timer: string;
  /** Address of the actor that gets TIMER_FIRED. */
  readonly actor: string;
  readonly kind: string;
  readonly clock: TimerClock;
  /** On the run clock: ms of run time since creation. On the wall clock: epoch ms. */
  readonly dueMs: number;
}

export type TimerWrite = TimerRow | { readonly timer: string; readonly cleared: true };

export interface GateRow {
  readonly gate: string;
  readonly stage: string;
  readonly status: "open" | "answered" | "timed_out" | "withdrawn";
  /** The question as the `gate.opened` entry has it. */
  readonly question: JsonValue;
  readonly answer?: JsonValue;
  readonly openedSeq: number;
}

export type GateWrite = Pick<GateRow, "gate" | "stage" | "status"> & {
  readonly question?: JsonValue;
  readonly answer?: JsonValue;
};

export interface ArtifactRow {
  readonly artifact: string;
  readonly stage: string;
  readonly execution?: string;
  readonly name: string;
  readonly mediaType: string;
  readonly hash: string;
  readonly bytes: number;
  /** False where the execution was cut before it was whole. */
  readonly complete: boolean;
}

/** A command in the inbox. (run, commandId) is unique for the run's life. */
export interface CommandRow {
  readonly runId: string;
  readonly commandId: string;
  readonly verb: string;
  readonly body: JsonValue;
  readonly actor: string;
  readonly reason?: string;
  readonly atMs: number;
  /** Set by the turn that consumed it; repeated to whoever repeats the command. */
  readonly result?: JsonValue;
}

/** Everything one turn stores. Absent lists are empty. All rows carry the seq of the turn's last entry. */
export interface TurnWrite {
  readonly runId: string;
  /** The writer's fencing token. */
  readonly token: number;
  /** Seq of the newest entry before this turn; together with the token it is the fence. */
  readonly baseSeq: number;
  readonly atMs: number;
  readonly create?: RunCreation;
  /** At least one. Numbered baseSeq + 1, + 2, … */
  readonly entries: readonly NewEntry[];
  readonly run?: RunPatch;
  readonly actors?: readonly ActorWrite[];
  readonly context?: readonly ContextWrite[];
  readonly scopes?: readonly ScopeWrite[];
  readonly timers?: readonly TimerWrite[];
  readonly gates?: readonly GateWrite[];
  readonly artifacts?: readonly ArtifactRow[];
  readonly commands?: readonly { readonly commandId: string; readonly result: JsonValue; readonly row?: CommandRow }[];
  readonly outbox?: readonly { readonly id: string; readonly kind: string; readonly body: JsonValue }[];
  /** First turns of runs that this one begins; written with it or not at all. */
  readonly creates?: readonly TurnWrite[];
  /** Snapshots of users' machines that must stand or fall with the turn; null removes. */
  readonly handlerSnapshots?: readonly { readonly stage: string; readonly snapshot: string | null }[];
  /** Content that the turn names, by its sha-256. */
  readonly blobs?: readonly { readonly hash: string; readonly bytes: Uint8Array }[];
  /** Rows for the inboxes of other runs. Passed over: an id that is there already, a run that is not there or has ended. */
  readonly mail?: readonly CommandRow[];
}

/**
 * Of one turn: the gseq of its first entry (the rest follow), or why it alone was not written. `not_json` and `internal`
 * are the turn's own fault (it breaks a rule of this file); the others say that its fence is stale.
 */
export type TurnResult =
  | { readonly ok: true; readonly firstGseq: number }
  | {
      readonly ok: false;
      readonly code: "lease_lost" | "run_exists" | "run_not_found" | "not_json" | "internal";
      readonly message: string;
    };

export interface ClaimRequest {
  readonly runId: string;
  readonly owner: Owner;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** The caller has made sure that the holder of this token is gone: its lease may be taken before it ends. */
  readonly deadToken?: number;
}

export type Claim =
  | { readonly ok: true; readonly token: number; readonly run: RunRow }
  | { readonly ok: false; readonly code: "run_not_found" | "run_owned"; readonly run?: RunRow };

export interface LeaseRef {
  readonly runId: string;
  readonly token: number;
}

export interface ActorRow {
  readonly actor: string;
  readonly machine: string;
  readonly seq: number;
  readonly snapshot: string;
}

export interface ContextRow {
  readonly scope: string;
  readonly key: string;
  readonly seq: number;
  /** Absent where a key is gone, in a scope with a parent only: the parent's value is hidden then. */
  readonly value?: StoredValue;
}

export interface ScopeRow {
  readonly scope: string;
  readonly parent?: string;
  readonly parentSeq?: number;
}

export interface ProcessRow extends LeaseRef {
  readonly execution: string;
  readonly host: string;
  readonly bootId: string;
  /** Also the process group's id. */
  readonly pid: number;
  readonly processStart: string;
}

/** A run as it stands: its row and all that is live of it. O(live), not O(history). */
export interface RunImage {
  readonly run: RunRow;
  readonly actors: readonly ActorRow[];
  /** Newest versions in scopes that have not ended. */
  readonly context: readonly ContextRow[];
  readonly scopes: readonly ScopeRow[];
  readonly timers: readonly TimerRow[];
  /** Open gates. */
  readonly gates: readonly GateRow[];
  /** Inbox rows without a result, oldest first. */
  readonly commands: readonly CommandRow[];
  /** Process groups recorded and not yet recorded as ended. */
  readonly processes: readonly ProcessRow[];
  /** Snapshots of users' machines, by stage address. */
  readonly handlerSnapshots: readonly { readonly stage: string; readonly snapshot: string }[];
}

/** Rows written outside turns, while an execution goes on. Fenced like a turn: an old token throws `lease_lost`. */
export type SideWrite = LeaseRef &
  (
    | ({ readonly kind: "process_started" } & Omit<ProcessRow, keyof LeaseRef>)
    | { readonly kind: "process_ended"; readonly execution: string; readonly pid: number }
    | {
        readonly kind: "output";
        readonly execution: string;
        readonly stream: "stdout" | "stderr";
        /** From 0 per execution and stream. */
        readonly index: number;
        readonly bytes: Uint8Array;
      }
    | { readonly kind: "handler_snapshot"; readonly stage: string; readonly snapshot: string | null }
  );

/** What can be read, by topic: the query and the rows. Rows come in ascending key order unless said. */
export interface Topics {
  /** Newest first; the cursor is opaque. */
  runs: {
    query: {
      readonly status?: readonly RunStatus[];
      readonly labels?: Readonly<Record<string, string>>;
      /** Only live runs whose lease is free or over at this instant. */
      readonly unownedAtMs?: number;
      readonly parentRun?: string;
      readonly limit?: number;
      readonly cursor?: string;
    };
    row: RunRow & { readonly cursor: string };
  };
  run: { query: { readonly runId: string }; row: RunRow };
  /** By seq of one run, or by gseq of all. */
  journal: {
    query: {
      readonly runId?: string;
      /** Exclusive: a seq with runId, a gseq without. */
      readonly after?: number;
      /** Inclusive; with runId only. */
      readonly until?: number;
      readonly limit?: number;
      readonly branch?: string;
      /** A branch, an activation or a stage with everything below it. */
      readonly within?: string;
      readonly stage?: string;
      readonly types?: readonly string[];
      readonly descending?: boolean;
    };
    row: JournalEntry;
  };
  /** Newest versions at or before `atSeq` (absent: now), own scope only: the caller walks parents. */
  context: {
    query: { readonly runId: string; readonly scope: string; readonly key?: string; readonly atSeq?: number };
    row: ContextRow;
  };
  scopes: {
    query: { readonly runId: string };
    row: ScopeRow & { readonly bornSeq: number; readonly endedSeq?: number };
  };
  /** Live actors' newest snapshots at or before `atSeq` (absent: now). */
  checkpoints: { query: { readonly runId: string; readonly atSeq?: number; readonly actor?: string }; row: ActorRow };
  timers: { query: { readonly runId: string }; row: TimerRow };
  gates: {
    query: { readonly runId?: string; readonly open?: boolean; readonly gate?: string };
    row: GateRow & { readonly runId: string };
  };
  commands: {
    query: { readonly runId?: string; readonly commandId?: string; readonly pending?: boolean };
    row: CommandRow;
  };
  artifacts: {
    query: { readonly runId: string; readonly artifact?: string; readonly stage?: string };
    row: ArtifactRow;
  };
  output: {
    query: { readonly runId: string; readonly execution: string; readonly stream?: "stdout" | "stderr" };
    row: {
      readonly execution: string;
      readonly stream: "stdout" | "stderr";
      readonly index: number;
      readonly bytes: Uint8Array;
    };
  };
  processes: { query: { readonly runId: string }; row: ProcessRow };
  /** Of all runs; those of one in the order of their turns. */
  outbox: { query: { readonly kind?: string; readonly limit?: number }; row: OutboxRow };
  pipelines: {
    query: { readonly hash: string };
    row: { readonly hash: string; readonly name: string; readonly source: string };
  };
}

export type Topic = keyof Topics;

/**
 * A store. All methods reject with a SafepointError (`store_busy`, `store_full`, `store_read_only`, `store_corrupt`,
 * `store_unavailable`) when the medium fails; nothing is half done then.
 */
export interface Store {
  readonly kind: "memory" | "sqlite" | "postgres";
  /** Says where, for people: a path, a URL without secrets, or "memory". */
  readonly location: string;
  /**
   * Writes turns in one transaction, in order. A turn whose fence is stale fails alone. Rejects, with nothing written,
   * when the transaction as a whole fails.
   */
  commit(turns: readonly TurnWrite[]): Promise<readonly TurnResult[]>;
  /** Takes the lease of a run that is unowned, overdue, our own, or provably dead; the token grows by one. */
  claim(request: ClaimRequest): Promise<Claim>;
  /** Prolongs leases; answers with the ids of those that are no longer ours. */
  renew(leases: readonly LeaseRef[], untilMs: number): Promise<readonly string[]>;
  /** Gives leases back: their tokens write nothing more. Those that are no longer ours are passed over. */
  release(leases: readonly LeaseRef[]): Promise<void>;
  load(runId: string): Promise<RunImage | undefined>;
  read<T extends Topic>(topic: T, query: Topics[T]["query"]): Promise<readonly Topics[T]["row"][]>;
  /**
   * Puts a command into a run's inbox. The same id again answers with the stored row (its result, if it was consumed);
   * `command_id_reused` when verb or body differ, `run_not_found` without such a run.
   */
  submit(command: CommandRow): Promise<CommandRow>;
  writeSide(write: SideWrite): Promise<void>;
  /** Takes rows out of the outbox; those that are gone are passed over. */
  clearOutbox(rows: readonly Pick<OutboxRow, "runId" | "id">[]): Promise<void>;
  /** Stores a pipeline's text under its hash; the same again is no change. */
  putPipeline(pipeline: { readonly hash: string; readonly name: string; readonly source: string }): Promise<void>;
  /** Answers with the sha-256 (hex) of the bytes. */
  putBlob(bytes: Uint8Array): Promise<string>;
  getBlob(hash: string): Promise<Uint8Array | undefined>;
  /**
   * Calls back soon after anything was committed, by this process or another. Answers with how to stop. Until then it
   * keeps the process alive: who waits for another process must not end for want of work of its own.
   */
  watch(onChange: () => void): () => void;
  /** Checks the medium and its structure (pages, foreign rows, orphans); one sentence a problem, none when sound. */
  check(): Promise<readonly string[]>;
  close(): Promise<void>;
}
