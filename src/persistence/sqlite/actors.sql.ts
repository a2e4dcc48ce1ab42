/** Actors and their checkpoints: a version a row, appended; which actors live is told apart from what they were. */
import type { PreparedTurn } from "../prepare-turn.ts";
import type { ActorRow, Topics } from "../store.ts";
import type { Connection } from "./connection.ts";
import { LIVE } from "./schema.sql.ts";

const BIRTH = `INSERT OR IGNORE INTO actors (run, until, actor, born) VALUES (?, ${LIVE}, ?, ?)`;
const CHECKPOINT = "INSERT INTO checkpoints (run, actor, seq, machine, snapshot) VALUES (?, ?, ?, ?, ?)";
const END = `UPDATE actors SET until = ?3 WHERE run = ?1 AND until = ${LIVE} AND actor = ?2`;
const SELECT = `
  SELECT actors.actor, machine, seq, snapshot FROM actors JOIN checkpoints USING (run, actor)
  WHERE actors.run = ?1 AND until > ?2 AND born <= ?2
    AND seq = (SELECT max(seq) FROM checkpoints c WHERE c.run = ?1 AND c.actor = actors.actor AND c.seq <= ?2)`;

/** Writes a turn's versions and tombstones. */
export function writeActors(connection: Connection, run: number, { actors, lastSeq }: PreparedTurn): void {
  for (const write of actors) {
    if ("ended" in write) connection.run(END, run, write.actor, lastSeq);
    else {
      connection.run(BIRTH, run, write.actor, lastSeq);
      connection.run(CHECKPOINT, run, write.actor, lastSeq, write.machine, write.snapshot);
    }
  }
}

/** Newest versions of the actors that lived at `atSeq` (absent: live now). */
export function selectActors(
  connection: Connection,
  run: number,
  { atSeq, actor }: Omit<Topics["checkpoints"]["query"], "runId">,
): ActorRow[] {
  const at = atSeq ?? LIVE - 1;
  if (actor !== undefined) return connection.all<ActorRow>(`${SELECT} AND actors.actor = ?3`, run, at, actor);
  return connection.all<ActorRow>(`${SELECT} ORDER BY actors.actor`, run, at);
}
