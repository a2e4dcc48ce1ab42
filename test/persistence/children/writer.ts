/** Commits turns of run "a" one after another and says on stdout which one it was told is written, until it is killed. */
import { writeSync } from "node:fs";
import { sqliteStore } from "../../../src/persistence/sqlite/index.ts";
import { commitAll, creation, entries, MACHINE, turn } from "../../../src/testing/store-fixtures.ts";

const store = sqliteStore({ path: process.argv[2] ?? "", synchronous: "NORMAL" });
const started = await store.load("a");
if (started === undefined) await commitAll(store, creation("a"));
for (let seq = started?.run.seq ?? 1; ; seq += 3) {
  await commitAll(
    store,
    turn("a", seq, {
      entries: entries(3),
      actors: [
        { actor: "branch:main", machine: MACHINE, snapshot: JSON.stringify({ seq }) },
        { actor: `stage:${seq}`, machine: MACHINE, snapshot: JSON.stringify({ pad: "x".repeat(2_000) }) },
        { actor: `stage:${seq - 3}`, ended: true },
      ],
      context: [{ scope: "main", key: "seq", value: { json: String(seq) } }],
    }),
  );
  writeSync(1, `${seq + 3}\n`);
}
