import { describe, expect, it } from "vitest";
import { ATTRIBUTE_FAMILIES, ATTRIBUTES, type AttributeSpec } from "../../src/graph/attributes.ts";
import { evaluateCondition } from "../../src/graph/conditions.ts";
import { type Attributes, indexGraph } from "../../src/graph/graph.ts";
import { parsePipeline } from "../../src/graph/parser.ts";
import {
  CONFLICT_RULES,
  type ContainerSettings,
  containerSettings,
  ERROR_POLICIES,
  JOIN_POLICIES,
  MERGE_MODES,
  type ParallelSettings,
  parallelSettings,
} from "../../src/graph/region-settings.ts";
import { handMade } from "./hand-made.ts";

function graphWith(attributes: Attributes & { type?: string }) {
  return handMade({
    nodes: { node: attributes },
    edges: [
      ["start", "node"],
      ["node", "exit"],
    ],
  });
}

function parallel(attributes: Attributes, type = "parallel"): ParallelSettings {
  const graph = graphWith({ type, ...attributes });
  return parallelSettings(graph, indexGraph(graph).node("node")!);
}

function container(type: string, attributes: Attributes): ContainerSettings {
  const graph = graphWith({ type, ...attributes });
  return containerSettings(graph, indexGraph(graph).node("node")!);
}

const DEFAULTS: ParallelSettings = {
  join: { policy: "wait_all", errorPolicy: "continue" },
  maxParallel: 4,
  merge: "namespaced",
  conflict: "error",
  conflictOf: new Map(),
};

describe("a fan-out", () => {
  it("waits for all, four at once, and keeps what branches wrote apart, unless somebody says otherwise", () => {
    expect(parallel({})).toEqual(DEFAULTS);
  });

  it.each(JOIN_POLICIES.filter((policy) => policy !== "k_of_n" && policy !== "quorum"))("joins by %s", (policy) => {
    expect(parallel({ join_policy: policy, k: 2, quorum_ratio: 0.3 }).join).toEqual({
      policy,
      errorPolicy: "continue",
    });
  });

  it("k and quorum_ratio go with their policy; texts are the numbers they spell", () => {
    const errorPolicy = "fail_fast";
    expect(parallel({ join_policy: "k_of_n", error_policy: errorPolicy, k: "2", quorum_ratio: 0.3 }).join).toEqual({
      policy: "k_of_n",
      errorPolicy,
      k: 2,
    });
    expect(parallel({ join_policy: "quorum", error_policy: errorPolicy, k: 2, quorum_ratio: "0.66" }).join).toEqual({
      policy: "quorum",
      errorPolicy,
      ratio: 0.66,
    });
  });

  it.each([
    [{ join_policy: "k_of_n" }, { k: 1 }],
    [{ join_policy: "k_of_n", k: 0 }, { k: 1 }],
    [{ join_policy: "k_of_n", k: 1.5 }, { k: 1 }],
    [{ join_policy: "quorum" }, { ratio: 0.5 }],
    [{ join_policy: "quorum", quorum_ratio: 1.2 }, { ratio: 0.5 }],
    [{ join_policy: "quorum", quorum_ratio: -1 }, { ratio: 0.5 }],
    [{ join_policy: "quorum", quorum_ratio: 0 }, { ratio: 0 }],
  ])("%o: an argument that is missing or none is what lint proposes", (attributes, argument) => {
    expect(parallel(attributes).join).toMatchObject(argument);
  });

  it("conflict rules are for all keys or for one; what is no rule is not said", () => {
    const { conflict, conflictOf } = parallel({
      conflict: "prefer:a",
      "conflict.log": "append",
      "conflict.tests.failed": "sum",
      "conflict.who": "prefer:2",
      "conflict.wrong": "multiply",
      "conflict.nobody": "prefer:",
      "conflict.": "last",
    });
    expect(conflict).toBe("prefer:a");
    expect([...conflictOf]).toEqual([
      ["log", "append"],
      ["tests.failed", "sum"],
      ["who", "prefer:2"],
    ]);
  });

  it("words that are none count as not said", () => {
    const wrong = {
      join_policy: "constructor",
      error_policy: "stop",
      merge: "all",
      conflict: "prefer:",
      max_parallel: 0,
    };
    expect(parallel(wrong)).toEqual(DEFAULTS);
  });

  it("that only a tie of edges makes has the defaults, whatever stands on the node", () => {
    expect(parallel({ join_policy: "any", merge: "overlay", max_parallel: 9 }, "codergen")).toEqual(DEFAULTS);
  });

  it("is read once and kept", () => {
    const graph = graphWith({ type: "parallel" });
    const node = indexGraph(graph).node("node")!;
    expect(parallelSettings(graph, node)).toBe(parallelSettings(graph, node));
  });

  it("reads aliases of words as the parser writes them", () => {
    const graph = parsePipeline(`digraph g {
      start [shape=Mdiamond]; fan [shape=component, join_policy=any_success, quorum_count=2]; a; exit [shape=Msquare]
      start -> fan -> a -> exit
    }`);
    expect(parallelSettings(graph, indexGraph(graph).node("fan")!).join.policy).toBe("first_success");
  });
});

