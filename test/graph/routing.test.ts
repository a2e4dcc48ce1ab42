import { describe, expect, it } from "vitest";
import type { Graph } from "../../src/graph/graph.ts";
import type { JsonValue, RoutingOutcome } from "../../src/graph/outcome.ts";
import { decideRoute, type Route, type RouteQuestion } from "../../src/graph/routing.ts";
import { comparableLabel, parseChoiceLabel } from "../../src/graph/routing-labels.ts";
import { handMade } from "./hand-made.ts";

interface Asked extends Partial<RoutingOutcome> {
  readonly context?: Record<string, JsonValue>;
  readonly mainPath?: boolean;
  readonly region?: ReadonlySet<string>;
  readonly node?: string;
}

function route(graph: Graph, asked: Asked = {}): Route {
  const { context = {}, mainPath = true, region, node = "work", ...outcome } = asked;
  const question: RouteQuestion = {
    graph,
    node,
    outcome: { status: "success", ...outcome },
    read: (key) => context[key],
    mainPath,
  };
  return decideRoute(region ? { ...question, region } : question);
}

/** `<rule> <where to>`, `end` or `fail <code>`. */
function told(graph: Graph, asked: Asked = {}): string {
  const found = route(graph, asked);
  if (found.kind === "edge") return `${found.rule} ${found.edge.to}`;
  if (found.kind === "jump") return `${found.rule} ${found.target}`;
  return found.kind === "end" ? "end" : `fail ${found.code}`;
}

const FOUR_WAYS = handMade({
  edges: [
    ["work", "plain"],
    ["work", "labelled", { label: "[A] Approve it" }],
    ["work", "suggested", { weight: -1 }],
    ["work", "conditional", { condition: "context.go=yes" }],
  ],
});
const ALL = { context: { go: "yes" }, preferredLabel: "approve it", suggestedNextIds: ["suggested"] };

describe("order of the rules", () => {
  it("a true condition, then the preferred label, then suggested ids, then the unconditional edge", () => {
    expect(told(FOUR_WAYS, ALL)).toBe("condition conditional");
    expect(told(FOUR_WAYS, { ...ALL, context: {} })).toBe("preferred_label labelled");
    expect(told(FOUR_WAYS, { suggestedNextIds: ["suggested"] })).toBe("suggested_id suggested");
    expect(told(FOUR_WAYS)).toBe("unconditional labelled");
  });

  it("conditional and unconditional edges alike: higher weight, then the smaller target id by code units", () => {
    const graph = handMade({
      edges: [
        ["work", "b", { condition: "true", weight: 1 }],
        ["work", "a", { condition: "true" }],
        ["work", "B", { condition: "true", weight: "1" }],
        ["only", "z"],
        ["only", "é"],
        ["only", "Z"],
        ["only", "light", { weight: -5 }],
      ],
    });
    expect(told(graph)).toBe("condition B");
    expect(told(graph, { node: "only" })).toBe("unconditional Z");
  });

  it("lists every candidate with its condition's result", () => {
    expect(route(FOUR_WAYS, { preferredLabel: "approve it" })).toMatchObject({
      candidates: [
        { edge: 3, to: "conditional", condition: "context.go=yes", result: false },
        { edge: 1, to: "labelled" },
        { edge: 0, to: "plain" },
        { edge: 2, to: "suggested" },
      ],
    });
  });

  it("labels compare without accelerator, case and surplus blanks", () => {
    for (const preferredLabel of ["Approve it", "[x] approve  IT", "A) Approve it", "a - approve it "]) {
      expect(told(FOUR_WAYS, { preferredLabel })).toBe("preferred_label labelled");
    }
    expect(told(FOUR_WAYS, { preferredLabel: "approve" })).toBe("unconditional labelled");
  });

  it("the first suggested id that is a target counts; unknown ones and an unknown label are passed over", () => {
    expect(told(FOUR_WAYS, { preferredLabel: "nothing", suggestedNextIds: ["gone", "plain", "suggested"] })).toBe(
      "suggested_id plain",
    );
    expect(told(FOUR_WAYS, { suggestedNextIds: ["gone"] })).toBe("unconditional labelled");
  });

  it("an edge whose condition is false is not taken by its label nor by suggestion", () => {
    const graph = handMade({
      edges: [
        ["work", "a", { condition: "false", label: "Go" }],
        ["work", "b"],
      ],
    });
    expect(told(graph, { preferredLabel: "Go" })).toBe("unconditional b");
    expect(told(graph, { suggestedNextIds: ["a"] })).toBe("unconditional b");
  });

  it("a blank condition is none; one that does not parse never holds", () => {
    expect(told(handMade({ edges: [["work", "a", { condition: "  " }]] }))).toBe("unconditional a");
    expect(
      told(
        handMade({
          edges: [
            ["work", "a", { condition: "&&" }],
            ["work", "b"],
          ],
        }),
      ),
    ).toBe("unconditional b");
  });
});

