/**
 * Brings a database's tables to this program's version. Several processes may open a new file at once: the version is
 * read again under the write lock, so that one of them does the work and the others find it done.
 */
import { SafepointError } from "../../errors.ts";
import type { Connection } from "./connection.ts";
import { MIGRATIONS, type Migration } from "./schema.sql.ts";

/** "SFPT": tells our files from other programs' databases. */
const APPLICATION_ID = 0x53_46_50_54;

/**
 * Throws `store_corrupt` for another program's database, `store_schema_newer` when a newer program changed the tables in
 * a way that this one would misread, `store_read_only` when they are older and may not be changed.
 */
export function migrate(connection: Connection, location: string, migrations: readonly Migration[] = MIGRATIONS): void {
  const newest = newestOf(migrations);
  if (readVersion(connection, location, newest) >= newest) return;
  if (connection.readOnly) {
    throw new SafepointError(
      "store_read_only",
      `${location} must be migrated, but may only be read; open it writable once`,
    );
  }
  connection.transaction(() => {
    const version = readVersion(connection, location, newest);
    for (const migration of migrations) if (migration.version > version) apply(connection, migration);
  });
}

function newestOf(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0;
}

/** The schema's version, 0 in an empty file. Throws as {@link migrate} does; changes nothing. */
export function readVersion(connection: Connection, location: string, newest = newestOf(MIGRATIONS)): number {
  const version = readPragma(connection, "user_version");
  const application = readPragma(connection, "application_id");
  const empty = connection.get("SELECT 1 FROM sqlite_schema LIMIT 1") === undefined;
  if (empty && version === 0 && application === 0) return 0;
  if (application !== APPLICATION_ID) {
    throw new SafepointError("store_corrupt", `${location} is a SQLite database, but not one of Safepoint`, {
      details: { location, applicationId: application },
    });
  }
  if (version > newest) refuseBreaking(connection, location, { version, newest });
  return version;
}

/**
 * Whether the tables are still those that this program knows: another process may have migrated them while this one has
 * them open. Throws as {@link migrate} does.
 */
export function assertKnownVersion(connection: Connection, location: string): void {
  if (readPragma(connection, "user_version") > newestOf(MIGRATIONS)) readVersion(connection, location);
}

function refuseBreaking(
  connection: Connection,
  location: string,
  { version, newest }: { version: number; newest: number },
): void {
  const meta = new Map(connection.all<{ key: string; value: unknown }>("SELECT key, value FROM meta").map(entryOf));
  const breaking = meta.get("breaking");
  // A version that its own migration did not vouch for is one that this program knows nothing about.
  if (meta.get("version") === version && typeof breaking === "number" && breaking <= newest) return;
  throw new SafepointError(
    "store_schema_newer",
    `${location} was written by a newer Safepoint (schema ${version}; this program knows ${newest}): update this program`,
    { details: { location, found: version, known: newest } },
  );
}

function entryOf({ key, value }: { key: string; value: unknown }): [string, unknown] {
  return [key, value];
}

function apply(connection: Connection, { version, breaking, sql }: Migration): void {
  connection.script(sql);
  connection.script(`PRAGMA user_version = ${version}; PRAGMA application_id = ${APPLICATION_ID};`);
  connection.run("INSERT OR REPLACE INTO meta VALUES ('version', ?)", version);
  if (breaking) connection.run("INSERT OR REPLACE INTO meta VALUES ('breaking', ?)", version);
}

function readPragma(connection: Connection, name: "user_version" | "application_id"): number {
  return connection.get<Record<string, number>>(`PRAGMA ${name}`)?.[name] ?? 0;
}
