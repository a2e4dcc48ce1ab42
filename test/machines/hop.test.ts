import { describe, expect, it } from "vitest";
import { type Graph, indexGraph, type JsonValue } from "../../src/graph/index.ts";
import { checkNewEntry } from "../../src/journal/parse-entry.ts";
import { REDIRECTS_MAX } from "../../src/limits.ts";
import {
  decideEnd,
  decideHead,
  decideHop,
  type EndFacts,
  type HopDecision,
  type StageEndFacts,
} from "../../src/machines/hop.ts";
import { handMade } from "../graph/hand-made.ts";

function ended(graph: Graph, node: string, status: string, more: Partial<StageEndFacts> = {}): HopDecision {
  const branch = more.branch ?? "main";
  const decision = decideHop({
    index: indexGraph(graph),
    branch,
    visitsOf: () => 0,
    redirects: 0,
    restarts: 0,
    maxRestarts: 50,
    stage: `${branch}/${node}@1`,
    node,
    outcome: { status },
    read: () => undefined,
    ...more,
  });
  if ("entry" in decision.hop && decision.hop.entry) checkNewEntry(decision.hop.entry);
  return decision;
}

function checked(graph: Graph, gates: Readonly<Record<string, string>>, more: Partial<EndFacts> = {}): HopDecision {
  const decision = decideEnd({
    index: indexGraph(graph),
    branch: "main",
    visitsOf: () => 1,
    redirects: 0,
    restarts: 0,
    maxRestarts: 50,
    node: "exit",
    exit: true,
    outcome: { status: "success" },
    gates: new Map(Object.entries(gates)),
    ...more,
  });
  if ("entry" in decision.hop && decision.hop.entry) checkNewEntry(decision.hop.entry);
  return decision;
}

const inBranch = { branch: "main/fan@1/0" } as const;

describe("after a stage", () => {
  const line = handMade({
    edges: [
      ["start", "work"],
      ["work", "next", { label: "on" }],
      ["next", "exit"],
    ],
  });

  it("goes along the chosen edge, with an entry that says why", () => {
    const { hop, redirects } = ended(line, "work", "success", { visitsOf: (node) => (node === "next" ? 2 : 0) });
    expect(redirects).toBeUndefined();
    expect(hop).toEqual({
      kind: "enter",
      node: "next",
      visit: 3,
      entry: {
        type: "edge.selected",
        branch: "main",
        stage: "main/work@1",
        data: {
          from: "work",
          to: "next",
          edge: 1,
          label: "on",
          rule: "unconditional",
          candidates: [{ edge: 1, to: "next" }],
        },
      },
    });
  });

  it("ends at an exit, on main and in a branch", () => {
    expect(ended(line, "exit", "success").hop).toEqual({ kind: "end", node: "exit", exit: true });
    expect(ended(line, "exit", "fail", inBranch).hop).toEqual({ kind: "end", node: "exit", exit: true });
  });

  it("a dead end is the failure no_exit on main and an end in a branch", () => {
    const dead = handMade({ edges: [["start", "dead"]] });
    expect(ended(dead, "dead", "success").hop).toMatchObject({ kind: "fail", code: "no_exit" });
    expect(ended(dead, "dead", "success", inBranch).hop).toEqual({ kind: "end", node: "dead", exit: false });
  });

  it("no edge for the outcome is the failure no_route", () => {
    const picky = handMade({ edges: [["work", "next", { condition: "outcome=odd" }]] });
    expect(ended(picky, "work", "success").hop).toMatchObject({
      kind: "fail",
      code: "no_route",
      message: expect.stringContaining("outcome success"),
    });
  });

  it("a failure takes no plain edge: it fails with its reason", () => {
    const { hop } = ended(line, "work", "fail", { outcome: { status: "fail", failureReason: "tests are red" } });
    expect(hop).toMatchObject({
      kind: "fail",
      code: "stage_failed",
      message: expect.stringContaining("tests are red"),
    });
  });

  it("reads conditions against the context as it is after the stage", () => {
    const graph = handMade({
      edges: [
        ["work", "a", { condition: "context.done=yes" }],
        ["work", "b"],
      ],
    });
    const read = (key: string): JsonValue | undefined => (key === "done" ? "yes" : undefined);
    expect(ended(graph, "work", "success", { read }).hop).toMatchObject({ node: "a" });
    expect(ended(graph, "work", "success").hop).toMatchObject({ node: "b" });
  });
});

