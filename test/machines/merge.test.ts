import { describe, expect, it } from "vitest";
import type { ConflictRule, JsonValue, ParallelSettings } from "../../src/graph/index.ts";
import { type BranchResult, conflictMessage, type Merge, mergeBranches } from "../../src/machines/merge.ts";

type Context = Readonly<Record<string, JsonValue>>;

function result(index: number, context: Context, more: Partial<BranchResult> = {}): BranchResult {
  return { id: `b${index}`, index, status: "success", notes: null, outcome: null, context, ...more };
}

interface Asked {
  readonly merge?: ParallelSettings["merge"];
  readonly conflict?: ConflictRule;
  readonly conflictOf?: Readonly<Record<string, ConflictRule>>;
  readonly failed?: boolean;
}

function merge(results: readonly BranchResult[], asked: Asked = {}): Merge {
  const { merge: mode = "overlay", conflict = "error", conflictOf = {}, failed = false } = asked;
  const settings = { merge: mode, conflict, conflictOf: new Map(Object.entries(conflictOf)) };
  return mergeBranches({ node: "fan", activation: "main/fan@2", results, settings, failed });
}

/** One key, written by branches 0, 1, … in this order. */
const written = (...values: readonly JsonValue[]) => values.map((value, index) => result(index, { k: value }));
const paths = (...indexes: readonly number[]) => indexes.map((index) => `main/fan@2/${index}`);
/** What a rule makes of a key, and whose values it took. */
function resolved(rule: ConflictRule, ...values: readonly JsonValue[]): unknown {
  const { updates, provenance, conflicts } = merge(written(...values), { conflict: rule });
  return conflicts.length > 0 ? "conflict" : [updates["k"], ...(provenance["k"]?.branches ?? [])];
}

describe("modes", () => {
  const results = [result(0, { a: 1 }), result(1, { b: 2 }, { status: "fail" }), result(2, { c: 3, d: 4 })];

  it("none leaves nothing", () => {
    expect(merge(results, { merge: "none" })).toEqual({ updates: {}, provenance: {}, conflicts: [] });
  });

  it("namespaced has every key of every result, and names its branch", () => {
    expect(merge(results, { merge: "namespaced" })).toEqual({
      updates: { "parallel.fan.0.a": 1, "parallel.fan.1.b": 2, "parallel.fan.2.c": 3, "parallel.fan.2.d": 4 },
      provenance: {
        "parallel.fan.0.a": { branches: paths(0), rule: "namespaced" },
        "parallel.fan.1.b": { branches: paths(1), rule: "namespaced" },
        "parallel.fan.2.c": { branches: paths(2), rule: "namespaced" },
        "parallel.fan.2.d": { branches: paths(2), rule: "namespaced" },
      },
      conflicts: [],
    });
  });

  it("namespaced keys stay where the join failed: they tell what happened", () => {
    expect(merge(results, { merge: "namespaced", failed: true })).toEqual(merge(results, { merge: "namespaced" }));
  });

  it("namespaced keys never conflict", () => {
    expect(merge(written(1, 2), { merge: "namespaced" }).updates).toEqual({
      "parallel.fan.0.k": 1,
      "parallel.fan.1.k": 2,
    });
  });

  it("overlay has the keys of successful branches under their own names", () => {
    expect(merge(results)).toEqual({
      updates: { a: 1, c: 3, d: 4 },
      provenance: {
        a: { branches: paths(0), rule: "only" },
        c: { branches: paths(2), rule: "only" },
        d: { branches: paths(2), rule: "only" },
      },
      conflicts: [],
    });
  });

  it.each([
    ["success", true],
    ["partial_success", true],
    ["shipped", true],
    ["skipped", true],
    ["retry", false],
    ["fail", false],
  ])("overlay takes what a branch of %s wrote: %s", (status, taken) => {
    expect(Object.keys(merge([result(0, { a: 1 }, { status })]).updates)).toEqual(taken ? ["a"] : []);
  });

  it("nothing is laid over where the join failed", () => {
    expect(merge(results, { failed: true })).toEqual({ updates: {}, provenance: {}, conflicts: [] });
  });

  it("a branch that failed is no part of a conflict", () => {
    const failing = [result(0, { k: 1 }), result(1, { k: 2 }, { status: "fail" })];
    expect(merge(failing).updates).toEqual({ k: 1 });
  });

  it("a key may have the name of what objects inherit", () => {
    const odd = JSON.parse('{"__proto__": 1, "constructor": 2}') as Context;
    const { updates } = merge([result(0, odd)]);
    expect(Object.entries(updates).toSorted()).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
    expect(Object.hasOwn(merge([result(0, odd)], { merge: "namespaced" }).updates, "parallel.fan.0.__proto__")).toBe(
      true,
    );
  });
});

