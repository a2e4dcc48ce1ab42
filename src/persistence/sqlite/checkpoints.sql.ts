/**
 * Actors and their checkpoints. Nothing but the journal's rows: with the last entry of a turn stands what the turn wrote
 * of its actors. Who lives, and how, is read backwards from the newest row, or from that of any seq, as far as the last
 * row that lists everybody. Such a list comes often enough for that to cost O(live), and seldom enough to cost a turn
 * nothing that grows with the number of actors.
 */
import type { PreparedTurn } from "../prepare-turn.ts";
import type { ActorRow, ActorWrite, Topics } from "../store.ts";
import { compareText } from "../text-order.ts";
import type { Connection } from "./connection.ts";
import { connectionMemory } from "./connection-memory.ts";
import { decodeCheckpoint, encodeCheckpoint, type TurnCheckpoint } from "./turn-checkpoint.ts";

/** Turns between two lists, at least. With more actors than that, as many turns as there are actors. */
const LIST_TURNS_MIN = 8;
/** Entries between two lists, at most: turns that touch no actor leave no row to read, but rows to pass over. */
const LIST_ENTRIES_MAX = 1_000;
/** Turns read at once: as many as stand between two lists, then more and more. */
const READ_AT_FIRST = LIST_TURNS_MIN;
const READ_AT_ONCE_MAX = 256;

const BACKWARDS = `
  SELECT seq, checkpoint FROM journal
  WHERE run = ? AND seq <= ? AND checkpoint IS NOT NULL ORDER BY seq DESC LIMIT ?`;
const AT = "SELECT checkpoint FROM journal WHERE run = ? AND seq = ?";
const NOW = Number.MAX_SAFE_INTEGER;

type Version = TurnCheckpoint["written"][number];

/** Who lives, by name: the seq of the newest version, and that version where it was met on the way. */
interface Live {
  readonly actors: ReadonlyMap<string, { readonly seq: number; readonly version?: Version }>;
  readonly listSeq: number;
  readonly turnsSinceList: number;
}

/** What the next turn of a run has to know of those before it. */
interface Heads {
  seq: number;
  listSeq: number;
  turnsSinceList: number;
  readonly seqs: Map<string, number>;
}

const headsOf = connectionMemory<number, Heads>();

/** The text that goes with the turn's last entry; null where there is nothing to say. */
export function writeActors(connection: Connection, run: number, prepared: PreparedTurn): string | null {
  const { actors, lastSeq, turn } = prepared;
  const heads = headsBefore(connection, run, turn.baseSeq);
  const writes = actors.filter((write) => !("ended" in write) || heads.seqs.has(write.actor));
  for (const write of writes) follow(heads, write, lastSeq);
  heads.seq = lastSeq;
  const isFar = lastSeq - heads.listSeq >= LIST_ENTRIES_MAX;
  if (writes.length === 0 && !isFar) return null;
  heads.turnsSinceList += 1;
  const isDue = isFar || heads.turnsSinceList >= Math.max(LIST_TURNS_MIN, heads.seqs.size);
  if (!isDue) return encodeCheckpoint(writes, undefined);
  heads.turnsSinceList = 0;
  heads.listSeq = lastSeq;
  return encodeCheckpoint(
    writes,
    [...heads.seqs].filter(([, seq]) => seq !== lastSeq),
  );
}

function follow(heads: Heads, write: ActorWrite, seq: number): void {
  if ("ended" in write) heads.seqs.delete(write.actor);
  else heads.seqs.set(write.actor, seq);
}

/** Remembered where this connection wrote the turn before this one; else read. */
function headsBefore(connection: Connection, run: number, baseSeq: number): Heads {
  const memory = headsOf(connection);
  const remembered = memory.get(run);
  if (remembered?.seq === baseSeq) return remembered;
  const { actors, listSeq, turnsSinceList } = readLive(connection, run, baseSeq);
  const seqs = new Map([...actors].map(([actor, { seq }]) => [actor, seq]));
  const heads = { seq: baseSeq, listSeq, turnsSinceList, seqs };
  memory.set(run, heads);
  return heads;
}

/** Newest versions of the actors that lived at `atSeq` (absent: live now). */
export function selectActors(
  connection: Connection,
  run: number,
  { atSeq = NOW, actor }: Omit<Topics["checkpoints"]["query"], "runId">,
): ActorRow[] {
  const turns = new Map<number, ReadonlyMap<string, Version>>();
  const versionAt = (name: string, seq: number): Version | undefined => {
    // Many actors may have changed in one turn: its row is read once.
    const versions = turns.get(seq) ?? readVersions(connection, run, seq);
    turns.set(seq, versions);
    return versions.get(name);
  };
  return [...readLive(connection, run, atSeq).actors]
    .filter(([name]) => actor === undefined || name === actor)
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([name, { seq, version = versionAt(name, seq) }]) => {
      if (version === undefined) return [];
      return [{ actor: name, machine: version[1], seq, snapshot: JSON.stringify(version[2]) }];
    });
}

function readLive(connection: Connection, run: number, atSeq: number): Live {
  const actors = new Map<string, { readonly seq: number; readonly version?: Version }>();
  const ended = new Set<string>();
  let turnsSinceList = 0;
  for (const { seq, checkpoint } of backwards(connection, run, atSeq)) {
    const isNew = (actor: string) => !actors.has(actor) && !ended.has(actor);
    for (const version of checkpoint.written) if (isNew(version[0])) actors.set(version[0], { seq, version });
    for (const actor of checkpoint.ended) if (isNew(actor)) ended.add(actor);
    if (checkpoint.others !== undefined) {
      for (const [actor, newest] of checkpoint.others) if (isNew(actor)) actors.set(actor, { seq: newest });
      return { actors, listSeq: seq, turnsSinceList };
    }
    turnsSinceList += 1;
  }
  return { actors, listSeq: 0, turnsSinceList };
}

/** The turns' texts, newest first. Stop asking, and no more is read. */
function* backwards(
  connection: Connection,
  run: number,
  atSeq: number,
): Iterable<{ readonly seq: number; readonly checkpoint: TurnCheckpoint }> {
  let until = atSeq;
  for (let limit = READ_AT_FIRST; ; limit = Math.min(2 * limit, READ_AT_ONCE_MAX)) {
    const rows = connection.all<{ seq: number; checkpoint: string }>(BACKWARDS, run, until, limit);
    for (const { seq, checkpoint } of rows) {
      yield { seq, checkpoint: decodeCheckpoint(checkpoint, `the checkpoint of seq ${seq}`) };
      until = seq - 1;
    }
    if (rows.length < limit) return;
  }
}

function readVersions(connection: Connection, run: number, seq: number): ReadonlyMap<string, Version> {
  const text = connection.get<{ checkpoint: string | null }>(AT, run, seq)?.checkpoint;
  if (text === undefined || text === null) return new Map();
  const { written } = decodeCheckpoint(text, `the checkpoint of seq ${seq}`);
  return new Map(written.map((version) => [version[0], version]));
}
