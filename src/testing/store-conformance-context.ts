/** Context: scopes, versions of keys, and what is gone. */
import type { ContextRow, ContextWrite } from "../persistence/store.ts";
import type { ConformanceKit } from "./store-conformance.ts";
import { commitAll, creation, turn } from "./store-fixtures.ts";

const put = (scope: string, key: string, value: unknown): ContextWrite => ({
  scope,
  key,
  value: { json: JSON.stringify(value) },
});
const brief = (rows: readonly ContextRow[] | undefined) =>
  rows?.map(({ scope, key, seq, value }) => [
    scope,
    key,
    seq,
    value === undefined ? "gone" : "json" in value ? value.json : value.blob,
  ]);

export function testContext(kit: ConformanceKit): void {
  kit.describe("context", () => {
    testVersions(kit);
    testScopes(kit);
  });
}

function testVersions({ promise, expect }: ConformanceKit): void {
  promise("has the newest version of each key, over a reopening", async (_store, under) => {
    const blob = { scope: "main", key: "big", value: { blob: "e".repeat(64), bytes: 70_000 } };
    await commitAll(
      under.store,
      creation("a"),
      turn("a", 1, { context: [put("main", "b", 1), put("main", "a", 1), blob] }),
    );
    await commitAll(under.store, turn("a", 2, { context: [put("main", "b", { deep: ["☃"] })] }));
    const store = await under.reopen();
    expect((await store.load("a"))?.context).toEqual([
      { scope: "main", key: "a", seq: 2, value: { json: "1" } },
      { scope: "main", key: "b", seq: 3, value: { json: '{"deep":["☃"]}' } },
      { scope: "main", key: "big", seq: 2, value: { blob: "e".repeat(64), bytes: 70_000 } },
    ]);
  });

  promise("can be read as it was at any seq, by scope or by key", async (store) => {
    await commitAll(store, creation("a"), turn("a", 1, { context: [put("main", "k", 1)] }));
    await commitAll(store, turn("a", 2, { context: [put("main", "k", 2), put("main", "l", 1)] }), turn("a", 3));
    const at = async (atSeq: number, key?: string) =>
      brief(await store.read("context", { runId: "a", scope: "main", atSeq, ...(key === undefined ? {} : { key }) }));
    expect(await at(1)).toEqual([]);
    expect(await at(2)).toEqual([["main", "k", 2, "1"]]);
    expect(await at(4)).toEqual([
      ["main", "k", 3, "2"],
      ["main", "l", 3, "1"],
    ]);
    expect(await at(2, "k")).toEqual([["main", "k", 2, "1"]]);
    expect(await at(2, "l")).toEqual([]);
    expect(await store.read("context", { runId: "a", scope: "elsewhere" })).toEqual([]);
  });

  promise("counts the last write of a key in a turn", async (store) => {
    await commitAll(store, creation("a"), turn("a", 1, { context: [put("main", "k", 1), put("main", "k", 2)] }));
    expect(brief((await store.load("a"))?.context)).toEqual([["main", "k", 2, "2"]]);
  });

  promise("forgets a key that is gone, but says so where a parent may have it", async (store) => {
    await commitAll(store, creation("a"), turn("a", 1, { context: [put("main", "k", 1)] }));
    await commitAll(store, turn("a", 2, { scopes: [{ scope: "main/f@1/0", parent: "main", parentSeq: 2 }] }));
    const gone = [
      { scope: "main", key: "k" },
      { scope: "main/f@1/0", key: "k" },
    ];
    await commitAll(store, turn("a", 3, { context: gone }));
    expect(brief((await store.load("a"))?.context)).toEqual([["main/f@1/0", "k", 4, "gone"]]);
    expect(await store.read("context", { runId: "a", scope: "main", key: "k" })).toEqual([]);
    expect(brief(await store.read("context", { runId: "a", scope: "main/f@1/0", key: "k" }))).toEqual([
      ["main/f@1/0", "k", 4, "gone"],
    ]);
    expect(brief(await store.read("context", { runId: "a", scope: "main", atSeq: 3 }))).toEqual([
      ["main", "k", 2, "1"],
    ]);
    await commitAll(store, turn("a", 4, { context: [put("main", "k", 5)] }));
    expect(brief(await store.read("context", { runId: "a", scope: "main" }))).toEqual([["main", "k", 5, "5"]]);
  });
}

function testScopes({ promise, expect }: ConformanceKit): void {
  promise("loads only scopes that have not ended; the others can still be read", async (store) => {
    const child = { scope: "main/f@1/0", parent: "main", parentSeq: 1 };
    await commitAll(
      store,
      creation("a"),
      turn("a", 1, { scopes: [{ scope: "main" }, child], context: [put(child.scope, "x", 1)] }),
    );
    expect((await store.load("a"))?.scopes).toEqual([{ scope: "main" }, child]);
    await commitAll(
      store,
      turn("a", 2, { context: [put(child.scope, "x", 2)], scopes: [{ scope: child.scope, ended: true }] }),
    );
    const image = await store.load("a");
    expect([image?.scopes, image?.context]).toEqual([[{ scope: "main" }], []]);
    expect(brief(await store.read("context", { runId: "a", scope: child.scope }))).toEqual([
      [child.scope, "x", 3, "2"],
    ]);
    expect(await store.read("scopes", { runId: "a" })).toEqual([
      { scope: "main", bornSeq: 2 },
      { ...child, bornSeq: 2, endedSeq: 3 },
    ]);
  });

  promise("begins a scope with its first key when nothing else did", async (store) => {
    await commitAll(store, creation("a"), turn("a", 1, { context: [put("@visits", "n", 1)] }));
    expect(await store.read("scopes", { runId: "a" })).toEqual([{ scope: "@visits", bornSeq: 2 }]);
    expect(brief((await store.load("a"))?.context)).toEqual([["@visits", "n", 2, "1"]]);
    expect(await store.check()).toEqual([]);
  });

  promise("lets a scope begin and end within one turn", async (store) => {
    const scopes = [
      { scope: "s", parent: "main" },
      { scope: "s", ended: true as const },
    ];
    await commitAll(store, creation("a"), turn("a", 1, { scopes, context: [put("s", "k", 1)] }));
    expect(await store.read("scopes", { runId: "a" })).toEqual([
      { scope: "s", parent: "main", bornSeq: 2, endedSeq: 2 },
    ]);
    expect((await store.load("a"))?.context).toEqual([]);
  });
}
