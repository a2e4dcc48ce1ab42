/** Whether the database is sound: its pages, and that every row belongs to something. */
import { checkCheckpoints } from "./check-checkpoints.ts";
import type { Connection } from "./connection.ts";
import { LIVE } from "./schema.sql.ts";

const OWNED_TABLES = ["run_inputs", "journal", "places", "scopes", "context", "timers", "gates"].concat([
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
    sql: `SELECT run_id, count(journal.seq) AS entries, coalesce(max(journal.seq), 0) AS newest
      FROM runs LEFT JOIN journal USING (run) GROUP BY run HAVING entries <> newest OR entries = 0`,
    sentence: (row) => `the journal of run ${row["run_id"]} has ${row["entries"]} entries up to seq ${row["newest"]}`,
  },
  {
    sql: `SELECT DISTINCT run_id FROM scopes t JOIN runs USING (run)
      WHERE max(born, CASE until WHEN ${LIVE} THEN 0 ELSE until END) > (SELECT max(seq) FROM journal j WHERE j.run = t.run)`,
    sentence: (row) => `scopes of run ${row["run_id"]} have a seq that its journal lacks`,
  },
  {
    sql: `SELECT DISTINCT run_id FROM context c JOIN runs USING (run)
      WHERE c.seq > (SELECT max(seq) FROM journal j WHERE j.run = c.run)`,
    sentence: (row) => `context of run ${row["run_id"]} has a seq that its journal lacks`,
  },
  {
    sql: `SELECT run_id, count(*) AS entries FROM journal j JOIN runs USING (run)
      WHERE gseq <= (SELECT value FROM meta WHERE key = 'placed') AND coalesce(stage, branch) IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM places p
          WHERE p.run = j.run AND p.place = coalesce(j.stage, j.branch) AND p.seq = j.seq AND p.gseq = j.gseq)
      GROUP BY run`,
    sentence: (row) => `${row["entries"]} entries of run ${row["run_id"]} are not in the index by place`,
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
  const broken = connection.snapshot(() => [
    ...RULES.flatMap(({ sql, sentence }) => connection.all<Record<string, unknown>>(sql).map(sentence)),
    ...checkCheckpoints(connection),
  ]);
  return [...foreign, ...broken];
}
