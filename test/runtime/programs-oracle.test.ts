/** The oracle of random programs against programs whose end can be told by hand. */
import { describe, expect, it } from "vitest";
import { predict } from "../../src/testing/random-program-oracle.ts";
import type { Block, ForeachStep, LoopStep, Program, Step } from "../../src/testing/random-program-tree.ts";
import { joinProgram, workStep } from "./join-programs.ts";

const UNKNOWN = { endsOf: () => undefined, cancelled: new Set<string>() };
const inOrder = (...indexes: number[]) => ({ ...UNKNOWN, endsOf: () => indexes });

const counting = (name: string, key: string) => workStep(name, { writes: [{ kind: "count", key }] });
const seeing = (name: string, ...of: string[]) => workStep(name, { writes: [{ kind: "see", key: "value", of }] });
const failing = (name: string) => workStep(name, { trouble: 1 });

function program(...main: Step[]): Program {
  return { seed: 1, main };
}

function loop(body: Block, rest: Partial<LoopStep> = {}): LoopStep {
  const test = { how: "while", key: "i", goal: 3 } as const;
  return { kind: "loop", name: "loop", test, maxIterations: 5, onLimit: "fail", body, onFail: "ends", ...rest };
}

function foreach(body: Block, rest: Partial<ForeachStep> = {}): ForeachStep {
  const items = ["x", "y", "z"];
  const common = { kind: "foreach", name: "each", items, itemsFrom: "text", collect: "value", body } as const;
  return { ...common, maxParallel: 1, onItemFailure: "continue", onFail: "ends", ...rest };
}

describe("loops", () => {
  it("go on while they are to, each iteration upon what the one before it left", () => {
    const { status, context, stages } = predict(program(loop([counting("body", "i")])), UNKNOWN);
    expect(status).toBe("completed");
    expect(context).toEqual({ i: 3, outcome: "success", last_stage: "loop" });
    expect([...stages.keys()]).toEqual([0, 1, 2].map((index) => `main/loop@1/${index}/body@1`).concat("main/loop@1"));
  });

  it("fail at their limit, or succeed where they may", () => {
    const cut = loop([counting("body", "i")], { maxIterations: 2 });
    expect(predict(program(cut), UNKNOWN)).toMatchObject({ status: "failed", code: "stage_failed", context: { i: 2 } });
    const content = predict(program({ ...cut, onLimit: "succeed" }), UNKNOWN);
    expect(content).toMatchObject({ status: "completed", context: { i: 2 } });
  });

  it("lose what a failed iteration wrote", () => {
    const { status, context } = predict(program(loop([counting("body", "i"), failing("bad")])), UNKNOWN);
    expect(status).toBe("failed");
    expect(context).not.toHaveProperty("i");
  });
});

describe("foreach", () => {
  it("gives each iteration its own element and nothing of the others, and lists what they come to by index", () => {
    const body = [counting("count", "n"), seeing("see", "work.item", "work.index", "work.count", "n")];
    const { context } = predict(program(foreach(body)), UNKNOWN);
    const results = ["x", "y", "z"].map((item, index) => ({
      index,
      status: "success",
      notes: null,
      value: [item, index, 3, 1],
    }));
    expect(context).toMatchObject({ "foreach.each.results": results, outcome: "success" });
    expect(context).not.toHaveProperty("n");
  });

  it("stops at the first failure, or goes on; empty it has succeeded", () => {
    const bad = [failing("bad")];
    expect(predict(program(foreach(bad, { onItemFailure: "stop" })), UNKNOWN).losers).toEqual([
      "main/each@1/1",
      "main/each@1/2",
    ]);
    const all = predict(program(foreach(bad, { onFail: "goes_on" }), workStep("after")), UNKNOWN);
    expect(all.stages.get("main/each@1")?.status).toBe("fail");
    expect(all.status).toBe("completed");
    expect(predict(program(foreach(bad, { items: [] })), UNKNOWN).context).toMatchObject({
      "foreach.each.results": [],
    });
  });

  it("asks in which order iterations ended, where several go on at once and the first failure decides", () => {
    const racing = foreach([failing("bad")], { onItemFailure: "stop", maxParallel: 2 });
    expect(predict(program(racing), UNKNOWN).status).toBe("undecided");
    const { status, losers } = predict(program(racing), inOrder(1));
    expect(status).toBe("failed");
    expect(losers).toEqual(["main/each@1/0", "main/each@1/2"]);
  });
});

describe("parallel", () => {
  const statusOf = (given: Parameters<typeof joinProgram>[0], facts = UNKNOWN) =>
    predict(joinProgram(given), facts).stages.get("main/fan@1")?.status;

  it("waits for all, and says what they came to", () => {
    expect(statusOf({ seed: 1, failing: [false, false] })).toBe("success");
    expect(statusOf({ seed: 1, failing: [false, true] })).toBe("partial_success");
    expect(statusOf({ seed: 1, failing: [true, true] })).toBe("fail");
    expect(statusOf({ seed: 1, failing: [false, true], errorPolicy: "ignore" })).toBe("success");
    expect(statusOf({ seed: 1, failing: [false, true], policy: "all_success" })).toBe("fail");
  });

  it("is decided at the first prefix of ends that decides, and loses the others", () => {
    const race = joinProgram({ seed: 1, failing: [false, true, false], policy: "first_success" });
    const { stages, losers, branches } = predict(race, inOrder(1, 2));
    expect(stages.get("main/fan@1")?.status).toBe("success");
    expect(losers).toEqual(["main/fan@1/0"]);
    expect([...branches]).toEqual(["main/fan@1/1", "main/fan@1/2"]);
    expect(predict(race, inOrder(1)).status).toBe("undecided");
  });

  it("writes each branch's keys under its own name, or lays them over by their rule", () => {
    const given = { seed: 1, failing: [false, false] } as const;
    const apart = predict(joinProgram(given), UNKNOWN).context;
    const [first, second] = [0, 1].map((index) => apart[`parallel.fan.${index}.n1`] as number);
    const rules = { conflict: "first", conflictOf: { n1: "sum" } } as const;
    const over = predict(joinProgram({ ...given, merge: "overlay", ...rules }), UNKNOWN).context;
    expect(over).toMatchObject({ n1: (first ?? 0) + (second ?? 0), l1: apart["parallel.fan.0.l1"] });
    expect(Object.keys(over).some((key) => key.startsWith("parallel.fan.0"))).toBe(false);
  });

  it("fails where branches contradict each other and nobody says which counts", () => {
    const given = { seed: 4, failing: [false, false, false], merge: "overlay", conflict: "error" } as const;
    const { stages, context } = predict(joinProgram(given), UNKNOWN);
    expect(stages.get("main/fan@1")?.status).toBe("fail");
    expect(context).toHaveProperty(["parallel.fan.results"]);
    expect(context).not.toHaveProperty("n1");
  });
});

describe("goal gates", () => {
  it("send back to the beginning of their scope until they give up", () => {
    const goal = { ...failing("goal"), onFail: "goes_on", goal: "first" } as const;
    const { status, code, stages } = predict(program(workStep("first"), goal), UNKNOWN);
    expect(status).toBe("failed");
    expect(code).toBe("goal_gate_unmet");
    expect(stages.has("main/first@6")).toBe(true);
    expect(stages.has("main/first@7")).toBe(false);
  });
});

it("says nothing of what somebody cancelled", () => {
  const cancelled = new Set(["main/fan@1/0"]);
  expect(predict(joinProgram({ seed: 1, failing: [false, false] }), { ...UNKNOWN, cancelled }).status).toBe(
    "undecided",
  );
});
