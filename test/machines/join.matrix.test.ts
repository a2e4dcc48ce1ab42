/** Every policy with every error policy, over every order in which up to six branches can succeed and fail. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JoinSettings } from "../../src/graph/index.ts";
import { ERROR_POLICIES, JOIN_POLICIES } from "../../src/graph/region-settings.ts";
import { decideForeach, decideJoin, type JoinDecision, type JoinTally } from "../../src/machines/join.ts";
import { type Ends, type Expected, expectedJoin, type OracleJoin } from "./join-oracle.ts";

const BRANCHES_MAX = 6;
const PERCENTS = [1, 20, 33, 34, 50, 51, 66, 67, 75, 100];

function settingsOf({ policy, errorPolicy, k, percent }: OracleJoin): JoinSettings {
  const argument = policy === "k_of_n" ? { k } : policy === "quorum" ? { ratio: percent / 100 } : {};
  return { policy, errorPolicy, ...argument };
}

/** The counts after each end. */
function prefixes(ends: Ends): JoinTally[] {
  return ends.map((newest, at) => {
    const failed = ends.slice(0, at + 1).filter((status) => status === "fail").length;
    return { total: ends.length, succeeded: at + 1 - failed, failed, newest };
  });
}

/** As the charts ask: after each end, until it is decided. */
function firstDecision(ends: Ends, decide: (tally: JoinTally) => JoinDecision): Expected | "never" {
  for (const [at, tally] of prefixes(ends).entries()) {
    const found = decide(tally);
    if (found.kind === "decided") return { after: at + 1, decision: found.decision, status: found.status };
  }
  return "never";
}

/** All sequences of that many ends, each a success or a failure. */
function sequences(length: number): Ends[] {
  return Array.from({ length: 2 ** length }, (_, bits) =>
    Array.from({ length }, (_unused, at) => ((bits >> at) & 1 ? "fail" : "success")),
  );
}

/** A policy with each argument that makes a difference among up to six branches. */
function variants(policy: OracleJoin["policy"], errorPolicy: OracleJoin["errorPolicy"]): OracleJoin[] {
  const plain = { policy, errorPolicy, k: 0, percent: 0 };
  if (policy === "k_of_n") return Array.from({ length: BRANCHES_MAX + 1 }, (_, at) => ({ ...plain, k: at + 1 }));
  return policy === "quorum" ? PERCENTS.map((percent) => ({ ...plain, percent })) : [plain];
}

describe.each(JOIN_POLICIES)("%s", (policy) => {
  it.each(ERROR_POLICIES)("with %s decides every order of ends as the words of the specification do", (errorPolicy) => {
    let cases = 0;
    for (const join of variants(policy, errorPolicy)) {
      for (let length = 1; length <= BRANCHES_MAX; length += 1) {
        for (const ends of sequences(length)) {
          const found = firstDecision(ends, (tally) => decideJoin(settingsOf(join), tally));
          const expected = expectedJoin(join, ends);
          if (JSON.stringify(found) !== JSON.stringify(expected)) expect({ join, ends, found }).toEqual({ expected });
          cases += 1;
        }
      }
    }
    expect(cases).toBe(variants(policy, errorPolicy).length * (2 ** (BRANCHES_MAX + 1) - 2));
  });
});

const JOIN: fc.Arbitrary<OracleJoin> = fc.record({
  policy: fc.constantFrom(...JOIN_POLICIES),
  errorPolicy: fc.constantFrom(...ERROR_POLICIES),
  k: fc.integer({ min: 1, max: 45 }),
  percent: fc.integer({ min: 1, max: 100 }),
});
const STATUS = fc.constantFrom("success", "partial_success", "shipped", "fail", "fail", "fail");
const ENDS = fc.array(STATUS, { minLength: 1, maxLength: 40 });

describe("properties", () => {
  it("many branches with any words are decided as the specification says, with the word of the end that `any` takes", () => {
    fc.assert(
      fc.property(JOIN, ENDS, (join, ends) => {
        expect(firstDecision(ends, (tally) => decideJoin(settingsOf(join), tally))).toEqual(expectedJoin(join, ends));
      }),
      { numRuns: 3_000 },
    );
  });

  it("a decided join says the same after every further end", () => {
    // `any` is about one end and says what the newest is; all others could be asked again at any time.
    const counting = JOIN.filter(({ policy }) => policy !== "any");
    fc.assert(
      fc.property(counting, ENDS, (join, ends) => {
        const found = prefixes(ends).map((tally) => decideJoin(settingsOf(join), tally));
        const decided = found.filter(({ kind }) => kind === "decided");
        expect(decided.length).toBeGreaterThan(0);
        expect(found.slice(-decided.length)).toEqual(decided);
        expect(new Set(decided.map((each) => JSON.stringify(each))).size).toBe(1);
      }),
      { numRuns: 3_000 },
    );
  });

  it("what waits for all does not depend on the order of the ends", () => {
    const waiting = JOIN.map((join) => ({ ...join, errorPolicy: "continue" as const })).filter(
      ({ policy }) => policy === "wait_all" || policy === "all_success",
    );
    fc.assert(
      fc.property(
        waiting,
        ENDS.chain((ends) => fc.tuple(fc.constant(ends), fc.shuffledSubarray(ends, { minLength: ends.length }))),
        (join, [ends, shuffled]) => {
          const decide = (tally: JoinTally) => decideJoin(settingsOf(join), tally);
          expect(firstDecision(shuffled, decide)).toEqual(firstDecision(ends, decide));
        },
      ),
    );
  });

  it("a foreach is decided by its first failure or after its last item", () => {
    fc.assert(
      fc.property(ENDS, fc.constantFrom("stop" as const, "continue" as const), (ends, onItemFailure) => {
        const failure = ends.indexOf("fail");
        const all = ends.every((status) => status === "fail") ? "fail" : "partial_success";
        const expected =
          failure < 0
            ? { after: ends.length, decision: "success", status: "success" }
            : onItemFailure === "stop"
              ? { after: failure + 1, decision: "fail", status: "fail" }
              : { after: ends.length, decision: all, status: all };
        expect(firstDecision(ends, (tally) => decideForeach(onItemFailure, tally))).toEqual(expected);
      }),
    );
  });
});
