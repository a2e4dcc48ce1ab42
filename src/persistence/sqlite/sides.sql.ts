/** What is written while an execution goes on: processes, output, snapshots of users' machines. Fenced like a turn. */
import { SafepointError, unreachable } from "../../errors.ts";
import { assertJsonText } from "../json-text.ts";
import type { PreparedTurn } from "../prepare-turn.ts";
import type { ProcessRow, RunImage, SideWrite, Topics } from "../store.ts";
import type { Connection } from "./connection.ts";

const FENCE = "SELECT run FROM runs WHERE run_id = ? AND token = ? AND lease_until_ms IS NOT NULL";
const INSERT_PROCESS = `
  INSERT OR REPLACE INTO processes (run, execution, pid, token, host, boot_id, process_start) VALUES (?, ?, ?, ?, ?, ?, ?)`;
const DELETE_PROCESS = "DELETE FROM processes WHERE run = ? AND execution = ? AND pid = ?";
const SELECT_PROCESSES = `
  SELECT token, execution, host, boot_id AS bootId, pid, process_start AS processStart
  FROM processes WHERE run = ? ORDER BY execution, pid`;
// A writer that had no answer sends the chunk again: the first stands.
const INSERT_OUTPUT =
  "INSERT OR IGNORE INTO output (run, execution, stream, chunk, bytes) VALUES (?, ?, ?, ?, coalesce(?, x''))";
const SELECT_OUTPUT = `SELECT execution, stream, chunk AS "index", bytes FROM output WHERE run = ? AND execution = ?`;
const PUT_SNAPSHOT = `
  INSERT INTO handler_snapshots (run, stage, snapshot) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET snapshot = excluded.snapshot`;
const DELETE_SNAPSHOT = "DELETE FROM handler_snapshots WHERE run = ? AND stage = ?";
const SELECT_SNAPSHOTS = "SELECT stage, snapshot FROM handler_snapshots WHERE run = ? ORDER BY stage";

/** Throws `lease_lost` when the token is not the run's newest. */
export function writeSide(connection: Connection, write: SideWrite): void {
  if (write.kind === "handler_snapshot" && write.snapshot !== null) {
    assertJsonText(write.snapshot, `snapshot of the machine at ${write.stage}`);
  }
  connection.transaction(() => {
    const row = connection.get<{ run: number }>(FENCE, write.runId, write.token);
    if (row === undefined) {
      throw new SafepointError(
        "lease_lost",
        `the lease on run ${write.runId} with token ${write.token} is no longer ours`,
        {
          details: { runId: write.runId, token: write.token },
        },
      );
    }
    writeFenced(connection, row.run, write);
  });
}

function writeFenced(connection: Connection, run: number, write: SideWrite): void {
  switch (write.kind) {
    case "process_started": {
      const { execution, pid, token, host, bootId, processStart } = write;
      connection.run(INSERT_PROCESS, run, execution, pid, token, host, bootId, processStart);
      return;
    }
    case "process_ended":
      connection.run(DELETE_PROCESS, run, write.execution, write.pid);
      return;
    case "output":
      connection.run(INSERT_OUTPUT, run, write.execution, write.stream, write.index, write.bytes);
      return;
    case "handler_snapshot":
      writeHandlerSnapshot(connection, run, write);
      return;
    default:
      unreachable(write, "side write");
  }
}

function writeHandlerSnapshot(
  connection: Connection,
  run: number,
  write: { stage: string; snapshot: string | null },
): void {
  if (write.snapshot === null) connection.run(DELETE_SNAPSHOT, run, write.stage);
  else connection.run(PUT_SNAPSHOT, run, write.stage, write.snapshot);
}

/** The snapshots that stand or fall with a turn. */
export function writeHandlerSnapshots(connection: Connection, run: number, { turn }: PreparedTurn): void {
  for (const write of turn.handlerSnapshots ?? []) writeHandlerSnapshot(connection, run, write);
}

export function selectProcesses(connection: Connection, run: number, runId: string): ProcessRow[] {
  return connection.all<Omit<ProcessRow, "runId">>(SELECT_PROCESSES, run).map((row) => ({ runId, ...row }));
}

export function selectHandlerSnapshots(connection: Connection, run: number): RunImage["handlerSnapshots"] {
  return connection.all<{ stage: string; snapshot: string }>(SELECT_SNAPSHOTS, run).map((row) => ({ ...row }));
}

export function selectOutput(
  connection: Connection,
  run: number,
  query: Omit<Topics["output"]["query"], "runId">,
): Topics["output"]["row"][] {
  type Row = Topics["output"]["row"];
  const { execution, stream } = query;
  const rows =
    stream === undefined
      ? connection.all<Row>(`${SELECT_OUTPUT} ORDER BY stream, chunk`, run, execution)
      : connection.all<Row>(`${SELECT_OUTPUT} AND stream = ? ORDER BY chunk`, run, execution, stream);
  return rows.map((row) => ({ ...row }));
}