describe("retry targets", () => {
  const graph = handMade({
    attributes: { retry_target: "start", fallback_retry_target: "plan" },
    nodes: { work: { retry_target: "plan" }, other: { retry_target: "nowhere", fallback_retry_target: "plan" } },
    edges: [
      ["start", "plan"],
      ["plan", "work"],
      ["work", "other"],
      ["other", "last"],
      ["last", "exit"],
    ],
  });

  it("are taken by a failed stage and use up a redirect", () => {
    const { hop, redirects } = ended(graph, "work", "fail", { redirects: 2 });
    expect(hop).toMatchObject({ kind: "enter", node: "plan", entry: { data: { rule: "retry_target", to: "plan" } } });
    expect(hop).not.toHaveProperty("entry.data.edge");
    expect(redirects).toBe(3);
  });

  it("fall back to the next that is in the pipeline", () => {
    expect(ended(graph, "other", "fail").hop).toMatchObject({
      node: "plan",
      entry: { data: { rule: "fallback_retry_target" } },
    });
  });

  it("of the graph count on the main path only", () => {
    expect(ended(graph, "last", "fail").hop).toMatchObject({
      node: "start",
      entry: { data: { rule: "graph_retry_target" } },
    });
    expect(ended(graph, "last", "fail", inBranch).hop).toMatchObject({ kind: "fail", code: "stage_failed" });
  });

  it("end at the limit of redirects", () => {
    expect(ended(graph, "work", "fail", { redirects: REDIRECTS_MAX - 1 }).redirects).toBe(REDIRECTS_MAX);
    const over = ended(graph, "work", "fail", { redirects: REDIRECTS_MAX });
    expect(over.hop).toMatchObject({ kind: "fail", code: "redirect_limit" });
    expect(over.redirects).toBeUndefined();
  });
});

describe("bounded visits", () => {
  const graph = handMade({
    attributes: { max_visits: 4 },
    nodes: { twice: { max_visits: 2 } },
    edges: [
      ["start", "twice"],
      ["twice", "many"],
      ["many", "twice"],
      ["many", "exit", { condition: "outcome=odd" }],
    ],
  });
  const hopFrom = (node: string, visits: number) => ended(graph, node, "success", { visitsOf: () => visits }).hop;

  it("let the last visit happen and fail the next, by node, then by graph", () => {
    expect(hopFrom("many", 1)).toMatchObject({ kind: "enter", node: "twice", visit: 2 });
    expect(hopFrom("many", 2)).toMatchObject({
      kind: "fail",
      code: "max_visits",
      message: expect.stringContaining("2 times"),
    });
    expect(hopFrom("twice", 3)).toMatchObject({ kind: "enter", node: "many", visit: 4 });
    expect(hopFrom("twice", 4)).toMatchObject({ kind: "fail", code: "max_visits" });
  });

  it("bind the first hop too, which names a node of the pipeline or fails", () => {
    const facts = { index: indexGraph(graph), branch: "main", redirects: 0, restarts: 0, maxRestarts: 50 };
    expect(decideHead({ ...facts, visitsOf: () => 0 }, { node: "start" }).hop).toEqual({
      kind: "enter",
      node: "start",
      visit: 1,
    });
    expect(decideHead({ ...facts, visitsOf: () => 2 }, { node: "twice" }).hop).toMatchObject({ code: "max_visits" });
    expect(decideHead({ ...facts, visitsOf: () => 0 }, { node: "nowhere" }).hop).toMatchObject({
      code: "node_missing",
    });
  });
});

