/** Waits for another process's commit, with nothing else to do, and says which runs there are then. */
import { writeSync } from "node:fs";
import { sqliteStore } from "../../../src/persistence/sqlite/index.ts";

const store = sqliteStore({ path: process.argv[2] ?? "", synchronous: "NORMAL" });
const changed = new Promise<void>((resolve) => {
  const stop = store.watch(() => {
    stop();
    resolve();
  });
});
writeSync(1, "waiting\n");
await changed;
const runs = await store.read("runs", {});
writeSync(1, `${JSON.stringify(runs.map((row) => row.runId))}\n`);
await store.close();
