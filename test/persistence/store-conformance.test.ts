import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { type StoreUnderTest, testStore } from "../../src/testing/store-conformance.ts";

const runner = { describe, it, expect };

/** A store that ends when it is closed: reopening is going on. */
async function lasting(store: Store): Promise<StoreUnderTest> {
  return { store, reopen: async () => store, dispose: () => store.close() };
}

async function onDisk(): Promise<StoreUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), "safepoint-store-"));
  const path = join(folder, "runs.db");
  let store = sqliteStore({ path, synchronous: "NORMAL" });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = sqliteStore({ path, synchronous: "NORMAL" });
      return store;
    },
    dispose: async () => {
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

testStore("memory", runner, () => lasting(memoryStore()));
testStore("sqlite in memory", runner, () => lasting(sqliteStore(":memory:")));
testStore("sqlite file", runner, onDisk);
