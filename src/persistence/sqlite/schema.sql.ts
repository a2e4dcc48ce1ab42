/**
 * The tables, as migrations. A number once released is never edited. Source: 02 §4; why each table is as it is and what
 * was measured: README.md beside this file.
 */

/**
 * End of what has not ended. Live rows carry it in `until`, so that "live now" and "live at seq k" are the same range of
 * the same key, and what is live lies together however long the history is. Fits six bytes on disk.
 */
export const LIVE = 140_737_488_355_327;

export interface Migration {
  readonly version: number;
  /** Whether a program that does not know this migration would misread or damage the store. */
  readonly breaking: boolean;
  readonly sql: string;
}

const tables = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('gseq_floor', 0);

CREATE TABLE runs (
  run INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL UNIQUE,
  seq INTEGER NOT NULL,
  token INTEGER NOT NULL,
  status TEXT NOT NULL,
  status_reason TEXT,
  resume_epoch INTEGER NOT NULL DEFAULT 0,
  owner_host TEXT, owner_boot TEXT, owner_pid INTEGER, owner_start TEXT,
  lease_until_ms REAL,
  created_at_ms REAL NOT NULL, started_at_ms REAL, finished_at_ms REAL,
  pipeline_name TEXT NOT NULL, pipeline_hash TEXT NOT NULL,
  labels TEXT NOT NULL,
  parent_run TEXT, parent_seq INTEGER, root_run TEXT
) STRICT;
CREATE INDEX runs_by_status ON runs (status, run);
CREATE INDEX runs_by_parent ON runs (parent_run) WHERE parent_run IS NOT NULL;
CREATE TABLE run_inputs (run INTEGER PRIMARY KEY REFERENCES runs (run), inputs TEXT NOT NULL) STRICT;

CREATE TABLE journal (
  gseq INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  at_ms REAL NOT NULL,
  type TEXT NOT NULL,
  v INTEGER NOT NULL,
  branch TEXT, stage TEXT, attempt INTEGER, execution TEXT,
  data TEXT NOT NULL,
  command_id TEXT, cause_actor TEXT
) STRICT;
CREATE UNIQUE INDEX journal_by_seq ON journal (run, seq);
CREATE INDEX journal_by_place ON journal (run, coalesce(stage, branch), seq) WHERE coalesce(stage, branch) IS NOT NULL;

