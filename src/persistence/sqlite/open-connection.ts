/** Opening a database file: every setting is written out each time, because most of them are not kept in the file. */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { SafepointError } from "../../errors.ts";
import { STORE_BUSY_TIMEOUT_MS } from "../../limits.ts";
import { Connection } from "./connection.ts";
import { assertKnownVersion, migrate, readVersion } from "./migrate.ts";
import { isUnreadable } from "./sqlite-errors.ts";
import { loadSqlite } from "./sqlite-module.ts";

export interface SqliteOptions {
  /** A file, or ":memory:". */
  readonly path: string;
  /**
   * FULL (the default): what was committed survives a power cut. NORMAL: it survives a crash of the process; a power cut
   * may take the newest turns, never a part of one.
   */
  readonly synchronous?: "FULL" | "NORMAL";
  /** False: a missing file is the error `store_not_found`. Default true. */
  readonly create?: boolean;
  readonly readOnly?: boolean;
  /** Pages of 4 KB beyond which the file may not grow: `store_full`. */
  readonly pagesMax?: number;
}

const SYNCHRONOUS = { NORMAL: 1, FULL: 2 } as const;
/**
 * Pages in the write-ahead log after which SQLite moves them into the file. Runs rewrite the same few pages turn after
 * turn, so a longer log moves each of them less often: 64 µs a turn in batches of 200, against 80 with SQLite's 1000.
 */
const WAL_CHECKPOINT_PAGES = 4000;
/** The log's file is cut back to this after a burst. */
const WAL_FILE_BYTES_MAX = 64 * 1024 * 1024;
/** Twice as much makes 2,000 runs at once 1 to 3 % quicker, and the process 6 MB larger. */
const CACHE_KIB = 8 * 1024;

/** Throws raw SQLite errors as well as coded ones; the caller codes them. */
export function openConnection(options: SqliteOptions): Connection {
  const { path } = options;
  const inMemory = path === ":memory:";
  const existing = inMemory ? undefined : statSync(path, { throwIfNoEntry: false });
  if (!inMemory) assertUsable(options, existing);
  const connection = options.readOnly === true && !inMemory ? openReadOnly(path) : openWritable(path);
  try {
    configure(connection, options, inMemory);
    migrate(connection, path);
    connection.onOthers = () => assertKnownVersion(connection, path);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function assertUsable({ path, create = true, readOnly }: SqliteOptions, existing: ReturnType<typeof statSync>): void {
  if (existing === undefined) {
    if (!create || readOnly === true) {
      throw new SafepointError("store_not_found", `there is no store at ${path}`, { details: { path } });
    }
    mkdirSync(dirname(path), { recursive: true });
  } else if (!existing.isFile()) {
    throw new SafepointError("store_unavailable", `${path} must be a file, but is something else`, {
      details: { path },
    });
  }
}

function openWritable(path: string): Connection {
  const { DatabaseSync } = loadSqlite();
  return new Connection(new DatabaseSync(path), false);
}

/**
 * A log-mode database needs its shared-memory file even to be read. Where that cannot be made (a read-only medium) and
 * no log is waiting, the file cannot change under us and is opened as immutable.
 */
function openReadOnly(path: string): Connection {
  const { DatabaseSync } = loadSqlite();
  const plain = new DatabaseSync(path, { readOnly: true });
  try {
    plain.prepare("SELECT count(*) FROM sqlite_schema").get();
    return new Connection(plain, true);
  } catch (error) {
    plain.close();
    const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
    if (!isUnreadable(error) || (log !== undefined && log.size > 0)) throw error;
  }
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  return new Connection(new DatabaseSync(url, { readOnly: true }), true);
}

function configure(connection: Connection, options: SqliteOptions, inMemory: boolean): void {
  const level = options.synchronous ?? "FULL";
  // Before anything is changed: another program's database is left as it is.
  readVersion(connection, options.path);
  connection.script(`
    PRAGMA busy_timeout = ${STORE_BUSY_TIMEOUT_MS};
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0;
    PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA synchronous = ${level};
  `);
  if (!connection.readOnly) {
    const mode = connection.get<{ journal_mode: string }>("PRAGMA journal_mode = WAL")?.journal_mode;
    if (mode !== (inMemory ? "memory" : "wal")) {
      throw new SafepointError(
        "configuration",
        `${options.path} is on a file system without write-ahead logging (${mode})`,
      );
    }
    connection.script(
      `PRAGMA wal_autocheckpoint = ${WAL_CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${WAL_FILE_BYTES_MAX};`,
    );
  }
  if (options.pagesMax !== undefined) connection.get(`PRAGMA max_page_count = ${Math.trunc(options.pagesMax)}`);
  // Read back: a library once lowered the level when it opened a file again, and nobody noticed until a power cut.
  const synchronous = connection.get<{ synchronous: number }>("PRAGMA synchronous")?.synchronous;
  if (synchronous !== SYNCHRONOUS[level]) {
    throw new SafepointError("configuration", `${options.path} refuses synchronous=${level} (it says ${synchronous})`);
  }
}
