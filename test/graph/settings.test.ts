import { describe, expect, it } from "vitest";
import type { Attributes } from "../../src/graph/graph.ts";
import { indexGraph } from "../../src/graph/graph.ts";
import { RETRY_PRESETS, type StageSettings, stageSettings } from "../../src/graph/settings.ts";
import { handMade } from "./hand-made.ts";

function settings(attributes: Attributes & { type?: string }, graphAttributes: Attributes = {}): StageSettings {
  const graph = handMade({
    nodes: { work: attributes },
    edges: [
      ["start", "work"],
      ["work", "exit"],
    ],
    attributes: graphAttributes,
  });
  return stageSettings(graph, indexGraph(graph).node("work")!);
}

describe("attempts", () => {
  it("one attempt unless somebody says otherwise, and a fail is not tried again", () => {
    expect(settings({})).toEqual({
      maxAttempts: 1,
      backoff: { initialMs: 200, factor: 2, maxMs: 60_000, jitter: true },
      retryOnFail: false,
      retryIsWord: false,
      allowPartial: false,
      goalGate: false,
      maxVisits: 1000,
    });
  });

  it.each([
    ["none", 1, 200, 2, true],
    ["standard", 5, 200, 2, true],
    ["aggressive", 5, 500, 2, true],
    ["linear", 3, 500, 1, false],
    ["patient", 3, 2000, 3, true],
  ])("preset %s", (preset, maxAttempts, initialMs, factor, jitter) => {
    const found = settings({ retry_policy: preset });
    expect(found.maxAttempts).toBe(maxAttempts);
    expect(found.backoff).toEqual({ initialMs, factor, maxMs: 60_000, jitter });
    expect(found.retryOnFail).toBe(false);
  });

  it("the table holds those presets and no other", () => {
    expect([...RETRY_PRESETS.keys()]).toEqual(["none", "standard", "aggressive", "linear", "patient"]);
  });

  it("explicit max_retries beats the preset's count and keeps its back-off", () => {
    const found = settings({ retry_policy: "patient", max_retries: 7 });
    expect([found.maxAttempts, found.backoff.initialMs, found.retryOnFail]).toEqual([8, 2000, true]);
  });

  it("max_retries is retries, so 0 is one attempt; texts are read as the numbers they spell", () => {
    expect(settings({ max_retries: 0 }).maxAttempts).toBe(1);
    expect(settings({ max_retries: "3" }).maxAttempts).toBe(4);
  });

  it("an inherited default gives attempts but does not retry a fail", () => {
    const found = settings({}, { default_max_retries: 3 });
    expect([found.maxAttempts, found.retryOnFail]).toEqual([4, false]);
  });

  it("the node's own preset and count win over the inherited default", () => {
    expect(settings({ retry_policy: "none" }, { default_max_retries: 9 }).maxAttempts).toBe(1);
    expect(settings({ max_retries: 0 }, { default_max_retries: 9 }).maxAttempts).toBe(1);
  });

  it("retry_on decides about fail in both directions", () => {
    expect(settings({ retry_on: "fail" }, { default_max_retries: 3 }).retryOnFail).toBe(true);
    expect(settings({ max_retries: 3, retry_on: "retry" }).retryOnFail).toBe(false);
    expect(settings({ max_retries: 3 }).retryOnFail).toBe(true);
  });

  it("a value that is no such value counts as not said", () => {
    expect(settings({ max_retries: -1 }).maxAttempts).toBe(1);
    expect(settings({ max_retries: 1.5 }).maxAttempts).toBe(1);
    expect(settings({ retry_policy: "constructor" }).maxAttempts).toBe(1);
  });
});

describe("retry as an ordinary word", () => {
  const asked = { condition: "outcome=retry" };

  it("where an edge of the node tests for it, also among other tests", () => {
    const graph = handMade({
      edges: [["work", "fix", { condition: "context.x=1 && (outcome=retry || outcome=done)" }]],
    });
    expect(stageSettings(graph, indexGraph(graph).node("work")!).retryIsWord).toBe(true);
  });

  it("where the conditional behind it does, through several of them and around a cycle", () => {
    const graph = handMade({
      nodes: { a: { type: "conditional" }, b: { type: "conditional" } },
      edges: [
        ["work", "a"],
        ["a", "b"],
        ["b", "a"],
        ["b", "fix", asked],
        ["fix", "work"],
      ],
    });
    expect(stageSettings(graph, indexGraph(graph).node("work")!).retryIsWord).toBe(true);
    expect(stageSettings(graph, indexGraph(graph).node("fix")!).retryIsWord).toBe(false);
  });

  it("not where a stage further on does, nor for another key, another word or !=", () => {
    const edges = [
      ["work", "next"],
      ["next", "fix", asked],
    ] as const;
    const graph = handMade({ edges });
    expect(stageSettings(graph, indexGraph(graph).node("work")!).retryIsWord).toBe(false);
    for (const condition of [
      "context.outcome=retry",
      "outcome=retried",
      "outcome!=retry",
      "outcome matches retry",
      "&&",
    ]) {
      const other = handMade({ edges: [["work", "fix", { condition }]] });
      expect(stageSettings(other, indexGraph(other).node("work")!).retryIsWord, condition).toBe(false);
    }
  });
});

it("looks at every edge once for a whole chain of conditionals, not once for each node before it", () => {
  const count = 300;
  const ids = Array.from({ length: count }, (_, at) => `c${at}`);
  const nodes = Object.fromEntries(ids.map((id) => [id, { type: "conditional" }]));
  const chain = handMade({ nodes, edges: ids.slice(1).map((id, at) => [`c${at}`, id] as const) });
  let looks = 0;
  const get = (attributes: Attributes, name: string): unknown => {
    looks += 1;
    return Reflect.get(attributes, name);
  };
  const edges = chain.edges.map((edge) => ({ ...edge, attributes: new Proxy<Attributes>(edge.attributes, { get }) }));
  const graph = { ...chain, edges };
  for (const node of graph.nodes) expect(stageSettings(graph, node).retryIsWord).toBe(false);
  expect(looks).toBe(edges.length);
});

describe("other settings", () => {
  it("durations, booleans and words are read from texts too", () => {
    const found = settings({
      timeout: "15m",
      goal_gate: "true",
      allow_partial: true,
      on_interrupt: "ask",
      max_visits: "3",
    });
    expect(found).toMatchObject({
      timeoutMs: 900_000,
      goalGate: true,
      allowPartial: true,
      onInterrupt: "ask",
      maxVisits: 3,
    });
  });

  it("on_interrupt and max_visits fall back to the graph", () => {
    const found = settings({}, { default_on_interrupt: "fail", max_visits: 7 });
    expect([found.onInterrupt, found.maxVisits]).toEqual(["fail", 7]);
    expect(
      settings({ on_interrupt: "retry", max_visits: 2 }, { default_on_interrupt: "fail", max_visits: 7 }),
    ).toMatchObject({ onInterrupt: "retry", maxVisits: 2 });
  });

  it("only types that execute have a time-out", () => {
    expect(settings({ type: "wait", timeout: "5s" }).timeoutMs).toBeUndefined();
    expect(settings({ type: "tool", timeout: "5s" }).timeoutMs).toBe(5000);
    expect(settings({ type: "my_own", timeout: "5s" }).timeoutMs).toBe(5000);
  });

  it("is computed once per graph and node", () => {
    const graph = handMade({ edges: [["start", "work"]] });
    const node = indexGraph(graph).node("work")!;
    expect(stageSettings(graph, node)).toBe(stageSettings(graph, node));
  });
});
