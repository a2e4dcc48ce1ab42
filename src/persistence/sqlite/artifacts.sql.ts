/** Artifacts and the outbox: what a turn leaves for others to fetch. */
import type { JsonValue } from "../../graph/outcome.ts";
import type { OutboxRow } from "../outbox.ts";
import type { PreparedTurn } from "../prepare-turn.ts";
import type { ArtifactRow, Topics } from "../store.ts";
import type { Connection } from "./connection.ts";

const INSERT = `
  INSERT OR REPLACE INTO artifacts (run, artifact, stage, execution, name, media_type, hash, bytes, complete)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_OUTBOX = "INSERT OR IGNORE INTO outbox (run, id, kind, body, seq) VALUES (?, ?, ?, ?, ?)";
const SELECT = `
  SELECT artifact, stage, execution, name, media_type AS mediaType, hash, bytes, complete FROM artifacts WHERE run = ?`;

// Runs in the order in which they were created, and of each its turns.
const SELECT_OUTBOX = `
  SELECT run_id AS runId, id, kind, body, outbox.seq AS seq FROM outbox JOIN runs USING (run)
  WHERE kind = coalesce(?, kind) ORDER BY run, outbox.seq, id LIMIT ?`;
const DELETE_OUTBOX = "DELETE FROM outbox WHERE run = (SELECT run FROM runs WHERE run_id = ?) AND id = ?";

type StoredArtifact = Omit<ArtifactRow, "execution" | "complete"> & { execution: string | null; complete: number };

export function writeArtifacts(connection: Connection, run: number, { turn, outbox, lastSeq }: PreparedTurn): void {
  for (const { artifact, stage, execution, name, mediaType, hash, bytes, complete } of turn.artifacts ?? []) {
    connection.run(INSERT, run, artifact, stage, execution ?? null, name, mediaType, hash, bytes, complete ? 1 : 0);
  }
  for (const { id, kind, body } of outbox) connection.run(INSERT_OUTBOX, run, id, kind, body, lastSeq);
}

export function selectArtifacts(
  connection: Connection,
  run: number,
  query: Omit<Topics["artifacts"]["query"], "runId">,
): ArtifactRow[] {
  const where: string[] = [];
  const values: string[] = [];
  for (const column of ["artifact", "stage"] as const) {
    const value = query[column];
    if (value === undefined) continue;
    where.push(`AND ${column} = ?`);
    values.push(value);
  }
  const rows = connection.all<StoredArtifact>(`${SELECT} ${where.join(" ")} ORDER BY artifact`, run, ...values);
  return rows.map(({ execution, complete, ...row }) => ({
    ...row,
    ...(execution === null ? {} : { execution }),
    complete: complete === 1,
  }));
}

export function selectOutbox(connection: Connection, { kind, limit = -1 }: Topics["outbox"]["query"]): OutboxRow[] {
  const rows = connection.all<Omit<OutboxRow, "body"> & { body: string }>(SELECT_OUTBOX, kind ?? null, limit);
  return rows.map((row) => ({ ...row, body: JSON.parse(row.body) as JsonValue }));
}

export function deleteOutbox(connection: Connection, rows: readonly Pick<OutboxRow, "runId" | "id">[]): void {
  connection.transaction(() => {
    for (const { runId, id } of rows) connection.run(DELETE_OUTBOX, runId, id);
  });
}
