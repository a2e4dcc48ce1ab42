/** The inbox: commands that other processes left for a run's owner, and the results of all commands. */
import { assert, SafepointError } from "../../errors.ts";
import { assertSameCommand } from "../command-reuse.ts";
import { decodeJson, encodeJson } from "../json-text.ts";
import type { PreparedTurn } from "../prepare-turn.ts";
import type { CommandRow, Topics } from "../store.ts";
import type { Connection } from "./connection.ts";
import { LIVE_STATUSES, selectRunKey } from "./runs.sql.ts";

const INSERT = `
  INSERT INTO commands (run, command_id, verb, body, actor, reason, at_ms, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (run, command_id) DO UPDATE SET result = coalesce(result, excluded.result)`;
const LIVE = LIVE_STATUSES.map((status) => `'${status}'`).join(", ");
const INSERT_MAIL = `
  INSERT INTO commands (run, command_id, verb, body, actor, reason, at_ms)
  SELECT run, ?2, ?3, ?4, ?5, ?6, ?7 FROM runs WHERE run_id = ?1 AND status IN (${LIVE})
  ON CONFLICT (run, command_id) DO NOTHING`;
const CONSUME = "UPDATE commands SET result = coalesce(result, ?3) WHERE run = ?1 AND command_id = ?2";
const SELECT = `
  SELECT run_id, command_id, verb, body, actor, reason, at_ms, result FROM commands JOIN runs USING (run)`;

interface StoredCommand {
  readonly run_id: string;
  readonly command_id: string;
  readonly verb: string;
  readonly body: string;
  readonly actor: string;
  readonly reason: string | null;
  readonly at_ms: number;
  readonly result: string | null;
}

/** Stores the results of the commands that a turn consumed. The first result stands. */
export function consumeCommands(connection: Connection, run: number, { commands }: PreparedTurn): void {
  for (const { commandId, result, row, body } of commands) {
    if (row !== undefined && body !== undefined) insertCommand(connection, run, { row, body, result });
    else {
      const consumed = connection.run(CONSUME, run, commandId, result);
      assert(consumed === 1, "a consumed command is in the inbox or comes with its row", { commandId });
    }
  }
}

/** Puts a command into the inbox, or answers with the one stored under its id. */
export function submitCommand(connection: Connection, command: CommandRow): CommandRow {
  const body = encodeJson(command.body, `command ${command.commandId}`);
  return connection.transaction(() => {
    const run = selectRunKey(connection, command.runId);
    if (run === undefined) throw new SafepointError("run_not_found", `there is no run ${command.runId}`);
    const [stored] = selectCommands(connection, { runId: command.runId, commandId: command.commandId });
    if (stored !== undefined) {
      assertSameCommand(stored, command);
      return stored;
    }
    insertCommand(connection, run, { row: command, body, result: null });
    const [inserted] = selectCommands(connection, { runId: command.runId, commandId: command.commandId });
    assert(inserted !== undefined, "a command can be read after it was stored", { commandId: command.commandId });
    return inserted;
  });
}

function insertCommand(
  connection: Connection,
  run: number,
  command: { row: CommandRow; body: string; result: string | null },
): void {
  const { commandId, verb, actor, reason, atMs } = command.row;
  connection.run(INSERT, run, commandId, verb, command.body, actor, reason ?? null, atMs, command.result);
}

/** Puts what another run's turn says into the inbox of a live run that does not have it yet. */
export function insertMail(connection: Connection, row: CommandRow, body: string): void {
  const { runId, commandId, verb, actor, reason, atMs } = row;
  connection.run(INSERT_MAIL, runId, commandId, verb, body, actor, reason ?? null, atMs);
}

/** Oldest first. */
export function selectCommands(connection: Connection, query: Topics["commands"]["query"]): CommandRow[] {
  const where: string[] = ["1"];
  const values: string[] = [];
  if (query.runId !== undefined) {
    where.push("commands.run = (SELECT run FROM runs WHERE run_id = ?)");
    values.push(query.runId);
  }
  if (query.commandId !== undefined) {
    where.push("command_id = ?");
    values.push(query.commandId);
  }
  if (query.pending !== undefined) where.push(query.pending ? "result IS NULL" : "result IS NOT NULL");
  return connection
    .all<StoredCommand>(`${SELECT} WHERE ${where.join(" AND ")} ORDER BY command`, ...values)
    .map(toCommandRow);
}

function toCommandRow(row: StoredCommand): CommandRow {
  const what = `command ${row.command_id} of run ${row.run_id}`;
  return {
    runId: row.run_id,
    commandId: row.command_id,
    verb: row.verb,
    body: decodeJson(row.body, what),
    actor: row.actor,
    ...(row.reason === null ? {} : { reason: row.reason }),
    atMs: row.at_ms,
    ...(row.result === null ? {} : { result: decodeJson(row.result, what) }),
  };
}