describe("conflict rules", () => {
  it("error: branches that wrote different values are a conflict, by key, and nothing at all is laid over", () => {
    const results = [result(0, { x: 1, y: 1, z: 0 }), result(1, { y: 2 }), result(2, { x: 3, w: 1 })];
    expect(merge(results)).toEqual({
      updates: {},
      provenance: {},
      conflicts: [
        { key: "x", branches: paths(0, 2), rule: "error", reason: "they differ" },
        { key: "y", branches: paths(0, 1), rule: "error", reason: "they differ" },
      ],
    });
  });

  it.each<[string, JsonValue, JsonValue]>([
    ["numbers", 1, 1],
    ["objects, whatever the order of their keys", { a: 1, b: { c: 2, d: [3] } }, { b: { d: [3], c: 2 }, a: 1 }],
    ["lists", [1, { a: null }], [1, { a: null }]],
    ["nulls", null, null],
  ])("equal %s are no conflict, and all who wrote them are named", (_, left, right) => {
    expect(merge(written(left, right))).toEqual({
      updates: { k: left },
      provenance: { k: { branches: paths(0, 1), rule: "equal" } },
      conflicts: [],
    });
  });

  it.each<[string, JsonValue, JsonValue]>([
    ["a number and its text", 1, "1"],
    ["null and false", null, false],
    ["lists in another order", [1, 2], [2, 1]],
    ["an object and one with more", { a: 1 }, { a: 1, b: null }],
    ["a list and an object of the same", ["x"], { 0: "x" }],
  ])("%s differ", (_, left, right) => {
    expect(resolved("error", left, right)).toBe("conflict");
  });

  it("first and last go by the index", () => {
    expect(resolved("first", "a", "b", "c")).toEqual(["a", ...paths(0)]);
    expect(resolved("last", "a", "b", "c")).toEqual(["c", ...paths(2)]);
  });

  it("prefer names a branch by id or by index", () => {
    expect(resolved("prefer:b1", "a", "b", "c")).toEqual(["b", ...paths(1)]);
    expect(resolved("prefer:2", "a", "b", "c")).toEqual(["c", ...paths(2)]);
  });

  it("prefer takes an id before an index", () => {
    const results = [result(0, { k: "zero" }, { id: "1" }), result(1, { k: "one" }, { id: "0" })];
    expect(merge(results, { conflict: "prefer:1" }).updates).toEqual({ k: "zero" });
  });

  it("prefer is error among the others where its branch wrote no such key", () => {
    const reason = "they differ, and branch b7 did not write it";
    expect(merge(written(1, 2), { conflict: "prefer:b7" }).conflicts).toMatchObject([{ key: "k", reason }]);
    expect(resolved("prefer:b7", 1, 1)).toEqual([1, ...paths(0, 1)]);
    const failing = [...written(1, 2), result(2, { k: 3 }, { status: "fail" })];
    expect(merge(failing, { conflict: "prefer:2" }).conflicts).toHaveLength(1);
  });

  it("append joins lists one behind the other, also equal ones", () => {
    expect(resolved("append", [1, 2], [2], [])).toEqual([[1, 2, 2], ...paths(0, 1, 2)]);
    expect(resolved("append", ["a"], ["a"])).toEqual([["a", "a"], ...paths(0, 1)]);
  });

  it("union has each element once, where it first stands", () => {
    expect(resolved("union", [3, 1], [1, 2], [{ a: 1, b: 2 }], [{ b: 2, a: 1 }, 3])).toEqual([
      [3, 1, 2, { a: 1, b: 2 }],
      ...paths(0, 1, 2, 3),
    ]);
    expect(resolved("union", [1, 1], [1, 1])).toEqual([[1], ...paths(0, 1)]);
  });

  it("sum adds, also equal numbers", () => {
    expect(resolved("sum", 1, 2, 4.5)).toEqual([7.5, ...paths(0, 1, 2)]);
    expect(resolved("sum", 1, 1, 1)).toEqual([3, ...paths(0, 1, 2)]);
  });

  it.each<[ConflictRule, JsonValue, string]>([
    ["append", "text", "append joins lists, and branch 1 wrote a text"],
    ["append", null, "append joins lists, and branch 1 wrote null"],
    ["union", { a: 1 }, "union joins lists, and branch 1 wrote an object"],
    ["sum", "7", "sum adds numbers, and branch 0 wrote a list"],
  ])("%s of a list and %j is a conflict that says so", (conflict, value, reason) => {
    expect(merge(written([1], value), { conflict }).conflicts).toEqual([
      { key: "k", branches: paths(0, 1), rule: conflict, reason },
    ]);
  });

  it("a sum that is no number any more is a conflict", () => {
    expect(resolved("sum", 1e308, 1e308)).toBe("conflict");
  });

  it("a key that one branch wrote is what it wrote, under any rule", () => {
    for (const rule of ["error", "first", "last", "append", "union", "sum", "prefer:x"] as const) {
      expect(resolved(rule, "text")).toEqual(["text", ...paths(0)]);
    }
  });

  it("a rule of its own key comes before the rule for all", () => {
    const results = [result(0, { n: 1, log: ["a"], x: 1 }), result(1, { n: 2, log: ["b"], x: 9 })];
    const found = merge(results, { conflict: "last", conflictOf: { n: "sum", log: "append" } });
    expect(found.updates).toEqual({ log: ["a", "b"], n: 3, x: 9 });
    expect(Object.values(found.provenance).map(({ rule }) => rule)).toEqual(["append", "sum", "last"]);
  });
});

it("the message of conflicts names keys, branches and what was in the way", () => {
  const results = [result(0, { x: 1, y: "a" }), result(1, { x: 2, y: "b" })];
  expect(conflictMessage(merge(results, { conflictOf: { y: "sum" } }).conflicts)).toBe(
    'branches wrote the same keys and no conflict rule brings them together: "x" by main/fan@2/0, main/fan@2/1 (they differ); ' +
      '"y" by main/fan@2/0, main/fan@2/1 (sum adds numbers, and branch 0 wrote a text)',
  );
});
