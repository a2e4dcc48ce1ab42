import { readVersion } from "../../persistence/sqlite/migrate.ts";
import { openConnection } from "../../persistence/sqlite/open-connection.ts";

export interface DatabaseFacts {
  readonly schemaVersion?: number;
  /** Those in force on a connection as the store opens it. */
  readonly pragmas: Readonly<Record<string, string | number>>;
}

const PRAGMAS = [
  "journal_mode",
  "synchronous",
  "busy_timeout",
  "foreign_keys",
  "wal_autocheckpoint",
  "cache_size",
  "page_size",
  "page_count",
] as const;

const SYNCHRONOUS = ["OFF", "NORMAL", "FULL", "EXTRA"];

/** What a connection to the store has in force. *Throws* as opening the store does. */
export function readDatabase(path: string): DatabaseFacts {
  const connection = openConnection({ path, create: false });
  try {
    const pragmas = PRAGMAS.map((name) => {
      const row = connection.get<Record<string, string | number>>(`PRAGMA ${name}`);
      const value = Object.values(row ?? {})[0] ?? "unknown";
      return [name, name === "synchronous" ? (SYNCHRONOUS[Number(value)] ?? value) : value] as const;
    });
    return { schemaVersion: readVersion(connection, path), pragmas: Object.fromEntries(pragmas) };
  } finally {
    connection.close();
  }
}
