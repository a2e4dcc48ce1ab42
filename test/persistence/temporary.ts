import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store } from "../../src/persistence/store.ts";

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "safepoint-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

type Options = Exclude<Parameters<typeof sqliteStore>[0], string>;

/** A SQLite store that is closed after the test. */
export function openStore(path: string, options: Partial<Options> = {}): Store {
  const store = sqliteStore({ path, synchronous: "NORMAL", ...options });
  onTestFinished(() => store.close());
  return store;
}
