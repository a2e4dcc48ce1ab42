/** Who lives is told by the turns alone, read backwards to the last list of everybody. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { selectActors } from "../../src/persistence/sqlite/checkpoints.sql.ts";
import { openConnection } from "../../src/persistence/sqlite/open-connection.ts";
import type { ActorWrite, Store } from "../../src/persistence/store.ts";
import { commitAll, creation, entries, MACHINE, turn } from "../../src/testing/store-fixtures.ts";
import { openStore, temporaryFolder } from "./temporary.ts";

const version = (actor: string, n: number): ActorWrite => ({
  actor,
  machine: MACHINE,
  snapshot: JSON.stringify({ actor, n }),
});
const end = (actor: string): ActorWrite => ({ actor, ended: true });

/** A run whose nth turn writes the branch, begins stage n and ends the one before. `others` live from the start. */
async function writeChain(store: Store, turns: number, others = 0): Promise<void> {
  const names = Array.from({ length: others }, (_, index) => `branch:main/fan@1/${index}`);
  await commitAll(store, creation("a"), turn("a", 1, { actors: names.map((name) => version(name, 0)) }));
  for (let n = 1; n <= turns; n++) {
    const actors = [version("branch:main", n), version(`stage:main/n${n}@1`, n), end(`stage:main/n${n - 1}@1`)];
    await commitAll(store, turn("a", n + 1, { actors }));
  }
}

describe("checkpoints in a database", () => {
  it("are those of a store that keeps them one by one, at every seq, whoever writes and whatever fails", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const write = fc.record({ actor: fc.constantFrom(...names), ended: fc.boolean(), n: fc.nat(9) });
    const step = fc.record({
      writes: fc.array(write, { maxLength: 4 }),
      entries: fc.constantFrom(1, 2, 400),
      by: fc.constantFrom(0, 1),
      stale: fc.boolean(),
      besideBroken: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const path = join(temporaryFolder(), "runs.db");
        const stores = [openStore(path), openStore(path)] as const;
        const plain = memoryStore();
        for (const store of [stores[0], plain]) await commitAll(store, creation("a"), creation("b"));
        // Creates a run that is there: the transaction is rolled back, and the turns beside it are written anew.
        const broken = turn("b", 1, { creates: [creation("a")] });
        let seq = 1;
        for (const { writes, entries: count, by, stale, besideBroken } of steps) {
          const actors = writes.map(({ actor, ended, n }) => (ended ? end(actor) : version(actor, n)));
          const next = turn("a", seq, { entries: entries(count), actors });
          const store = stores[by === 0 ? 0 : 1];
          if (stale) expect((await store.commit([{ ...next, baseSeq: seq + 1 }]))[0]?.ok).toBe(false);
          const results = await store.commit(besideBroken ? [next, broken] : [next]);
          expect(results.map(({ ok }) => ok)).toEqual(besideBroken ? [true, false] : [true]);
          await commitAll(plain, next);
          seq += count;
          const query = { runId: "a", atSeq: 1 + (seq % 7) * Math.floor(seq / 7) };
          expect(await store.read("checkpoints", query)).toEqual(await plain.read("checkpoints", query));
        }
        for (let atSeq = seq + 1; atSeq > 0; atSeq -= 1 + Math.floor(seq / 200)) {
          expect(await stores[0].read("checkpoints", { runId: "a", atSeq })).toEqual(
            await plain.read("checkpoints", { runId: "a", atSeq }),
          );
        }
        expect((await stores[1].load("a"))?.actors).toEqual((await plain.load("a"))?.actors);
        expect(await stores[0].check()).toEqual([]);
        for (const store of stores) await store.close();
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ["two", 0],
    ["a hundred", 100],
  ])("cost what lives to read, and a turn no more than its own, with %s actors", async (_name, others) => {
    const path = join(temporaryFolder(), "runs.db");
    const turns = 400;
    await writeChain(openStore(path), turns, others);
    const connection = openConnection({ path });
    const rows = connection.all<{ seq: number; bytes: number }>(
      "SELECT seq, length(checkpoint) AS bytes FROM journal WHERE seq > 2",
    );
    const mean = rows.reduce((sum, { bytes }) => sum + bytes, 0) / rows.length;
    // Two versions and an end take 250 bytes; a share in a list of a hundred, thirty an actor every hundred turns.
    expect(mean).toBeLessThan(330);
    const read = vi.spyOn(connection, "all");
    for (const atSeq of [turns + 2, turns / 2]) {
      read.mockClear();
      const actors = selectActors(connection, 1, { atSeq });
      expect(actors.length).toBe(others + 2);
      const rowsRead = read.mock.results.reduce((sum, { value }) => sum + (value as unknown[]).length, 0);
      // Read in growing portions, the last of which may reach beyond the list.
      expect(rowsRead).toBeLessThanOrEqual(2 * Math.max(8, others) + 8);
    }
    connection.close();
  });

  it.each([
    [
      "a turn's is lost",
      "UPDATE journal SET checkpoint = NULL WHERE seq = 20",
      /at seq 25 the newest checkpoint of stage:main\/n17@1 is of seq 19, but listed as of none/,
    ],
    [
      "a list leaves somebody out",
      "UPDATE journal SET checkpoint = json_set(checkpoint, '$.others', json('[]')) WHERE checkpoint ->> '$.others' <> '[]'",
      /newest checkpoint of branch:main\/fan@1\/0 is of seq 2, but listed as of none/,
    ],
    [
      "a list names somebody who never was",
      `UPDATE journal SET checkpoint = json_insert(checkpoint, '$.others[#]', json('["ghost",3]')) WHERE seq = 33`,
      /newest checkpoint of ghost is of none, but listed as of seq 3$/m,
    ],
  ])("are found unsound when %s", async (_name, sql, expected) => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path);
    await writeChain(store, 40, 3);
    expect(await store.check()).toEqual([]);
    const other = new DatabaseSync(path);
    other.exec(sql);
    other.close();
    expect((await store.check()).join("\n")).toMatch(expected);
  });
});
