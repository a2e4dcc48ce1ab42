/** Runs: their rows, their fence, their creation. */

import { decodeJson } from "../json-text.ts";
import { firstToken, type PreparedTurn } from "../prepare-turn.ts";
import type { RunCreation, RunPatch, RunRow, RunStatus, Topics, TurnWrite } from "../store.ts";
import type { Connection } from "./connection.ts";
import { connectionMemory } from "./connection-memory.ts";

/** `status IN` list of runs that can still change. */
export const LIVE_STATUSES = ["queued", "running", "pausing", "paused", "cancelling"] as const satisfies RunStatus[];

interface StoredRun {
  readonly run: number;
  readonly run_id: string;
  readonly seq: number;
  readonly token: number;
  readonly status: RunStatus;
  readonly status_reason: string | null;
  readonly resume_epoch: number;
  readonly owner_host: string | null;
  readonly owner_boot: string;
  readonly owner_pid: number;
  readonly owner_start: string;
  readonly lease_until_ms: number | null;
  readonly created_at_ms: number;
  readonly started_at_ms: number | null;
  readonly finished_at_ms: number | null;
  readonly pipeline_name: string;
  readonly pipeline_hash: string;
  readonly labels: string;
  readonly parent_run: string | null;
  readonly parent_seq: number | null;
  readonly root_run: string | null;
  readonly inputs: string;
}

/** How far a run is, its journal says: a turn need not write it a second time. */
const SEQ = "(SELECT max(seq) FROM journal WHERE journal.run = runs.run)";
const FENCE = `
  SELECT run FROM runs
  WHERE run = ?1 AND run_id = ?2 AND token = ?3 AND lease_until_ms IS NOT NULL AND ${SEQ} = ?4`;
const FENCED_PATCH = `
  UPDATE runs SET status = coalesce(?4, status),
    status_reason = CASE ?5 WHEN 0 THEN status_reason ELSE ?6 END,
    resume_epoch = coalesce(?7, resume_epoch),
    started_at_ms = coalesce(?8, started_at_ms), finished_at_ms = coalesce(?9, finished_at_ms)
  WHERE run_id = ?1 AND token = ?2 AND lease_until_ms IS NOT NULL AND ${SEQ} = ?3 RETURNING run`;
const INSERT = `
  INSERT INTO runs (run_id, token, status, created_at_ms, pipeline_name, pipeline_hash, labels, parent_run,
    parent_seq, root_run, owner_host, owner_boot, owner_pid, owner_start, lease_until_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run_id) DO NOTHING RETURNING run`;
const INSERT_INPUTS = "INSERT INTO run_inputs VALUES (?, ?)";
const SELECT = `SELECT runs.*, ${SEQ} AS seq, inputs FROM runs JOIN run_inputs USING (run)`;
const SELECT_ONE = `${SELECT} WHERE run_id = ?`;
const SELECT_KEY = "SELECT run FROM runs WHERE run_id = ?";
const SELECT_FENCE = `SELECT ${SEQ} AS seq, token, lease_until_ms IS NOT NULL AS leased FROM runs WHERE run_id = ?`;

/** Checks the fence and changes the run's row, where the turn does. Answers with the run's key, or undefined: stale. */
export function advanceRun(connection: Connection, turn: TurnWrite): number | undefined {
  const { runId, token, baseSeq, run: patch } = turn;
  if (patch === undefined) {
    const stands = (key: number) => connection.get(FENCE, key, runId, token, baseSeq) !== undefined;
    return withKey(connection, runId, stands);
  }
  return connection.get<{ run: number }>(FENCED_PATCH, runId, token, baseSeq, ...patchValues(patch))?.run;
}

function patchValues({ status, statusReason, resumeEpoch, startedAtMs, finishedAtMs }: RunPatch) {
  return [
    status ?? null,
    statusReason === undefined ? 0 : 1,
    statusReason ?? null,
    resumeEpoch ?? null,
    startedAtMs ?? null,
    finishedAtMs ?? null,
  ];
}

/** Answers with the new run's key, or undefined when the id is taken. */
export function insertRun(
  connection: Connection,
  { create, turn }: PreparedTurn & { readonly create: NonNullable<PreparedTurn["create"]> },
): number | undefined {
  const { run, labels, inputs } = create;
  const row = connection.get<{ run: number }>(
    INSERT,
    ...[run.runId, firstToken(run), run.status, run.createdAtMs, run.pipelineName, run.pipelineHash, labels],
    ...[run.parentRun ?? null, run.parentSeq ?? null, run.rootRun ?? null],
    ...ownerValues(run),
  );
  if (row === undefined) return undefined;
  connection.run(INSERT_INPUTS, row.run, inputs);
  if (turn.run !== undefined) {
    // Without a lease, or entries yet, the fence of FENCED_PATCH would not match.
    connection.run(PATCH_NEW, row.run, ...patchValues(turn.run));
  }
  return row.run;
}

