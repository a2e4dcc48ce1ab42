/** Snapshots are appended: what lives can be loaded, and what lived at any turn can be read. */
import type { ConformanceKit } from "./store-conformance.ts";
import { commitAll, creation, MACHINE, turn } from "./store-fixtures.ts";

const version = (actor: string, n: number) => ({ actor, machine: MACHINE, snapshot: JSON.stringify({ n }) });

export function testCheckpoints({ describe, promise, expect }: ConformanceKit): void {
  describe("checkpoints", () => {
    promise("are the newest versions of living actors, over a reopening", async (_store, under) => {
      await commitAll(
        under.store,
        creation("a"),
        turn("a", 1, { actors: [version("run:a", 1), version("branch:main", 1)] }),
      );
      await commitAll(under.store, turn("a", 2, { actors: [version("branch:main", 2), version("stage:main/x@1", 1)] }));
      await commitAll(under.store, turn("a", 3, { actors: [{ actor: "stage:main/x@1", ended: true }] }));
      const store = await under.reopen();
      expect((await store.load("a"))?.actors).toEqual([
        { ...version("branch:main", 2), seq: 3 },
        { ...version("run:a", 1), seq: 2 },
      ]);
      expect(await store.check()).toEqual([]);
    });

    promise("can be read as they were at any seq", async (store) => {
      await commitAll(
        store,
        creation("a"),
        turn("a", 1, { actors: [version("s", 1)] }),
        turn("a", 2, { actors: [version("s", 2)] }),
      );
      await commitAll(
        store,
        turn("a", 3, { actors: [{ actor: "s", ended: true }] }),
        turn("a", 4, { actors: [version("s", 3)] }),
      );
      const at = async (atSeq: number, actor?: string) =>
        (await store.read("checkpoints", { runId: "a", atSeq, ...(actor === undefined ? {} : { actor }) })).map(
          (row) => [row.seq, row.snapshot],
        );
      expect(await at(1)).toEqual([]);
      expect(await at(2)).toEqual([[2, '{"n":1}']]);
      expect(await at(3, "s")).toEqual([[3, '{"n":2}']]);
      expect(await at(3, "t")).toEqual([]);
      expect(await at(4)).toEqual([]);
      expect(await at(5)).toEqual([[5, '{"n":3}']]);
      expect(await store.read("checkpoints", { runId: "a" })).toEqual([{ ...version("s", 3), seq: 5 }]);
    });

    promise("count the last write of an actor in a turn", async (store) => {
      const brief = [version("x", 1), { actor: "x", ended: true as const }];
      await commitAll(store, creation("a"), turn("a", 1, { actors: [version("s", 1), version("s", 2), ...brief] }));
      expect((await store.load("a"))?.actors).toEqual([{ ...version("s", 2), seq: 2 }]);
      expect(await store.read("checkpoints", { runId: "a", atSeq: 2 })).toEqual([{ ...version("s", 2), seq: 2 }]);
      expect(await store.check()).toEqual([]);
    });

    promise("take the end of an actor that never was for no change", async (store) => {
      await commitAll(store, creation("a"), turn("a", 1, { actors: [{ actor: "ghost", ended: true }] }));
      expect((await store.load("a"))?.actors).toEqual([]);
    });

    promise("come in the order of their texts' code points", async (store) => {
      const names = ["z", "\u{1f600}", "\uffee", "a/b", "a", "a0"];
      await commitAll(store, creation("a"), turn("a", 1, { actors: names.map((name) => version(name, 1)) }));
      const found = (await store.load("a"))?.actors.map((row) => row.actor);
      expect(found).toEqual(["a", "a/b", "a0", "z", "\uffee", "\u{1f600}"]);
    });
  });
}
