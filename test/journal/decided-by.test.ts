import { describe, expect, it } from "vitest";
import type { JoinSettings } from "../../src/graph/index.ts";
import { isContainerDecided, isJoinDecided } from "../../src/journal/view/decided-by.ts";
import { decideForeach, decideJoin, successesNeeded } from "../../src/machines/join.ts";

const SIZES = [1, 2, 3, 4, 5];
const policies: readonly Pick<JoinSettings, "policy" | "k" | "ratio">[] = [
  { policy: "wait_all" },
  { policy: "all_success" },
  { policy: "first_success" },
  { policy: "any" },
  ...[1, 2, 3, 4, 5].map((k) => ({ policy: "k_of_n" as const, k })),
  ...[0.07, 0.25, 0.3, 0.5, 0.6, 0.75, 1].map((ratio) => ({ policy: "quorum" as const, ratio })),
];

/** Every way that some of `total` branches may have ended. */
function* tallies(total: number) {
  for (let succeeded = 0; succeeded <= total; succeeded += 1) {
    for (let failed = 0; succeeded + failed <= total; failed += 1) yield { succeeded, failed };
  }
}

describe("what a pause is said to hold back", () => {
  it.each(["continue", "fail_fast", "ignore"] as const)("is settled when its join says so, with %s", (errorPolicy) => {
    let compared = 0;
    for (const policy of policies) {
      for (const total of SIZES) {
        const join: JoinSettings = { ...policy, errorPolicy };
        const { ratio } = policy;
        const share = ratio === undefined ? {} : { ratio };
        const told = { policy: join.policy, errorPolicy, total, need: successesNeeded(join, total, 0), ...share };
        for (const ends of tallies(total)) {
          const newest = ends.succeeded + ends.failed > 0 ? { newest: "success" } : {};
          const { kind } = decideJoin(join, { total, ...ends, ...newest });
          expect([told, ends, isJoinDecided(told, ends)]).toEqual([told, ends, kind === "decided"]);
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(400);
  });

  it("of a quorum whose share an older journal does not say is settled by the one it asks for of all, where that is whole", () => {
    const join: JoinSettings = { policy: "quorum", ratio: 0.5, errorPolicy: "ignore" };
    const told = { policy: join.policy, errorPolicy: join.errorPolicy, total: 4, need: 2 };
    for (const ends of tallies(4)) {
      const newest = ends.succeeded + ends.failed > 0 ? { newest: "success" } : {};
      const { kind } = decideJoin(join, { total: 4, ...ends, ...newest });
      expect([ends, isJoinDecided(told, ends)]).toEqual([ends, kind === "decided"]);
    }
  });

  it.each(["stop", "continue"] as const)("of a foreach is settled when its chart says so, with %s", (onItemFailure) => {
    for (const total of SIZES) {
      for (const ends of tallies(total)) {
        const { kind } = decideForeach(onItemFailure, { total, ...ends });
        expect([ends, isContainerDecided({ kind: "foreach", onItemFailure, total }, ends)]).toEqual([
          ends,
          kind === "decided",
        ]);
      }
    }
  });

  it("of a loop is settled by a failure and by nothing else", () => {
    expect(isContainerDecided({ kind: "loop" }, { succeeded: 9, failed: 0 })).toBe(false);
    expect(isContainerDecided({ kind: "loop" }, { succeeded: 9, failed: 1 })).toBe(true);
  });
});