describe("the words", () => {
  const specs: readonly AttributeSpec[] = [...ATTRIBUTES, ...ATTRIBUTE_FAMILIES];
  const wordsOf = (name: string) => specs.find((spec) => spec.name === name)?.words?.toSorted();

  it.each<[string, readonly string[]]>([
    ["join_policy", JOIN_POLICIES],
    ["error_policy", ERROR_POLICIES],
    ["merge", MERGE_MODES],
    ["conflict", CONFLICT_RULES],
    ["conflict.", CONFLICT_RULES],
  ])("of %s are those of the attribute table", (name, words) => {
    expect(wordsOf(name)).toEqual(words.toSorted());
  });
});

describe("a foreach", () => {
  it("goes one by one and stops at a failure, unless somebody says otherwise", () => {
    expect(container("foreach", { items: " files ", body: " each " })).toEqual({
      kind: "foreach",
      body: "each",
      items: "files",
      maxParallel: 1,
      onItemFailure: "stop",
      maxIterations: 100,
      onLimit: "fail",
    });
  });

  it("says how many at once, what of a failure, what is collected", () => {
    const attributes = { max_parallel: 8, on_item_failure: "continue", collect: "summary", items: '["a"]', body: "b" };
    expect(container("foreach", attributes)).toMatchObject({
      maxParallel: 8,
      onItemFailure: "continue",
      collect: "summary",
      items: '["a"]',
    });
  });

  it("has no conditions", () => {
    const found = container("foreach", { while: "x", until: "y" });
    expect([found.while, found.until, found.body]).toEqual([undefined, undefined, ""]);
  });
});

describe("a loop", () => {
  it("has its conditions as written and parsed", () => {
    const found = container("loop", {
      body: "again",
      while: "n < 3",
      until: "done",
      max_iterations: 7,
      on_limit: "succeed",
    });
    expect(found).toMatchObject({ kind: "loop", body: "again", maxIterations: 7, onLimit: "succeed" });
    expect([found.while?.text, found.until?.text]).toEqual(["n < 3", "done"]);
    const holds = (n: number) =>
      found.while && evaluateCondition(found.while.condition, { outcome: { status: "success" }, read: () => n });
    expect([holds(2), holds(3)]).toEqual([true, false]);
  });

  it("never runs two iterations at once, and has no items", () => {
    const found = container("loop", { max_parallel: 5, items: "files", collect: "x" });
    expect([found.maxParallel, found.items, found.collect]).toEqual([1, undefined, undefined]);
  });

  it("with a condition that does not parse is refused, not run without it", () => {
    expect(() => container("loop", { while: "n <" })).toThrow(expect.objectContaining({ code: "pipeline_invalid" }));
  });
});

it("other nodes have no container settings", () => {
  expect(() => container("codergen", {})).toThrow("container settings are asked for a foreach or a loop");
});
