/** Actors and their checkpoints: a version a row, appended; which actors live is told apart from what they were. */
import type { PreparedTurn } from "../prepare-turn.ts";
import type { ActorRow, Topics } from "../store.ts";
import type { Connection } from "./connection.ts";
import { LIVE } from "./schema.sql.ts";

const POINT = `
  INSERT INTO actors (run, until, actor, born, seq) VALUES (?1, ${LIVE}, ?2, ?3, ?3)
  ON CONFLICT DO UPDATE SET seq = excluded.seq`;
const CHECKPOINT = "INSERT INTO checkpoints (run, seq, actor, machine, snapshot) VALUES (?, ?, ?, ?, ?)";
const END = `UPDATE actors SET until = ?3 WHERE run = ?1 AND until = ${LIVE} AND actor = ?2`;
const SELECT_LIVE = `
  SELECT a.actor, machine, a.seq, snapshot FROM actors a CROSS JOIN checkpoints c USING (run, seq, actor)
  WHERE a.run = ?1 AND until = ${LIVE} AND a.actor = coalesce(?2, a.actor) ORDER BY a.actor`;
// One sweep through the versions up to then: time travel costs O(kept history), so that a turn costs one page less.
const SELECT_PAST = `
  SELECT a.actor, machine, p.seq, snapshot
  FROM (SELECT actor, max(seq) AS seq FROM checkpoints
    WHERE run = ?1 AND seq <= ?2 AND actor = coalesce(?3, actor) GROUP BY actor) p
  CROSS JOIN checkpoints c ON c.run = ?1 AND c.seq = p.seq AND c.actor = p.actor
  JOIN actors a ON a.run = ?1 AND a.until > ?2 AND a.actor = p.actor AND a.born <= ?2
  ORDER BY a.actor`;

/** Writes a turn's versions and tombstones. */
export function writeActors(connection: Connection, run: number, { actors, lastSeq }: PreparedTurn): void {
  for (const write of actors) {
    if ("ended" in write) connection.run(END, run, write.actor, lastSeq);
    else {
      connection.run(POINT, run, write.actor, lastSeq);
      connection.run(CHECKPOINT, run, lastSeq, write.actor, write.machine, write.snapshot);
    }
  }
}

/** Newest versions of the actors that lived at `atSeq` (absent: live now). */
export function selectActors(
  connection: Connection,
  run: number,
  { atSeq, actor }: Omit<Topics["checkpoints"]["query"], "runId">,
): ActorRow[] {
  if (atSeq === undefined) return connection.all<ActorRow>(SELECT_LIVE, run, actor ?? null);
  return connection.all<ActorRow>(SELECT_PAST, run, atSeq, actor ?? null);
}
