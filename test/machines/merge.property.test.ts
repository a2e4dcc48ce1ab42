/** What is merged depends on what branches wrote and on their indexes, never on when they ended. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConflictRule, JoinSettings, JsonValue, ParallelSettings } from "../../src/graph/index.ts";
import { CONFLICT_RULES, MERGE_MODES } from "../../src/graph/region-settings.ts";
import { decideJoin } from "../../src/machines/join.ts";
import { type BranchResult, mergeBranches } from "../../src/machines/merge.ts";

const KEY = fc.constantFrom("a", "b", "c", "d", "__proto__");
const VALUE: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  // Their sum depends on the order in which they are added.
  fc.constantFrom(0.1, 0.2, 0.3, 1e16),
  fc.constantFrom("x", "y"),
  fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 3 }),
  fc.record({ n: fc.integer({ min: 0, max: 1 }) }),
);
const CONTEXT = fc
  .uniqueArray(fc.tuple(KEY, VALUE), { maxLength: 4, selector: ([key]) => key })
  .map((entries): Record<string, JsonValue> => Object.fromEntries(entries));
const RULE: fc.Arbitrary<ConflictRule> = fc.constantFrom(...CONFLICT_RULES, "prefer:b1" as const, "prefer:0" as const);
const SETTINGS = fc.record({
  merge: fc.constantFrom(...MERGE_MODES),
  conflict: RULE,
  conflictOf: fc.array(fc.tuple(KEY, RULE), { maxLength: 2 }).map((rules) => new Map(rules)),
});
const resultsOf = (status: fc.Arbitrary<string>, least: number): fc.Arbitrary<BranchResult[]> =>
  fc.array(fc.tuple(status, CONTEXT), { minLength: least, maxLength: 7 }).map((branches) =>
    branches.map(([word, context], index) => ({
      ...{ id: `b${index}`, index, status: word, notes: null, outcome: null },
      context,
    })),
  );
const STATUS = fc.constantFrom("success", "success", "partial_success", "shipped", "fail");

type Settings = Pick<ParallelSettings, "merge" | "conflict" | "conflictOf">;

/** A whole activation: branches end in this order, the join is asked after each, what counted is merged. As text. */
function activation(settings: Settings, join: JoinSettings, order: readonly BranchResult[]): string {
  const counted: BranchResult[] = [];
  for (const result of order) {
    counted.push(result);
    const failed = counted.filter(({ status }) => status === "fail").length;
    const tally = { total: order.length, succeeded: counted.length - failed, failed, newest: result.status };
    const found = decideJoin(join, tally);
    if (found.kind === "wait") continue;
    const isFailed = found.decision === "fail";
    const question = { node: "fan", activation: "main/fan@1", results: counted, settings, failed: isFailed };
    return JSON.stringify([found, mergeBranches(question)]);
  }
  return "never";
}

/** A fixed activation for each policy, whose merge is not empty, in a thousand orders. */
describe.each(["wait_all", "all_success"] as const)("%s", (policy) => {
  const join: JoinSettings = { policy, errorPolicy: "continue" };
  const contexts: Record<string, JsonValue>[] = [
    { x: 0.1, log: ["a"], own0: 1, same: { p: 1, q: 2 } },
    { x: 0.2, log: ["b", "a"], pick: "one", same: { q: 2, p: 1 } },
    { x: 1e16, log: [], pick: "two", last: true },
    { x: -1e16, log: ["c"], last: false, own3: null },
    { x: 0.3, log: ["a"], pick: "four" },
    { x: 7, own5: [] },
    { log: ["d"], pick: "six" },
  ];
  const results = contexts.map((context, index) => ({
    ...{ id: `b${index}`, index, status: "success", notes: null, outcome: null },
    context,
  }));
  const conflictOf = new Map<string, ConflictRule>([
    ["x", "sum"],
    ["log", "union"],
    ["pick", "prefer:b2"],
    ["last", "last"],
  ]);

  it.each(MERGE_MODES)("merges the same with %s over 1,000 orders of completion", (merge) => {
    const settings: Settings = { merge, conflict: "error", conflictOf };
    const inOrder = activation(settings, join, results);
    expect(inOrder).toContain('"conflicts":[]');
    expect(inOrder.includes('"pick":"two"')).toBe(merge === "overlay");
    fc.assert(
      fc.property(fc.shuffledSubarray(results, { minLength: results.length }), (order) => {
        expect(activation(settings, join, order)).toBe(inOrder);
      }),
      { numRuns: 1_000 },
    );
  });

  it("merges any results the same in any order", () => {
    const cases = fc
      .tuple(SETTINGS, resultsOf(STATUS, 1))
      .chain(([settings, all]) =>
        fc.tuple(fc.constant(settings), fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
      );
    fc.assert(
      fc.property(cases, ([settings, all, order]) => {
        expect(activation(settings, join, order)).toBe(activation(settings, join, all));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe.each(["first_success", "k_of_n", "quorum", "any"] as const)("%s", (policy) => {
  it("merges the same at an equal deciding prefix", () => {
    const join: JoinSettings = { policy, errorPolicy: "continue", k: 3, ratio: 0.5 };
    const cases = fc
      .tuple(SETTINGS, resultsOf(fc.constant("success"), 3))
      .chain(([settings, all]) =>
        fc.tuple(fc.constant(settings), fc.shuffledSubarray(all, { minLength: all.length }), fc.gen()),
      );
    fc.assert(
      fc.property(cases, ([settings, order, gen]) => {
        const need = { first_success: 1, any: 1, k_of_n: 3, quorum: Math.ceil(order.length / 2) }[policy];
        const prefix = gen(fc.shuffledSubarray, order.slice(0, need), { minLength: need });
        const rest = order.slice(need).toReversed();
        expect(activation(settings, join, [...prefix, ...rest])).toBe(activation(settings, join, order));
      }),
    );
  });
});

describe("provenance", () => {
  it("names for each update the branches that wrote what it is made of, and nothing else", () => {
    fc.assert(
      fc.property(SETTINGS, resultsOf(STATUS, 0), (settings, results) => {
        const question = { node: "fan", activation: "main/fan@1", settings, failed: false };
        const { updates, provenance, conflicts } = mergeBranches({ ...question, results });
        expect(Object.keys(provenance)).toEqual(Object.keys(updates));
        if (conflicts.length > 0) expect(updates).toEqual({});
        for (const { branches } of conflicts) expect(branches.length).toBeGreaterThan(1);
        for (const [key, { branches }] of Object.entries(provenance)) {
          const named = results.filter(({ index }) => branches.includes(`main/fan@1/${index}`));
          expect(named.length).toBe(branches.length);
          expect(named.length).toBeGreaterThan(0);
          if (settings.merge !== "overlay") continue;
          // Of those branches and the key alone, which conflicts elsewhere cannot spoil, the merge makes the same.
          const only = named.map((result) => ({ ...result, context: { [key]: result.context[key] ?? null } }));
          const alone = new Map(Object.entries(mergeBranches({ ...question, results: only }).updates));
          expect([key, alone.get(key)]).toEqual([key, new Map(Object.entries(updates)).get(key)]);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
