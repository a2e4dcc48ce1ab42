/** Bytes on their way to the disk, and bytes that stay there. */
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/**
 * All that this process has handed to write calls so far: log frames, and pages moved from the log into the file.
 * Undefined where the system does not count (only Linux does).
 */
export function bytesWritten(): number | undefined {
  try {
    const wchar = /^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1];
    return wchar === undefined ? undefined : Number(wchar);
  } catch {
    return undefined;
  }
}

/** Size of a database as its readers see it, log included. */
export function databaseBytes(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const pragma = (name: string) => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
    return pragma("page_count") * pragma("page_size");
  } finally {
    database.close();
  }
}

/** Bytes of the rows themselves, without what is free on their pages. */
export function payloadBytes(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(database.prepare("SELECT sum(payload) AS bytes FROM dbstat").get()?.["bytes"]);
  } finally {
    database.close();
  }
}
