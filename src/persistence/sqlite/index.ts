/** The door `safepoint/sqlite`. */
import type { Store } from "../store.ts";
import type { SqliteOptions } from "./open-connection.ts";
import { SqliteStore } from "./sqlite-store.ts";

export type { SqliteOptions } from "./open-connection.ts";

/**
 * A store in one SQLite file, which several processes may use at once; ":memory:" for one that ends with the process.
 * The file is opened by the first use. Its methods reject with `store_not_found`, `store_corrupt`, `store_schema_newer`,
 * `store_read_only`, `store_full`, `store_busy` or `store_unavailable`.
 */
export function sqliteStore(options: string | (SqliteOptions & { readonly busyPatienceMs?: number })): Store {
  return new SqliteStore(typeof options === "string" ? { path: options } : options);
}
