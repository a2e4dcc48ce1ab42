/** The journal: appended in commit order, read by run or by all runs. */
import { ENTRY_VERSION } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { JOURNAL_PAGE_MAX } from "../../limits.ts";
import { type EntryRow, readEntry } from "../entry-row.ts";
import type { PreparedTurn } from "../prepare-turn.ts";
import type { Topics } from "../store.ts";
import type { Connection } from "./connection.ts";
import { connectionMemory } from "./connection-memory.ts";
import { findPlaced, type Place, placeCondition } from "./places.sql.ts";
import { selectRunKey } from "./runs.sql.ts";

const INSERT = `
  INSERT INTO journal (gseq, run, seq, turn, at_ms, type, v, branch, stage, attempt, execution, data, command_id, cause_actor, checkpoint)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
// The floor keeps numbers from coming back after the newest entries were pruned with their run.
const NEXT_GSEQ = `
  SELECT 1 + max((SELECT coalesce(max(gseq), 0) FROM journal), (SELECT value FROM meta WHERE key = 'gseq_floor')) AS gseq`;
const COLUMNS = `gseq, run_id AS runId, journal.seq, turn, at_ms AS atMs, type, v, branch, stage, attempt, execution, data,
  command_id AS commandId, cause_actor AS causeActor`;

/** The number that the next entry gets: remembered until somebody else has written. */
const nextOf = connectionMemory<"gseq", { readonly gseq: number; readonly others: number }>();

/** Asked once a transaction: under the write lock nobody else hands out numbers. */
export function nextGseq(connection: Connection): number {
  const remembered = nextOf(connection).get("gseq");
  if (remembered?.others === connection.others) return remembered.gseq;
  return connection.get<{ gseq: number }>(NEXT_GSEQ)?.gseq ?? 1;
}

/** At the end of the transaction that has handed out the numbers before it. */
export function rememberGseq(connection: Connection, gseq: number): void {
  nextOf(connection).set("gseq", { gseq, others: connection.others });
}

/** Writes a turn's entries, numbered from `firstGseq`; with the last one what it wrote of its actors. */
export function insertEntries(
  connection: Connection,
  run: number,
  { prepared, firstGseq, checkpoint }: { prepared: PreparedTurn; firstGseq: number; checkpoint: string | null },
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
      seq === lastSeq ? checkpoint : null,
    );
  }
}

export function selectEntries(connection: Connection, query: Topics["journal"]["query"]): JournalEntry[] {
  const { where, values } = conditionsOf(query);
  const placed = findNarrow(connection, query);
  // CROSS JOIN: the place decides what is read, whatever the planner makes of the other conditions.
  const from = placed === undefined ? "journal" : `${placed.sql} CROSS JOIN journal ON gseq = found`;
  const key = query.runId === undefined ? "gseq" : "journal.seq";
  const sql = `
    SELECT ${COLUMNS} FROM ${from} JOIN runs USING (run)
    WHERE ${where.join(" AND ")} ORDER BY ${key} ${query.descending === true ? "DESC" : "ASC"} LIMIT ?`;
  const limit = Math.min(query.limit ?? JOURNAL_PAGE_MAX, JOURNAL_PAGE_MAX);
  return connection.all<EntryRow>(sql, ...(placed?.values ?? []), ...values, limit).map(readEntry);
}

function findNarrow(connection: Connection, query: Topics["journal"]["query"]): ReturnType<typeof findPlaced> {
  const run = query.runId === undefined ? undefined : selectRunKey(connection, query.runId);
  if (run === undefined) return undefined;
  for (const place of placesOf(query)) {
    const placed = findPlaced(connection, run, place);
    if (placed !== undefined) return placed;
  }
  return undefined;
}

function placesOf({ stage, branch, within }: Topics["journal"]["query"]): Place[] {
  return [
    ...(stage === undefined ? [] : [{ place: stage, below: false }]),
    ...[branch, within].flatMap((place) => (place === undefined ? [] : [{ place, below: true }])),
  ];
}

function conditionsOf(query: Topics["journal"]["query"]): { where: string[]; values: (string | number)[] } {
  const where: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: string, ...more: readonly (string | number)[]) => {
    where.push(condition);
    values.push(...more);
  };
  if (query.runId === undefined) add("gseq > ?", query.after ?? 0);
  else {
    add("journal.run = (SELECT run FROM runs WHERE run_id = ?)", query.runId);
    add("journal.seq > ?", query.after ?? 0);
    if (query.until !== undefined) add("journal.seq <= ?", query.until);
  }
  for (const place of placesOf(query)) {
    const { sql, values: ofPlace } = placeCondition(place);
    add(sql, ...ofPlace);
  }
  if (query.stage !== undefined) add("stage = ?", query.stage);
  if (query.branch !== undefined) add("branch = ?", query.branch);
  if (query.types !== undefined) add("type IN (SELECT value FROM json_each(?))", JSON.stringify(query.types));
  return { where, values };
}
