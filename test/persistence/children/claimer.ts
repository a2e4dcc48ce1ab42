/** Opens the store at once with its rivals, asks for the lease of each run of a list, and says which it got. */
import { sqliteStore } from "../../../src/persistence/sqlite/index.ts";

const [, , path = "", ...runs] = process.argv;
const store = sqliteStore({ path, synchronous: "NORMAL" });
const owner = { host: "h", bootId: "b", pid: process.pid, processStart: "1" };
const won: string[] = [];
for (const runId of runs) {
  const claim = await store.claim({ runId, owner, nowMs: 0, leaseMs: 60_000 });
  if (claim.ok) won.push(runId);
}
await store.close();
console.log(JSON.stringify(won));
