/** Whether the database is sound: its pages, and that every row belongs to something. */
import type { Connection } from "./connection.ts";
import { LIVE } from "./schema.sql.ts";

const OWNED_TABLES = ["run_inputs", "journal", "actors", "scopes", "context", "timers", "gates"].concat([
  "commands",
  "artifacts",
  "outbox",
  "processes",
  "output",
  "handler_snapshots",
]);

/** What a row of checkpoints holds, one version a row; nothing of one that cannot be read. */
const VERSIONS_OF_C = "json_each(CASE WHEN json_valid(c.versions) THEN c.versions ELSE '[]' END) version";

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
      AND NOT EXISTS (SELECT 1 FROM journal j JOIN checkpoints c USING (gseq), ${VERSIONS_OF_C}
        WHERE j.run = a.run AND j.seq = a.seq AND version.value ->> 0 = a.actor)`,
    sentence: (row) => `live actor ${row["actor"]} of run ${row["run_id"]} has no checkpoint`,
  },
  {
    sql: `SELECT run_id, version.value ->> 0 AS actor FROM checkpoints c JOIN journal j USING (gseq) JOIN runs USING (run), ${VERSIONS_OF_C}
      WHERE NOT EXISTS (SELECT 1 FROM actors a
        WHERE a.run = j.run AND a.actor = version.value ->> 0 AND a.born <= j.seq AND a.until >= j.seq)`,
    sentence: (row) => `a checkpoint of ${row["actor"]} of run ${row["run_id"]} is outside the actor's life`,
  },
  {
    sql: "SELECT count(*) AS rows FROM checkpoints WHERE gseq NOT IN (SELECT gseq FROM journal) HAVING count(*) > 0",
    sentence: (row) => `checkpoints: ${row["rows"]} rows belong to no entry`,
  },
  {
    sql: "SELECT gseq FROM checkpoints WHERE NOT json_valid(versions)",
    sentence: (row) => `the checkpoints stored with gseq ${row["gseq"]} are not JSON`,
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