const PATCH_NEW = `
  UPDATE runs SET status = coalesce(?2, status), status_reason = CASE ?3 WHEN 0 THEN status_reason ELSE ?4 END,
    resume_epoch = coalesce(?5, resume_epoch),
    started_at_ms = coalesce(?6, started_at_ms), finished_at_ms = coalesce(?7, finished_at_ms)
  WHERE run = ?1`;

function ownerValues({ owner, leaseUntilMs }: RunCreation) {
  if (owner === undefined) return [null, null, null, null, null];
  return [owner.host, owner.bootId, owner.pid, owner.processStart, leaseUntilMs ?? null];
}

/** Keys of runs that were asked for. They never change, but a run may go. */
const keysOf = connectionMemory<string, number>();

/** Tries the key that is remembered, then the one that is stored; answers with the one that `work` took. */
function withKey(connection: Connection, runId: string, work: (key: number) => boolean): number | undefined {
  const keys = keysOf(connection);
  const remembered = keys.get(runId);
  if (remembered !== undefined && work(remembered)) return remembered;
  const stored = selectRunKey(connection, runId);
  if (stored === undefined || stored === remembered || !work(stored)) return undefined;
  keys.set(runId, stored);
  return stored;
}

export function selectRunKey(connection: Connection, runId: string): number | undefined {
  return connection.get<{ run: number }>(SELECT_KEY, runId)?.run;
}

export function selectRun(connection: Connection, runId: string): { key: number; run: RunRow } | undefined {
  const row = connection.get<StoredRun>(SELECT_ONE, runId);
  return row === undefined ? undefined : { key: row.run, run: toRunRow(row) };
}

export function selectFence(
  connection: Connection,
  runId: string,
): { seq: number; token: number; leased: number } | undefined {
  return connection.get(SELECT_FENCE, runId);
}

/** Newest first, that is last created first. */
export function selectRuns(connection: Connection, query: Topics["runs"]["query"]): Topics["runs"]["row"][] {
  const where: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...more: (string | number)[]) => {
    where.push(condition);
    values.push(...more);
  };
  if (query.status !== undefined) add("status IN (SELECT value FROM json_each(?))", JSON.stringify(query.status));
  if (query.unownedAtMs !== undefined) {
    add("status IN (SELECT value FROM json_each(?))", JSON.stringify(LIVE_STATUSES));
    add("(lease_until_ms IS NULL OR lease_until_ms <= ?)", query.unownedAtMs);
  }
  if (query.parentRun !== undefined) add("parent_run = ?", query.parentRun);
  for (const [key, value] of Object.entries(query.labels ?? {})) {
    add("EXISTS (SELECT 1 FROM json_each(labels) WHERE key = ? AND atom = ?)", key, value);
  }
  if (query.cursor !== undefined) add("run < ?", parseCursor(query.cursor));
  const condition = where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`;
  const rows = connection.all<StoredRun>(
    `${SELECT} ${condition} ORDER BY run DESC LIMIT ?`,
    ...values,
    query.limit ?? -1,
  );
  return rows.map((row) => ({ ...toRunRow(row), cursor: row.run.toString(36) }));
}

/** The creation number in a cursor; one that is not of ours lists nothing. */
function parseCursor(cursor: string): number {
  const run = Number.parseInt(cursor, 36);
  return Number.isSafeInteger(run) ? run : 0;
}

function toRunRow(row: StoredRun): RunRow {
  return {
    runId: row.run_id,
    status: row.status,
    ...(row.status_reason === null ? {} : { statusReason: row.status_reason }),
    pipelineName: row.pipeline_name,
    pipelineHash: row.pipeline_hash,
    labels: decodeJson(row.labels, `labels of run ${row.run_id}`),
    inputs: decodeJson(row.inputs, `inputs of run ${row.run_id}`),
    ...(row.parent_run === null ? {} : { parentRun: row.parent_run }),
    ...(row.parent_seq === null ? {} : { parentSeq: row.parent_seq }),
    ...(row.root_run === null ? {} : { rootRun: row.root_run }),
    resumeEpoch: row.resume_epoch,
    seq: row.seq,
    token: row.token,
    ...ownerOf(row),
    createdAtMs: row.created_at_ms,
    ...(row.started_at_ms === null ? {} : { startedAtMs: row.started_at_ms }),
    ...(row.finished_at_ms === null ? {} : { finishedAtMs: row.finished_at_ms }),
  };
}

function ownerOf(row: StoredRun): Pick<RunRow, "owner" | "leaseUntilMs"> {
  if (row.owner_host === null || row.lease_until_ms === null) return {};
  return {
    owner: { host: row.owner_host, bootId: row.owner_boot, pid: row.owner_pid, processStart: row.owner_start },
    leaseUntilMs: row.lease_until_ms,
  };
}
