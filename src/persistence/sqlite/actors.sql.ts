/**
 * Actors and their checkpoints. Who lives is a row an actor, with the seq of its newest version. The versions are a row a
 * turn, under the gseq of the turn's last entry: appended, whichever run they are of.
 */
import { decodeJson } from "../json-text.ts";
import type { PreparedTurn } from "../prepare-turn.ts";
import type { ActorRow, Topics } from "../store.ts";
import type { Connection } from "./connection.ts";
import { LIVE } from "./schema.sql.ts";

/** Turns that one look back reads. */
const LOOK_BACK_TURNS = 50;

const POINT = `
  INSERT INTO actors (run, until, actor, born, seq) VALUES (?1, ${LIVE}, ?2, ?3, ?3)
  ON CONFLICT DO UPDATE SET seq = excluded.seq`;
const INSERT_VERSIONS = "INSERT INTO checkpoints (gseq, versions) VALUES (?, ?)";
const END = `UPDATE actors SET until = ?3 WHERE run = ?1 AND until = ${LIVE} AND actor = ?2`;
const HEADS = "SELECT a.actor, born, a.seq, gseq FROM actors a CROSS JOIN journal j ON j.run = a.run AND j.seq = a.seq";
const SELECT_LIVE = `
  ${HEADS} WHERE a.run = ?1 AND until = ${LIVE} AND a.actor = coalesce(?2, a.actor) ORDER BY a.actor`;
const SELECT_PAST = `
  ${HEADS} WHERE a.run = ?1 AND until > ?2 AND born <= ?2 AND a.actor = coalesce(?3, a.actor) ORDER BY a.actor`;
const SELECT_VERSIONS = "SELECT gseq, versions FROM checkpoints WHERE gseq = ?";
const LOOK_BACK = `
  SELECT j.seq, gseq, versions FROM journal j CROSS JOIN checkpoints c USING (gseq)
  WHERE j.run = ?1 AND j.seq BETWEEN ?2 AND ?3 ORDER BY j.seq DESC LIMIT ${LOOK_BACK_TURNS}`;

/** An actor that lives, or lived, and where its newest version is. */
interface Head {
  readonly actor: string;
  readonly born: number;
  readonly seq: number;
  readonly gseq: number;
}

interface StoredVersions {
  readonly gseq: number;
  readonly versions: string;
}

type Version = readonly [actor: string, machine: string, snapshot: string];

/** Writes a turn's versions and tombstones. */
export function writeActors(
  connection: Connection,
  run: number,
  { prepared, lastGseq }: { readonly prepared: PreparedTurn; readonly lastGseq: number },
): void {
  const { actors, lastSeq } = prepared;
  const versions: Version[] = [];
  for (const write of actors) {
    if ("ended" in write) connection.run(END, run, write.actor, lastSeq);
    else {
      connection.run(POINT, run, write.actor, lastSeq);
      versions.push([write.actor, write.machine, write.snapshot]);
    }
  }
  if (versions.length > 0) connection.run(INSERT_VERSIONS, lastGseq, JSON.stringify(versions));
}

/** Newest versions of the actors that lived at `atSeq` (absent: live now). */
export function selectActors(
  connection: Connection,
  run: number,
  { atSeq, actor }: Omit<Topics["checkpoints"]["query"], "runId">,
): ActorRow[] {
  if (atSeq === undefined) return readHeads(connection, connection.all<Head>(SELECT_LIVE, run, actor ?? null));
  const heads = connection.all<Head>(SELECT_PAST, run, atSeq, actor ?? null);
  const unchanged = readHeads(
    connection,
    heads.filter(({ seq }) => seq <= atSeq),
  );
  const earlier = lookBack(connection, run, { atSeq, heads: heads.filter(({ seq }) => seq > atSeq) });
  const found = new Map([...unchanged, ...earlier].map((row) => [row.actor, row]));
  return heads.flatMap((head) => found.get(head.actor) ?? []);
}

/** Many actors may have changed in one turn: its row is read once. */
function readHeads(connection: Connection, heads: readonly Head[]): ActorRow[] {
  const turns = new Map<number, ReadonlyMap<string, Version>>();
  return heads.flatMap(({ actor, seq, gseq }) => {
    const versions = turns.get(gseq) ?? readVersions(connection.get<StoredVersions>(SELECT_VERSIONS, gseq));
    turns.set(gseq, versions);
    return toActorRow(versions.get(actor), seq);
  });
}

/** Versions that others have followed: as far back as it takes, so that a turn need not write where each of them is. */
function lookBack(
  connection: Connection,
  run: number,
  { atSeq, heads }: { readonly atSeq: number; readonly heads: readonly Head[] },
): ActorRow[] {
  const found: ActorRow[] = [];
  const wanted = new Set(heads.map(({ actor }) => actor));
  const from = Math.min(...heads.map(({ born }) => born));
  for (let until = atSeq; wanted.size > 0; ) {
    const turns = connection.all<StoredVersions & { readonly seq: number }>(LOOK_BACK, run, from, until);
    for (const turn of turns) {
      const versions = readVersions(turn);
      for (const actor of wanted) {
        const rows = toActorRow(versions.get(actor), turn.seq);
        if (rows.length > 0) wanted.delete(actor);
        found.push(...rows);
      }
    }
    if (turns.length < LOOK_BACK_TURNS) return found;
    until = (turns.at(-1)?.seq ?? 0) - 1;
  }
  return found;
}

function readVersions(stored: StoredVersions | undefined): ReadonlyMap<string, Version> {
  if (stored === undefined) return new Map();
  const versions = decodeJson<readonly Version[]>(stored.versions, `the checkpoints of gseq ${stored.gseq}`);
  return new Map(versions.map((version) => [version[0], version]));
}

function toActorRow(version: Version | undefined, seq: number): ActorRow[] {
  if (version === undefined) return [];
  const [actor, machine, snapshot] = version;
  return [{ actor, machine, seq, snapshot }];
}
