/** Whether the database is sound: its pages, and that every row belongs to something. */
import type { Connection } from "./connection.ts";
import { LIVE } from "./schema.sql.ts";

const OWNED_TABLES = ["run_inputs", "journal", "actors", "checkpoints", "scopes", "context", "timers", "gates"].concat([
  "commands",
  "artifacts",
  "outbox",
  "processes",
  "output",
  "handler_snapshots",
]);

const RULES: readonly { readonly sql: string; readonly sentence: (row: Record<string, unknown>) => string }[] = [
  ...OWNED_TABLES.map((table) => ({
    sql: `SELECT count(*) AS rows FROM ${table} WHERE run NOT IN (SELECT run FROM runs) HAVING count(*) > 0`,
    sentence: (row: Record<string, unknown>) => `${table}: ${row["rows"]} rows belong to no run`,
  })),
  {
    sql: "SELECT run_id FROM runs WHERE run NOT IN (SELECT run FROM run_inputs)",
    sentence: (row) => `run ${row["run_id"]} has no inputs row`,
  },
  {
    sql: `SELECT run_id, runs.seq AS seq, count(journal.seq) AS entries, max(journal.seq) AS newest
      FROM runs LEFT JOIN journal USING (run) GROUP BY run HAVING entries <> runs.seq OR newest IS NOT runs.seq`,
    sentence: (row) =>
      `run ${row["run_id"]} is at seq ${row["seq"]}, but its journal has ${row["entries"]} entries up to ${row["newest"]}`,
  },
  {
    sql: `SELECT run_id, actor FROM actors a JOIN runs USING (run) WHERE until = ${LIVE}
      AND NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.run = a.run AND c.actor = a.actor AND c.seq = a.seq)`,
    sentence: (row) => `live actor ${row["actor"]} of run ${row["run_id"]} has no checkpoint`,
  },
  {
    sql: `SELECT run_id, actor FROM checkpoints c JOIN runs USING (run)
      WHERE NOT EXISTS (SELECT 1 FROM actors a WHERE a.run = c.run AND a.actor = c.actor AND a.born <= c.seq AND a.until >= c.seq)`,
    sentence: (row) => `a checkpoint of ${row["actor"]} of run ${row["run_id"]} is outside the actor's life`,
  },
  {
    sql: `SELECT DISTINCT run_id, scope FROM context c JOIN runs USING (run)
      WHERE NOT EXISTS (SELECT 1 FROM scopes s WHERE s.run = c.run AND s.scope = c.scope AND s.born <= c.seq)`,
    sentence: (row) => `context of run ${row["run_id"]} is in scope ${row["scope"]}, which never began`,
  },
  {
    sql: "SELECT run_id, artifact FROM artifacts JOIN runs USING (run) WHERE hash NOT IN (SELECT hash FROM blobs)",
    sentence: (row) => `artifact ${row["artifact"]} of run ${row["run_id"]} has no content`,
  },
];

/** One sentence a problem; none when sound. */
export function checkDatabase(connection: Connection): readonly string[] {
  const pages = connection
    .all<{ integrity_check: string }>("PRAGMA integrity_check")
    .map((row) => row.integrity_check)
    .filter((line) => line !== "ok");
  // On damaged pages the questions below mean nothing, or fail.
  if (pages.length > 0) return pages;
  const foreign = connection
    .all<{ table: string; parent: string }>("PRAGMA foreign_key_check")
    .map((row) => `a row of ${row.table} refers to a missing row of ${row.parent}`);
  const broken = connection.snapshot(() =>
    RULES.flatMap(({ sql, sentence }) => connection.all<Record<string, unknown>>(sql).map(sentence)),
  );
  return [...foreign, ...broken];
}