describe("loop_restart", () => {
  const graph = handMade({
    edges: [
      ["work", "start", { loop_restart: true }],
      ["text", "start", { loop_restart: "true" }],
    ],
  });

  it("starts the run over at the edge's target", () => {
    expect(ended(graph, "work", "success").hop).toMatchObject({
      kind: "restart",
      node: "start",
      entry: { data: { edge: 0 } },
    });
    expect(ended(graph, "text", "success").hop).toMatchObject({ kind: "restart", node: "start" });
  });

  it("fails at its limit, and the entry says which edge it was", () => {
    expect(ended(graph, "work", "success", { restarts: 1, maxRestarts: 2 }).hop.kind).toBe("restart");
    expect(ended(graph, "work", "success", { restarts: 2, maxRestarts: 2 }).hop).toMatchObject({
      kind: "fail",
      code: "restart_limit",
      entry: { data: { edge: 0 } },
    });
  });
});

describe("before a branch ends", () => {
  const graph = handMade({
    nodes: {
      first: { goal_gate: true, retry_target: "plan" },
      second: { goal_gate: true, retry_target: "nowhere", fallback_retry_target: "first" },
      third: { goal_gate: true },
    },
    edges: [
      ["start", "plan"],
      ["plan", "first"],
      ["first", "second"],
      ["second", "third"],
      ["third", "exit"],
    ],
  });
  const withTarget = handMade({ ...sketchOf(graph), attributes: { retry_target: "plan" } });

  it("gates that are met, or were not visited, let it end", () => {
    const end = { kind: "end", node: "exit", exit: true };
    expect(checked(graph, {}).hop).toEqual(end);
    expect(checked(graph, { first: "success", second: "partial_success", third: "shipped" }).hop).toEqual(end);
  });

  it.each(["fail", "retry", "skipped"])("a gate whose last visit was %s sends it to the gate's target", (status) => {
    const { hop, redirects } = checked(graph, { first: status }, { redirects: 1 });
    expect(hop).toEqual({
      kind: "enter",
      node: "plan",
      visit: 2,
      entry: {
        type: "goal_gate.redirected",
        branch: "main",
        data: { gate: "first", status, target: "plan", redirects: 2 },
      },
    });
    expect(redirects).toBe(2);
  });

  it("takes the first unmet gate of the pipeline, and its fallback where the target is no node", () => {
    expect(checked(graph, { second: "fail", first: "fail" }).hop).toMatchObject({ entry: { data: { gate: "first" } } });
    expect(checked(graph, { second: "fail" }).hop).toMatchObject({ kind: "enter", node: "first" });
  });

  it("takes the graph's target on main only", () => {
    expect(checked(withTarget, { third: "fail" }).hop).toMatchObject({ kind: "enter", node: "plan" });
    expect(checked(withTarget, { third: "fail" }, inBranch).hop).toMatchObject({
      kind: "fail",
      code: "goal_gate_unmet",
    });
    expect(checked(graph, { third: "fail" }).hop).toMatchObject({ kind: "fail", code: "goal_gate_unmet" });
  });

  it("shares the limit of redirects with retry targets", () => {
    expect(checked(graph, { first: "fail" }, { redirects: REDIRECTS_MAX }).hop).toMatchObject({
      code: "goal_gate_unmet",
    });
    expect(checked(graph, { first: "fail" }, { redirects: REDIRECTS_MAX - 1 }).redirects).toBe(REDIRECTS_MAX);
  });

  it("a redirect is a visit like any other", () => {
    expect(checked(graph, { first: "fail" }, { visitsOf: () => 1_000 }).hop).toMatchObject({ code: "max_visits" });
  });

  it("a failed last stage fails main at its exit, and ends a branch with its status", () => {
    const outcome = { status: "fail", failureReason: "red" };
    expect(checked(graph, {}, { outcome }).hop).toMatchObject({
      code: "stage_failed",
      message: expect.stringContaining("red"),
    });
    expect(checked(graph, {}, { outcome, ...inBranch }).hop).toMatchObject({ kind: "end" });
    expect(checked(graph, {}, { outcome: null }).hop).toMatchObject({ kind: "end" });
  });
});

function sketchOf(graph: Graph) {
  return {
    nodes: Object.fromEntries(graph.nodes.map(({ id, attributes }) => [id, attributes])),
    edges: graph.edges.map(({ from, to }) => [from, to] as const),
  };
}
