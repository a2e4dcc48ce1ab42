/** What SQLite's result codes mean for us. Source: https://sqlite.org/rescode.html */
import { type ErrorCode, InvariantError, isSafepointError, messageOf, SafepointError } from "../../errors.ts";

const CONSTRAINT = 19;
const BUSY = 5;
const READONLY = 8;
const CANTOPEN = 14;

const CODE_OF_PRIMARY: Readonly<Record<number, ErrorCode>> = {
  [BUSY]: "store_busy",
  6: "store_busy", // LOCKED
  7: "store_unavailable", // NOMEM
  [READONLY]: "store_read_only",
  10: "store_unavailable", // IOERR
  11: "store_corrupt", // CORRUPT
  13: "store_full", // FULL
  [CANTOPEN]: "store_unavailable",
  26: "store_corrupt", // NOTADB
};

const MEANING: Partial<Record<ErrorCode, string>> = {
  store_busy: "another process holds the store's lock; try again",
  store_full: "the store's disk or size limit is full; nothing was written",
  store_read_only: "the store can be read but not written",
  store_corrupt: "the store is damaged, or not a database of Safepoint",
  store_unavailable: "the store cannot be used",
};

/** The primary result code (the low byte) of an error of `node:sqlite`, or undefined for any other error. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { errcode } = error as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}

/** Another connection holds the lock: the same again may succeed. */
export function isBusy(error: unknown): boolean {
  return isSafepointError(error) ? error.code === "store_busy" : toStoreError(error, "").code === "store_busy";
}

/** A file beside the database could not be made or opened, so that not even reading goes. */
export function isUnreadable(error: unknown): boolean {
  const primary = primaryCode(error);
  return primary === CANTOPEN || primary === READONLY;
}

/** The coded error for anything thrown while using the database at `location`. */
export function toStoreError(error: unknown, location: string): SafepointError {
  if (isSafepointError(error)) return error;
  const primary = primaryCode(error);
  if (primary === CONSTRAINT) {
    return new InvariantError(`a row broke a rule of the store's tables: ${messageOf(error)}`, { location });
  }
  const code = primary === undefined ? "internal" : (CODE_OF_PRIMARY[primary] ?? "store_unavailable");
  return new SafepointError(code, `${location}: ${MEANING[code] ?? "unexpected failure"} (${messageOf(error)})`, {
    details: { location, ...(primary === undefined ? {} : { sqlite: (error as { errcode: number }).errcode }) },
    cause: error,
  });
}
