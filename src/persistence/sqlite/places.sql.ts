/**
 * Where entries took place: an index over the journal by stage and branch, brought up for many turns at once. A turn of
 * its own would write a page or two more for it, at places all over the tree. What it does not hold yet is the newest
 * end of the journal, which is read as it is.
 */
import type { Connection } from "./connection.ts";
import { connectionMemory } from "./connection-memory.ts";

/** Entries that the index may be behind. */
export const PLACES_LAG_MAX = 2_000;
/** A place with more entries than this is found by reading the run's journal through. */
const NARROW_MAX = 2_000;

const PLACE_OF_ENTRY = "coalesce(stage, branch)";
const PLACED = "(SELECT value FROM meta WHERE key = 'placed')";
const SELECT_PLACED = `SELECT ${PLACED} AS gseq`;
const UPDATE_PLACED = "UPDATE meta SET value = ? WHERE key = 'placed'";
const PLACE = `
  INSERT OR REPLACE INTO places SELECT run, ${PLACE_OF_ENTRY}, seq, gseq FROM journal
  WHERE gseq > ? AND ${PLACE_OF_ENTRY} IS NOT NULL ORDER BY 1, 2, 3`;

/** How far the index was when this connection last looked. Others may have brought it further. */
const placedOf = connectionMemory<"placed", number>();

/** Brings the index up to `gseq`, when it is far behind. In the transaction that wrote the newest entries. */
export function placeEntries(connection: Connection, gseq: number): void {
  const memory = placedOf(connection);
  if (gseq - (memory.get("placed") ?? 0) < PLACES_LAG_MAX) return;
  const placed = connection.get<{ gseq: number }>(SELECT_PLACED)?.gseq ?? 0;
  memory.set("placed", placed);
  if (gseq - placed < PLACES_LAG_MAX) return;
  connection.run(PLACE, placed);
  connection.run(UPDATE_PLACED, gseq);
}

/** A stage alone, or a branch, an activation or a stage with everything below it. */
export interface Place {
  readonly place: string;
  readonly below: boolean;
}

/** What an entry at the place fulfils. */
export function placeCondition({ place, below }: Place): { readonly sql: string; readonly values: readonly string[] } {
  if (!below) return { sql: `${PLACE_OF_ENTRY} = ?`, values: [place] };
  return {
    sql: `(${PLACE_OF_ENTRY} = ? OR (${PLACE_OF_ENTRY} > ? AND ${PLACE_OF_ENTRY} < ?))`,
    values: [place, ...rangeBelow(place)],
  };
}

/** Rows `(found)` with the gseq of every entry at the place; undefined where there are too many for that to be quicker. */
export function findPlaced(
  connection: Connection,
  run: number,
  place: Place,
): { readonly sql: string; readonly values: readonly (string | number)[] } | undefined {
  const { sql: placed, values } = selectPlaced(run, place);
  const count = `SELECT count(*) AS rows FROM (${placed} LIMIT ${NARROW_MAX + 1})`;
  if ((connection.get<{ rows: number }>(count, ...values)?.rows ?? 0) > NARROW_MAX) return undefined;
  const condition = placeCondition(place);
  // The plus keeps the planner from reading all of the run instead of the newest end of the journal.
  const newest = `SELECT gseq FROM journal WHERE gseq > ${PLACED} AND +run = ? AND ${condition.sql}`;
  return {
    sql: `(SELECT gseq AS found FROM (${placed} UNION ALL ${newest}))`,
    values: [...values, run, ...condition.values],
  };
}

/** The place itself and the range below it are two seeks: joined by OR they would be one walk over all of the run. */
function selectPlaced(run: number, { place, below }: Place): { sql: string; values: (string | number)[] } {
  const select = "SELECT gseq FROM places WHERE run = ? AND";
  if (!below) return { sql: `${select} place = ?`, values: [run, place] };
  return {
    sql: `${select} place = ? UNION ALL ${select} place > ? AND place < ?`,
    values: [run, place, run, ...rangeBelow(place)],
  };
}

/** What is below a path is one range: "0" follows "/". */
function rangeBelow(place: string): [string, string] {
  return [`${place}/`, `${place}0`];
}