describe("ends", () => {
  it("only a node without outgoing edges ends a branch; no edge chosen elsewhere is no_route", () => {
    expect(told(handMade({ edges: [["start", "work"]] }))).toBe("end");
    expect(told(handMade({ edges: [["work", "a", { condition: "outcome=other" }]] }))).toBe("fail no_route");
  });

  it("an exit ends whatever leaves it", () => {
    expect(told(handMade({ edges: [["exit", "a"]] }), { node: "exit" })).toBe("end");
  });

  it("skipped and words of one's own go on", () => {
    const graph = handMade({
      edges: [
        ["work", "a"],
        ["work", "b", { condition: "outcome=needs_dod" }],
      ],
    });
    expect(told(graph, { status: "skipped" })).toBe("unconditional a");
    expect(told(graph, { status: "needs_dod" })).toBe("condition b");
    expect(told(graph, { status: "partial_success" })).toBe("unconditional a");
  });
});

describe("a failed stage", () => {
  it("takes a true conditional edge", () => {
    const graph = handMade({
      edges: [
        ["work", "fix", { condition: "outcome=failed" }],
        ["work", "next"],
      ],
    });
    expect(told(graph, { status: "fail" })).toBe("condition fix");
  });

  it("never takes an unconditional edge, not by label and not by suggestion", () => {
    const graph = handMade({ edges: [["work", "next", { label: "Next" }]] });
    expect(told(graph, { status: "fail" })).toBe("fail stage_failed");
    expect(told(graph, { status: "fail", preferredLabel: "Next", suggestedNextIds: ["next"] })).toBe(
      "fail stage_failed",
    );
  });

  it("takes its unconditional edge where that leads to a conditional", () => {
    const graph = handMade({
      nodes: { check: { type: "conditional" } },
      edges: [["work", "check"]],
      attributes: { retry_target: "work" },
    });
    expect(told(graph, { status: "fail" })).toBe("fail_to_conditional check");
  });

  it("its unconditional edge is the one a success would take: another one to a conditional does not count", () => {
    const graph = handMade({
      nodes: { check: { type: "conditional" } },
      edges: [
        ["work", "check"],
        ["work", "a"],
      ],
    });
    expect(told(graph, { status: "fail" })).toBe("fail stage_failed");
  });

  it("then its retry targets, then the graph's", () => {
    const target = { retry_target: "one", fallback_retry_target: "two" };
    const ofGraph = { retry_target: "three", fallback_retry_target: "four" };
    const edges = ["one", "two", "three", "four"].map((id) => ["work", id, { condition: "false" }] as const);
    const with_ = (own: object, graph: object) =>
      handMade({ nodes: { work: { ...own } }, edges, attributes: { ...graph } });
    expect(told(with_(target, ofGraph), { status: "fail" })).toBe("retry_target one");
    expect(told(with_({ ...target, retry_target: "gone" }, ofGraph), { status: "fail" })).toBe(
      "fallback_retry_target two",
    );
    expect(told(with_({}, ofGraph), { status: "fail" })).toBe("graph_retry_target three");
    expect(told(with_({}, { ...ofGraph, retry_target: "gone" }), { status: "fail" })).toBe(
      "graph_fallback_retry_target four",
    );
    expect(told(with_({}, { retry_target: "gone" }), { status: "fail" })).toBe("fail stage_failed");
  });

  it("a retry target never leads to an exit: a failure must not end a run as a success", () => {
    const graph = handMade({
      nodes: { work: { retry_target: "exit" } },
      edges: [["work", "exit"]],
      attributes: { retry_target: "exit" },
    });
    expect(told(graph, { status: "fail" })).toBe("fail stage_failed");
  });

  it("inside a region the node's targets count only inside it, the graph's not at all", () => {
    const graph = handMade({
      nodes: { work: { retry_target: "outside", fallback_retry_target: "inside" } },
      edges: [
        ["work", "inside"],
        ["inside", "outside"],
      ],
      attributes: { retry_target: "inside" },
    });
    const region = new Set(["work", "inside"]);
    expect(told(graph, { status: "fail", mainPath: false, region })).toBe("fallback_retry_target inside");
    const onlyGraph = handMade({ edges: [["work", "inside"]], attributes: { retry_target: "inside" } });
    expect(told(onlyGraph, { status: "fail", mainPath: false, region })).toBe("fail stage_failed");
    expect(told(onlyGraph, { status: "fail", mainPath: false })).toBe("fail stage_failed");
  });

  it("fails its branch also where it has no outgoing edge", () => {
    expect(told(handMade({ edges: [["start", "work"]] }), { status: "fail" })).toBe("fail stage_failed");
  });

  it("a retry nobody asks for is a failure: an unanswered gate never takes its first choice", () => {
    const edges = [
      ["work", "approve", { label: "[A] Approve" }],
      ["work", "reject", { label: "[R] Reject" }],
    ] as const;
    const gate = handMade({ nodes: { work: { type: "wait.human" } }, edges });
    expect(told(gate, { status: "retry" })).toBe("fail stage_failed");
    const asked = handMade({
      nodes: { work: { type: "wait.human" } },
      edges: [...edges, ["work", "again", { condition: "outcome=retry" }]],
    });
    expect(told(asked, { status: "retry" })).toBe("condition again");
  });
});

