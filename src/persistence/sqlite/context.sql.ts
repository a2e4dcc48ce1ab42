/**
 * Scopes and the versions of their keys. The newest version of each key is found by stepping from key to key through the
 * primary key, so that it costs O(keys), however many versions there are, and writing needs no second table of heads.
 */
import type { PreparedTurn } from "../prepare-turn.ts";
import type { ContextRow, ScopeRow, StoredValue, Topics } from "../store.ts";
import type { Connection } from "./connection.ts";
import { connectionMemory } from "./connection-memory.ts";
import { LIVE } from "./schema.sql.ts";

const BEGIN_SCOPE = `
  INSERT INTO scopes (run, until, scope, born, parent, parent_seq) VALUES (?, ${LIVE}, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET parent = excluded.parent, parent_seq = excluded.parent_seq`;
const TOUCH_SCOPE = `INSERT OR IGNORE INTO scopes (run, until, scope, born) VALUES (?, ${LIVE}, ?, ?)`;
const END_SCOPE = `UPDATE OR REPLACE scopes SET until = ?3 WHERE run = ?1 AND until = ${LIVE} AND scope = ?2`;
const INSERT_VALUE = "INSERT INTO context (run, scope, key, seq, json, blob, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)";
const LIVE_SCOPES = `SELECT scope, parent, parent_seq FROM scopes WHERE run = ? AND until = ${LIVE} ORDER BY scope`;
const ALL_SCOPES =
  "SELECT scope, parent, parent_seq, born, until FROM scopes WHERE run = ? ORDER BY scope, born, until";

const FIRST_KEY = "(SELECT key FROM context WHERE run = ?1 AND scope = s.scope ORDER BY key LIMIT 1)";
const NEXT_KEY = "(SELECT key FROM context WHERE run = ?1 AND scope = k.scope AND key > k.key ORDER BY key LIMIT 1)";
const NEWEST =
  "(SELECT max(seq) FROM context n WHERE n.run = ?1 AND n.scope = k.scope AND n.key = k.key AND n.seq <= ?2)";
/** Heads of every key of the scopes that `from` lists as (scope, parent). */
const headsOf = (from: string) => `
  WITH RECURSIVE k (scope, parent, key) AS (
    SELECT s.scope, s.parent, ${FIRST_KEY} FROM (${from}) s
    UNION ALL SELECT k.scope, k.parent, ${NEXT_KEY} FROM k WHERE k.key IS NOT NULL)
  SELECT k.scope, k.key, c.seq, c.json, c.blob, c.bytes FROM k
  CROSS JOIN context c ON c.run = ?1 AND c.scope = k.scope AND c.key = k.key AND c.seq = ${NEWEST}
  WHERE k.key IS NOT NULL AND (c.json IS NOT NULL OR c.blob IS NOT NULL OR k.parent IS NOT NULL)
  ORDER BY k.scope, k.key`;
const LIVE_HEADS = headsOf(`SELECT scope, parent FROM scopes WHERE run = ?1 AND until = ${LIVE}`);
// A scope begun twice keeps the parent of its last life at that seq.
const parentAt =
  "(SELECT parent FROM scopes WHERE run = ?1 AND scope = ?3 AND born <= ?2 ORDER BY born DESC, until DESC LIMIT 1)";
const SCOPE_HEADS = headsOf(`SELECT ?3 AS scope, ${parentAt} AS parent`);
const KEY_HEAD = `
  SELECT scope, key, seq, json, blob, bytes FROM context c WHERE run = ?1 AND scope = ?3 AND key = ?4 AND seq <= ?2
  ORDER BY seq DESC LIMIT 1`;
const PARENT = `SELECT ${parentAt} AS parent`;

interface StoredContext {
  readonly scope: string;
  readonly key: string;
  readonly seq: number;
  readonly json: string | null;
  readonly blob: string | null;
  readonly bytes: number | null;
}

interface StoredScope {
  readonly scope: string;
  readonly parent: string | null;
  readonly parent_seq: number | null;
  readonly born: number;
  readonly until: number;
}

/** Begins scopes, writes values, ends scopes: in this order, so that a turn may do all three to one scope. */
export function writeContext(connection: Connection, run: number, prepared: PreparedTurn): void {
  const { context, scopesBegun, scopesEnded, lastSeq } = prepared;
  for (const { scope, parent, parentSeq } of scopesBegun) {
    connection.run(BEGIN_SCOPE, run, scope, lastSeq, parent ?? null, parentSeq ?? null);
  }
  const known = scopesOf(connection);
  for (const { scope, key, value } of context) {
    const name = `${run} ${prepared.turn.token} ${scope}`;
    if (!known.has(name)) connection.run(TOUCH_SCOPE, run, scope, lastSeq);
    known.set(name, true);
    connection.run(INSERT_VALUE, run, scope, key, lastSeq, ...columnsOf(value));
  }
  for (const scope of scopesEnded) {
    known.delete(`${run} ${prepared.turn.token} ${scope}`);
    connection.run(END_SCOPE, run, scope, lastSeq);
  }
}

/** Scopes that live for certain: a row was written under this token, or found. */
const scopesOf = connectionMemory<string, true>();

function columnsOf(value: StoredValue | undefined): [string | null, string | null, number | null] {
  if (value === undefined) return [null, null, null];
  return "json" in value ? [value.json, null, null] : [null, value.blob, value.bytes];
}

/** Newest versions in scopes that have not ended. */
export function selectLiveContext(connection: Connection, run: number): ContextRow[] {
  return connection.all<StoredContext>(LIVE_HEADS, run, LIVE - 1).map(toContextRow);
}

/** Newest versions in one scope at `atSeq` (absent: now). */
export function selectContext(
  connection: Connection,
  run: number,
  query: Omit<Topics["context"]["query"], "runId">,
): ContextRow[] {
  const at = query.atSeq ?? LIVE - 1;
  if (query.key === undefined)
    return connection.all<StoredContext>(SCOPE_HEADS, run, at, query.scope).map(toContextRow);
  const row = connection.get<StoredContext>(KEY_HEAD, run, at, query.scope, query.key);
  if (row === undefined) return [];
  const gone = row.json === null && row.blob === null;
  if (gone && connection.get<{ parent: string | null }>(PARENT, run, at, query.scope)?.parent == null) return [];
  return [toContextRow(row)];
}

export function selectLiveScopes(connection: Connection, run: number): ScopeRow[] {
  return connection.all<StoredScope>(LIVE_SCOPES, run).map(toScopeRow);
}

export function selectScopes(connection: Connection, run: number): Topics["scopes"]["row"][] {
  return connection.all<StoredScope>(ALL_SCOPES, run).map((row) => ({
    ...toScopeRow(row),
    bornSeq: row.born,
    ...(row.until === LIVE ? {} : { endedSeq: row.until }),
  }));
}

function toContextRow({ scope, key, seq, json, blob, bytes }: StoredContext): ContextRow {
  if (json !== null) return { scope, key, seq, value: { json } };
  return blob === null ? { scope, key, seq } : { scope, key, seq, value: { blob, bytes: bytes ?? 0 } };
}

function toScopeRow({ scope, parent, parent_seq }: StoredScope): ScopeRow {
  return { scope, ...(parent === null ? {} : { parent }), ...(parent_seq === null ? {} : { parentSeq: parent_seq }) };
}
