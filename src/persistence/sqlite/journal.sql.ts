/** The journal: appended in commit order, read by run or by all runs. */
import { ENTRY_VERSION } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { JOURNAL_PAGE_MAX } from "../../limits.ts";
import { type EntryRow, readEntry } from "../entry-row.ts";
import type { PreparedTurn } from "../prepare-turn.ts";
import type { Topics } from "../store.ts";
import type { Connection } from "./connection.ts";

const INSERT = `
  INSERT INTO journal (gseq, run, seq, turn, at_ms, type, v, branch, stage, attempt, execution, data, command_id, cause_actor)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
// The floor keeps numbers from coming back after the newest entries were pruned with their run.
const NEXT_GSEQ = `
  SELECT 1 + max((SELECT coalesce(max(gseq), 0) FROM journal), (SELECT value FROM meta WHERE key = 'gseq_floor')) AS gseq`;
const SELECT = `
  SELECT gseq, run_id AS runId, journal.seq, turn, at_ms AS atMs, type, v, branch, stage, attempt, execution, data,
    command_id AS commandId, cause_actor AS causeActor
  FROM journal JOIN runs USING (run)`;

/** The number the next entry gets. Asked once a transaction: under the write lock nobody else hands out numbers. */
export function nextGseq(connection: Connection): number {
  return connection.get<{ gseq: number }>(NEXT_GSEQ)?.gseq ?? 1;
}

/** Writes a turn's entries, numbered from `firstGseq`. */
export function insertEntries(
  connection: Connection,
  run: number,
  { prepared, firstGseq }: { prepared: PreparedTurn; firstGseq: number },
): void {
  const { entries, lastSeq, turn } = prepared;
  let gseq = firstGseq;
  for (const { seq, entry, data } of entries) {
    connection.run(
      INSERT,
      gseq++,
      run,
      seq,
      lastSeq,
      turn.atMs,
      entry.type,
      ENTRY_VERSION,
      entry.branch ?? null,
      entry.stage ?? null,
      entry.attempt ?? null,
      entry.execution ?? null,
      data,
      entry.cause?.commandId ?? null,
      entry.cause?.actor ?? null,
    );
  }
}

export function selectEntries(connection: Connection, query: Topics["journal"]["query"]): JournalEntry[] {
  const { where, values } = conditionsOf(query);
  const key = query.runId === undefined ? "gseq" : "journal.seq";
  const sql = `${SELECT} WHERE ${where.join(" AND ")} ORDER BY ${key} ${query.descending === true ? "DESC" : "ASC"} LIMIT ?`;
  const limit = Math.min(query.limit ?? JOURNAL_PAGE_MAX, JOURNAL_PAGE_MAX);
  return connection.all<EntryRow>(sql, ...values, limit).map(readEntry);
}

/** The places of a branch are its own path and everything below it: one range of the index. "0" follows "/". */
const PLACES = "(coalesce(stage, branch) = ? OR (coalesce(stage, branch) > ? AND coalesce(stage, branch) < ?))";

function conditionsOf(query: Topics["journal"]["query"]): { where: string[]; values: (string | number)[] } {
  const where: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...more: (string | number)[]) => {
    where.push(condition);
    values.push(...more);
  };
  if (query.runId === undefined) add("gseq > ?", query.after ?? 0);
  else {
    add("journal.run = (SELECT run FROM runs WHERE run_id = ?)", query.runId);
    add("journal.seq > ?", query.after ?? 0);
    if (query.until !== undefined) add("journal.seq <= ?", query.until);
  }
  if (query.stage !== undefined) add("coalesce(stage, branch) = ? AND stage = ?", query.stage, query.stage);
  for (const place of [query.branch, query.within])
    if (place !== undefined) add(PLACES, place, `${place}/`, `${place}0`);
  if (query.branch !== undefined) add("branch = ?", query.branch);
  if (query.types !== undefined) add("type IN (SELECT value FROM json_each(?))", JSON.stringify(query.types));
  return { where, values };
}