describe("a conditional node", () => {
  const edges = [
    ["work", "good", { condition: "outcome=success" }],
    ["work", "other", { label: "Other" }],
    ["work", "plain", { weight: 1 }],
  ] as const;
  const graph = handMade({ nodes: { work: { type: "conditional" } }, edges });

  it("routes by what it carries and takes its unconditional edge whatever the status", () => {
    expect(told(graph)).toBe("condition good");
    expect(told(graph, { status: "fail" })).toBe("unconditional plain");
    expect(told(graph, { status: "fail", preferredLabel: "other" })).toBe("preferred_label other");
    expect(told(graph, { status: "fail", suggestedNextIds: ["other"] })).toBe("suggested_id other");
  });

  it("with one plain edge only, too", () => {
    const one = handMade({
      nodes: { work: { type: "conditional" } },
      edges: [["work", "next"]],
      attributes: { retry_target: "start" },
    });
    expect(told(one, { status: "fail" })).toBe("unconditional next");
    expect(told(one, { status: "retry" })).toBe("unconditional next");
  });

  it("without a fitting edge it is no_route", () => {
    const dead = handMade({ nodes: { work: { type: "conditional" } }, edges: [edges[0]] });
    expect(told(dead, { status: "fail" })).toBe("fail no_route");
  });
});

describe("a parallel node", () => {
  const graph = handMade({
    nodes: { work: { type: "parallel" } },
    edges: [
      ["work", "branch_a", { label: "go" }],
      ["work", "branch_b"],
      ["work", "repair", { condition: "outcome=fail" }],
    ],
  });

  it("routes by its conditional edges only: the others are branches", () => {
    expect(told(graph, { status: "fail" })).toBe("condition repair");
    expect(told(graph, { status: "success", preferredLabel: "go", suggestedNextIds: ["branch_b"] })).toBe("end");
    expect(told(graph, { status: "partial_success" })).toBe("end");
    expect(route(graph, { status: "fail" })).toMatchObject({ candidates: [{ to: "repair" }] });
  });

  it("failed without a route for it, it never falls through to a branch or the join", () => {
    const plain = handMade({
      nodes: { work: { type: "parallel" }, c: { type: "conditional" } },
      edges: [
        ["work", "c"],
        ["work", "b"],
      ],
    });
    expect(told(plain, { status: "fail" })).toBe("fail stage_failed");
    expect(told(plain)).toBe("end");
  });
});

describe("accelerators", () => {
  it.each([
    ["[Y] Yes, do it", "Y", "Yes, do it"],
    ["Y) Yes", "Y", "Yes"],
    ["10) Ten", "10", "Ten"],
    ["Y - Yes", "Y", "Yes"],
    ["[esc]Cancel", "esc", "Cancel"],
    ["[Y]", "Y", "Y"],
    ["Yes", undefined, "Yes"],
    ["a-b", undefined, "a-b"],
    ["Layer - by layer", undefined, "Layer - by layer"],
    ["(a) b", undefined, "(a) b"],
    ["[] x", undefined, "[] x"],
  ])("%s", (label, key, text) => {
    expect(parseChoiceLabel(label)).toEqual(key === undefined ? { text } : { key, text });
  });

  it("what compares equal", () => {
    expect(comparableLabel("  [F]  Fast\n Fix ")).toBe("fast fix");
  });
});