CREATE TABLE actors (
  run INTEGER NOT NULL, until INTEGER NOT NULL, actor TEXT NOT NULL, born INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (run, until, actor)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (
  run INTEGER NOT NULL, seq INTEGER NOT NULL, actor TEXT NOT NULL, machine TEXT NOT NULL, snapshot TEXT NOT NULL,
  PRIMARY KEY (run, seq, actor)
) STRICT, WITHOUT ROWID;

CREATE TABLE scopes (
  run INTEGER NOT NULL, until INTEGER NOT NULL, scope TEXT NOT NULL, born INTEGER NOT NULL,
  parent TEXT, parent_seq INTEGER,
  PRIMARY KEY (run, until, scope)
) STRICT, WITHOUT ROWID;
CREATE TABLE context (
  run INTEGER NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL,
  json TEXT, blob TEXT, bytes INTEGER,
  PRIMARY KEY (run, scope, key, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE timers (
  run INTEGER NOT NULL REFERENCES runs (run), timer TEXT NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL,
  clock TEXT NOT NULL, due_ms REAL NOT NULL,
  PRIMARY KEY (run, timer)
) STRICT, WITHOUT ROWID;
CREATE TABLE gates (
  run INTEGER NOT NULL REFERENCES runs (run), gate TEXT NOT NULL, stage TEXT NOT NULL, status TEXT NOT NULL,
  question TEXT NOT NULL, answer TEXT, opened_seq INTEGER NOT NULL,
  PRIMARY KEY (run, gate)
) STRICT, WITHOUT ROWID;
CREATE INDEX gates_open ON gates (run, gate) WHERE status = 'open';
CREATE TABLE commands (
  command INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs (run), command_id TEXT NOT NULL, verb TEXT NOT NULL, body TEXT NOT NULL,
  actor TEXT NOT NULL, reason TEXT, at_ms REAL NOT NULL, result TEXT,
  UNIQUE (run, command_id)
) STRICT;
CREATE INDEX commands_pending ON commands (run, command) WHERE result IS NULL;
CREATE TABLE artifacts (
  run INTEGER NOT NULL REFERENCES runs (run), artifact TEXT NOT NULL, stage TEXT NOT NULL, execution TEXT,
  name TEXT NOT NULL, media_type TEXT NOT NULL, hash TEXT NOT NULL, bytes INTEGER NOT NULL, complete INTEGER NOT NULL,
  PRIMARY KEY (run, artifact)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
  run INTEGER NOT NULL REFERENCES runs (run), id TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (run, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE processes (
  run INTEGER NOT NULL REFERENCES runs (run), execution TEXT NOT NULL, pid INTEGER NOT NULL, token INTEGER NOT NULL,
  host TEXT NOT NULL, boot_id TEXT NOT NULL, process_start TEXT NOT NULL,
  PRIMARY KEY (run, execution, pid)
) STRICT, WITHOUT ROWID;
CREATE TABLE output (
  run INTEGER NOT NULL REFERENCES runs (run), execution TEXT NOT NULL, stream TEXT NOT NULL, chunk INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (run, execution, stream, chunk)
) STRICT;
CREATE TABLE handler_snapshots (
  run INTEGER NOT NULL REFERENCES runs (run), stage TEXT NOT NULL, snapshot TEXT NOT NULL,
  PRIMARY KEY (run, stage)
) STRICT, WITHOUT ROWID;

CREATE TABLE pipelines (hash TEXT PRIMARY KEY, name TEXT NOT NULL, source TEXT NOT NULL) STRICT;
CREATE TABLE blobs (hash TEXT PRIMARY KEY, bytes BLOB NOT NULL, touched_at INTEGER NOT NULL) STRICT;
`;

/** A row a turn instead of one a version, appended in the order of commits instead of run by run. */
const checkpointsByTurn = `
CREATE TABLE checkpoints_by_turn (gseq INTEGER PRIMARY KEY, versions TEXT NOT NULL) STRICT;
INSERT INTO checkpoints_by_turn
  SELECT gseq, json_group_array(json_array(actor, machine, snapshot))
  FROM checkpoints JOIN journal USING (run, seq) GROUP BY gseq;
DROP TABLE checkpoints;
ALTER TABLE checkpoints_by_turn RENAME TO checkpoints;
`;

/**
 * Fewer pages a turn. What a turn wrote of its actors stands with its last entry, and is the only word on who lives; the
 * index by place is brought up for many turns at once; a run's seq is read from its journal. Of runs from before, only
 * the newest turn lists who lives: their past is read from their beginning.
 */
const fewerPages = `
ALTER TABLE runs DROP COLUMN seq;
ALTER TABLE journal ADD COLUMN checkpoint TEXT;
UPDATE journal SET checkpoint = json_object(
    'written', json((SELECT json_group_array(json_array(v.value ->> 0, v.value ->> 1, json(v.value ->> 2)))
      FROM checkpoints c, json_each(c.versions) v WHERE c.gseq = journal.gseq)),
    'ended', json((SELECT json_group_array(actor) FROM actors a WHERE a.run = journal.run AND a.until = journal.seq)))
  WHERE gseq IN (SELECT gseq FROM checkpoints)
    OR EXISTS (SELECT 1 FROM actors a WHERE a.run = journal.run AND a.until = journal.seq);
UPDATE journal SET checkpoint = json_set(checkpoint, '$.others', json((
    SELECT json_group_array(json_array(actor, a.seq)) FROM actors a
    WHERE a.run = journal.run AND until = ${LIVE} AND a.seq <> journal.seq)))
  WHERE gseq IN (SELECT max(gseq) FROM journal WHERE checkpoint IS NOT NULL GROUP BY run);
DROP TABLE checkpoints;
DROP TABLE actors;
DROP INDEX journal_by_place;
CREATE TABLE places (
  run INTEGER NOT NULL, place TEXT NOT NULL, seq INTEGER NOT NULL, gseq INTEGER NOT NULL,
  PRIMARY KEY (run, place, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO places SELECT run, coalesce(stage, branch), seq, gseq FROM journal WHERE coalesce(stage, branch) IS NOT NULL
  ORDER BY 1, 2, 3;
INSERT INTO meta SELECT 'placed', coalesce(max(gseq), 0) FROM journal;
`;

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, breaking: true, sql: tables },
  { version: 2, breaking: true, sql: checkpointsByTurn },
  { version: 3, breaking: true, sql: fewerPages },
];
