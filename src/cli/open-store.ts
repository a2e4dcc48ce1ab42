import { constants, existsSync } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { SafepointError } from "../errors.ts";
import type { Store } from "../persistence/store.ts";
import type { Cli } from "./cli.ts";

const DEFAULT_STORE = ".safepoint/safepoint.db";

/** What --store, else $SAFEPOINT_STORE, else the default names: an absolute path, or `:memory:`. *Throws* `configuration`. */
export function storeLocation(cli: Cli): string {
  const named = cli.globals.store ?? (cli.io.env["SAFEPOINT_STORE"] || DEFAULT_STORE);
  if (named === ":memory:") return named;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(named)) {
    throw new SafepointError("configuration", `a store is an SQLite file, found the URL "${named.split("@").at(-1)}"`, {
      details: { hint: "name a file, as .safepoint/safepoint.db" },
    });
  }
  return resolve(cli.io.cwd, named);
}

/** Whether the store ends with this process: then no other command can ever see its runs. */
export function isStoreOfThisProcess(cli: Cli): boolean {
  return storeLocation(cli) === ":memory:";
}

/**
 * Opens the store, hands it on, and closes it whatever comes. Reading commands do not make one (`create` absent).
 * *Throws* `store_not_found` and the other codes of a store.
 */
export async function withStore<T>(
  cli: Cli,
  options: { readonly create?: boolean },
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openStore(storeLocation(cli), options.create === true);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

async function openStore(location: string, create: boolean): Promise<Store> {
  if (location === ":memory:") {
    const { memoryStore } = await import("../persistence/memory/index.ts");
    return memoryStore();
  }
  const { sqliteStore } = await import("../persistence/sqlite/index.ts");
  if (create) await makeDirectory(dirname(location));
  return sqliteStore({ path: location, create, readOnly: !create && (await isReadOnlyFor(location, mayWrite)) });
}

/**
 * Whether a store that is there can only be read: its file is protected, or its directory is and no process that may
 * write has made the log beside it, without which nothing is written. Whoever only looks at runs can do so all the same.
 */
export async function isReadOnlyFor(
  location: string,
  mayWriteTo: (path: string) => Promise<boolean>,
): Promise<boolean> {
  if (!existsSync(location)) return false;
  if (!(await mayWriteTo(location))) return true;
  return !existsSync(`${location}-wal`) && !(await mayWriteTo(dirname(location)));
}

function mayWrite(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new SafepointError("store_unavailable", `cannot make the store's directory ${path}: ${String(cause)}`, {
      cause,
    });
  }
}
