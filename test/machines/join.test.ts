import { describe, expect, it } from "vitest";
import type { JoinSettings } from "../../src/graph/index.ts";
import { decideForeach, decideJoin, type JoinTally, successesNeeded } from "../../src/machines/join.ts";

const join = (policy: JoinSettings["policy"], more: Partial<JoinSettings> = {}): JoinSettings => ({
  policy,
  errorPolicy: "continue",
  ...more,
});
const tally = (total: number, succeeded: number, failed: number, newest = "success"): JoinTally => ({
  total,
  succeeded,
  failed,
  ...(succeeded + failed > 0 ? { newest } : {}),
});
const word = (settings: JoinSettings, ends: JoinTally): string => {
  const found = decideJoin(settings, ends);
  return found.kind === "wait" ? "wait" : found.decision;
};

describe("how many successes a join needs", () => {
  it.each<[JoinSettings, number]>([
    [join("wait_all"), 5],
    [join("all_success"), 5],
    [join("first_success"), 1],
    [join("any"), 1],
    [join("k_of_n", { k: 3 }), 3],
    [join("k_of_n", { k: 9 }), 9],
    [join("quorum", { ratio: 0.5 }), 3],
    [join("quorum", { ratio: 1 }), 5],
  ])("%o of five", (settings, need) => {
    expect(successesNeeded(settings, 5, 2)).toBe(need);
  });

  it.each<[JoinSettings, number]>([
    [join("wait_all"), 3],
    [join("all_success"), 3],
    [join("k_of_n", { k: 2 }), 2],
    [join("k_of_n", { k: 4 }), 3],
    [join("quorum", { ratio: 0.5 }), 2],
  ])("%o of five of which two failed, ignoring them", (settings, need) => {
    expect(successesNeeded({ ...settings, errorPolicy: "ignore" }, 5, 2)).toBe(need);
  });

  it("takes a share of a whole number for that number, whatever binary arithmetic makes of it", () => {
    expect(0.07 * 100).toBeGreaterThan(7);
    expect(successesNeeded(join("quorum", { ratio: 0.07 }), 100, 0)).toBe(7);
    for (let total = 1; total <= 1000; total += 1) {
      for (let percent = 1; percent <= 100; percent += 1) {
        const exact = Number((BigInt(percent) * BigInt(total) + 99n) / 100n);
        if (successesNeeded(join("quorum", { ratio: percent / 100 }), total, 0) !== exact) {
          expect.fail(`${percent}% of ${total} is ${exact}`);
        }
      }
    }
  });

  it("a quorum of nobody is still one success", () => {
    expect(successesNeeded(join("quorum", { ratio: 0 }), 4, 0)).toBe(1);
    expect(word(join("quorum", { ratio: 0 }), tally(4, 0, 1, "fail"))).toBe("wait");
    expect(word(join("quorum", { ratio: 0 }), tally(4, 0, 4, "fail"))).toBe("fail");
  });
});

describe("what can no longer be met", () => {
  const settings = join("k_of_n", { k: 2 });

  it("fails at once under fail_fast", () => {
    expect(word({ ...settings, errorPolicy: "fail_fast" }, tally(3, 0, 1))).toBe("wait");
    expect(word({ ...settings, errorPolicy: "fail_fast" }, tally(3, 0, 2))).toBe("fail");
  });

  it("fails after the last end under continue", () => {
    expect(word(settings, tally(3, 0, 2))).toBe("wait");
    expect(word(settings, tally(3, 1, 2))).toBe("fail");
  });

  it("fails with any success left under no other policy than ignore", () => {
    expect(word({ ...settings, errorPolicy: "ignore" }, tally(3, 1, 2))).toBe("success");
    expect(word({ ...settings, errorPolicy: "ignore" }, tally(3, 0, 2))).toBe("wait");
    expect(word({ ...settings, errorPolicy: "ignore" }, tally(3, 0, 3))).toBe("fail");
  });

  it("is known from the beginning where more is asked for than there is", () => {
    expect(word(join("k_of_n", { k: 4, errorPolicy: "fail_fast" }), tally(3, 1, 0))).toBe("fail");
    expect(word(join("k_of_n", { k: 4 }), tally(3, 2, 0))).toBe("wait");
    expect(word(join("k_of_n", { k: 4 }), tally(3, 3, 0))).toBe("fail");
    expect(word(join("k_of_n", { k: 4, errorPolicy: "ignore" }), tally(3, 3, 0))).toBe("success");
  });

  it("of wait_all is a single failure: under fail_fast it fails, whatever has succeeded", () => {
    expect(word(join("wait_all", { errorPolicy: "fail_fast" }), tally(3, 2, 1))).toBe("fail");
    expect(word(join("wait_all"), tally(3, 1, 1))).toBe("wait");
    expect(word(join("wait_all"), tally(3, 2, 1))).toBe("partial_success");
    expect(word(join("wait_all", { errorPolicy: "ignore" }), tally(3, 2, 1))).toBe("success");
  });
});

describe("any", () => {
  it.each([
    ["success", "success"],
    ["partial_success", "partial_success"],
    ["shipped", "success"],
    ["skipped", "success"],
    ["fail", "fail"],
    ["retry", "fail"],
  ])("takes an end of %s as it is", (status, decision) => {
    const failed = decision === "fail" ? 1 : 0;
    expect(decideJoin(join("any"), tally(3, 1 - failed, failed, status))).toEqual({
      kind: "decided",
      decision,
      status,
    });
  });

  it("takes the first that has not failed where failures are ignored", () => {
    const ignoring = join("any", { errorPolicy: "ignore" });
    expect(decideJoin(ignoring, tally(3, 0, 2, "fail"))).toEqual({ kind: "wait" });
    expect(decideJoin(ignoring, tally(3, 1, 2, "shipped"))).toMatchObject({ decision: "success", status: "shipped" });
    expect(word(ignoring, tally(3, 0, 3, "fail"))).toBe("fail");
  });

  it("waits for an end", () => {
    expect(word(join("any"), tally(3, 0, 0))).toBe("wait");
  });
});

describe("without branches", () => {
  it("what asks that none fails succeeds, what asks for a success fails", () => {
    const policies = ["wait_all", "all_success", "first_success", "k_of_n", "quorum", "any"] as const;
    expect(policies.map((policy) => word(join(policy), tally(0, 0, 0)))).toEqual([
      ...["success", "success", "fail", "fail", "fail", "fail"],
    ]);
  });
});

it("more ends than branches are refused", () => {
  expect(() => decideJoin(join("wait_all"), tally(2, 2, 1))).toThrow("no more branches end than there are");
});

describe("a foreach", () => {
  const items = (onItemFailure: "stop" | "continue", ends: JoinTally): string => {
    const found = decideForeach(onItemFailure, ends);
    return found.kind === "wait" ? "wait" : found.status;
  };

  it("of nothing has succeeded", () => {
    expect(items("stop", tally(0, 0, 0))).toBe("success");
    expect(items("continue", tally(0, 0, 0))).toBe("success");
  });

  it("that stops fails at its first failure", () => {
    expect(items("stop", tally(4, 2, 0))).toBe("wait");
    expect(items("stop", tally(4, 2, 1))).toBe("fail");
    expect(items("stop", tally(4, 4, 0))).toBe("success");
  });

  it("that continues waits for all and says how it went", () => {
    expect(items("continue", tally(4, 0, 3))).toBe("wait");
    expect(items("continue", tally(4, 4, 0))).toBe("success");
    expect(items("continue", tally(4, 1, 3))).toBe("partial_success");
    expect(items("continue", tally(4, 0, 4))).toBe("fail");
  });
});
