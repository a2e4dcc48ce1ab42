/** Where branches go and where they end: their regions are computed, not given. Source: 03 §4 (leaving a region), §5. */
import { describe, expect, it } from "vitest";
import { type Graph, indexGraph } from "../../src/graph/index.ts";
import { checkNewEntry } from "../../src/journal/parse-entry.ts";
import { branchRegion } from "../../src/machines/branch-region.ts";
import { decideEnd, decideHead, decideHop, type HopDecision, type HopFacts } from "../../src/machines/hop.ts";
import { handMade } from "../graph/hand-made.ts";

/** Facts of a branch as a driver gathers them. */
function factsOf(graph: Graph, branch: string, more: Partial<HopFacts> = {}): HopFacts {
  const index = indexGraph(graph);
  const region = branchRegion(index, branch);
  const counters = { visitsOf: () => 0, redirects: 0, restarts: 0, maxRestarts: 50 };
  return { index, branch, ...counters, ...(region ? { region } : {}), ...more };
}

interface Place {
  readonly branch: string;
  readonly node: string;
  readonly status?: string;
}

function leave(graph: Graph, { branch, node, status = "success" }: Place, more: Partial<HopFacts> = {}): HopDecision {
  const decision = decideHop({
    ...factsOf(graph, branch, more),
    stage: `${branch}/${node}@1`,
    node,
    outcome: { status },
    read: () => undefined,
  });
  if ("entry" in decision.hop && decision.hop.entry) checkNewEntry(decision.hop.entry);
  return decision;
}

const FIRST = "main/fan@1/0";
const fan = (edges: Parameters<typeof handMade>[0]["edges"], nodes: Record<string, object> = {}): Graph =>
  handMade({ nodes: { fan: { type: "parallel" }, ...nodes }, edges: [["start", "fan"], ...edges] });

describe("a parallel node", () => {
  const graph = fan([
    ["fan", "a"],
    ["fan", "b"],
    ["a", "join"],
    ["b", "join"],
    ["join", "exit"],
  ]);

  it("goes on at its join, by the rule that is named so", () => {
    for (const status of ["success", "partial_success", "skipped", "shipped"]) {
      expect(leave(graph, { branch: "main", node: "fan", status }).hop).toMatchObject({
        kind: "enter",
        node: "join",
        entry: { data: { from: "fan", to: "join", rule: "join", candidates: [] } },
      });
    }
  });

  it("that failed never falls through to its join", () => {
    for (const status of ["fail", "retry"]) {
      expect(leave(graph, { branch: "main", node: "fan", status }).hop).toMatchObject({ kind: "fail" });
    }
  });

  it("takes its own conditional edges first, and a failure its retry target", () => {
    const routed = fan(
      [
        ["fan", "a"],
        ["fan", "b"],
        ["fan", "repair", { condition: "outcome=partial_success" }],
        ["a", "join"],
        ["b", "join"],
        ["join", "exit"],
        ["repair", "exit"],
      ],
      { fan: { type: "parallel", retry_target: "start" } },
    );
    const end = (status: string) => leave(routed, { branch: "main", node: "fan", status }).hop;
    expect(end("partial_success")).toMatchObject({ node: "repair", entry: { data: { rule: "condition" } } });
    expect(end("success")).toMatchObject({ node: "join", entry: { data: { rule: "join" } } });
    expect(end("fail")).toMatchObject({ node: "start", entry: { data: { rule: "retry_target" } } });
  });

  it("without a join ends its scope as an exit would: the main path, or the branch it is in", () => {
    const ends = fan(
      [
        ["fan", "a"],
        ["fan", "inner"],
        ["inner", "x"],
        ["inner", "y"],
      ],
      { inner: { type: "parallel" } },
    );
    expect(leave(ends, { branch: "main", node: "fan" }).hop).toEqual({ kind: "end", node: "fan", exit: true });
    expect(leave(ends, { branch: "main/fan@1/1", node: "inner" }).hop).toMatchObject({ kind: "end", node: "inner" });
  });

  it("whose join is the exit enters it", () => {
    const common = fan([
      ["fan", "a"],
      ["fan", "b"],
      ["a", "exit"],
      ["b", "exit"],
    ]);
    expect(leave(common, { branch: "main", node: "fan" }).hop).toMatchObject({ kind: "enter", node: "exit" });
    expect(leave(common, { branch: FIRST, node: "a" }).hop).toMatchObject({ kind: "end", node: "exit" });
  });
});

describe("a branch", () => {
  const graph = fan(
    [
      ["fan", "a"],
      ["fan", "b"],
      ["a", "again"],
      ["again", "a", { condition: "outcome=retry" }],
      ["again", "join"],
      ["b", "join", { condition: "outcome=success" }],
      ["b", "fan", { condition: "outcome=back" }],
      ["b", "before", { condition: "outcome=early" }],
      ["b", "exit", { condition: "outcome=enough" }],
      ["before", "fan"],
      ["join", "exit"],
    ],
    { join: {} },
  );

  it("ends at its join without entering it, with the edge that led there", () => {
    expect(leave(graph, { branch: FIRST, node: "again" }).hop).toMatchObject({
      kind: "end",
      node: "join",
      exit: false,
      entry: { branch: FIRST, stage: `${FIRST}/again@1`, data: { to: "join" } },
    });
  });

  it("goes round inside its region", () => {
    expect(leave(graph, { branch: FIRST, node: "again", status: "retry" }).hop).toMatchObject({
      kind: "enter",
      node: "a",
    });
  });

  it.each(["back", "early"])(
    "that would leave its region fails (%s), and the entry says which edge it was",
    (status) => {
      const { hop } = leave(graph, { branch: "main/fan@1/1", node: "b", status });
      expect(hop).toMatchObject({
        kind: "fail",
        code: "left_region",
        message: expect.stringContaining(status === "back" ? "fan" : "before"),
        entry: { type: "edge.selected", data: { from: "b", rule: "condition" } },
      });
    },
  );

  it("may go to an exit, and ends there", () => {
    const branch = "main/fan@1/1";
    expect(leave(graph, { branch, node: "b", status: "enough" }).hop).toMatchObject({ kind: "enter", node: "exit" });
    expect(leave(graph, { branch, node: "exit" }).hop).toEqual({ kind: "end", node: "exit", exit: true });
  });

  it("whose head is the join has ended before its first stage", () => {
    const empty = fan([
      ["fan", "a"],
      ["fan", "join"],
      ["a", "join"],
      ["join", "exit"],
    ]);
    const head = { node: "join", edge: 2 };
    expect(decideHead(factsOf(empty, "main/fan@1/1"), head).hop).toEqual({ kind: "end", node: "join", exit: false });
    expect(decideHead(factsOf(empty, FIRST), { node: "a", edge: 1 }).hop).toMatchObject({ kind: "enter", edge: 1 });
  });

  it("ends at a node that no edge leaves; one with edges that are not for its outcome fails", () => {
    const dead = fan([
      ["fan", "a"],
      ["fan", "b"],
      ["b", "c", { condition: "outcome=odd" }],
    ]);
    expect(leave(dead, { branch: FIRST, node: "a" }).hop).toEqual({ kind: "end", node: "a", exit: false });
    expect(leave(dead, { branch: FIRST, node: "b" }).hop).toMatchObject({ kind: "fail", code: "no_route" });
  });

  it("starts no run over", () => {
    const restarting = fan([
      ["fan", "a"],
      ["fan", "b"],
      ["a", "start", { loop_restart: true, condition: "outcome=over" }],
      ["a", "join"],
      ["b", "join"],
      ["join", "exit"],
    ]);
    expect(leave(restarting, { branch: FIRST, node: "a", status: "over" }).hop).toMatchObject({
      kind: "fail",
      code: "loop_restart_in_branch",
      entry: { data: { to: "start" } },
    });
  });
});

describe("nested fan-outs", () => {
  const shared = fan(
    [
      ["fan", "inner"],
      ["fan", "c"],
      ["inner", "a"],
      ["inner", "b"],
      ["a", "join"],
      ["b", "join"],
      ["c", "join"],
      ["join", "exit"],
    ],
    { inner: { type: "parallel" } },
  );

  it("that share their join: the inner activation ends, and then the outer branch does", () => {
    const inner = `${FIRST}/inner@1/1`;
    expect(leave(shared, { branch: inner, node: "b" }).hop).toMatchObject({ kind: "end", node: "join" });
    expect(leave(shared, { branch: FIRST, node: "inner" }).hop).toMatchObject({
      kind: "end",
      node: "join",
      exit: false,
      entry: { data: { rule: "join", from: "inner", to: "join" } },
    });
    expect(leave(shared, { branch: "main", node: "fan" }).hop).toMatchObject({ kind: "enter", node: "join" });
  });

  it("each with its own: an inner branch may not run on to the outer join", () => {
    const own = fan(
      [
        ["fan", "inner"],
        ["fan", "c"],
        ["inner", "a"],
        ["inner", "b"],
        ["a", "meet"],
        ["b", "meet"],
        ["b", "join", { condition: "outcome=far" }],
        ["meet", "join"],
        ["c", "join"],
        ["join", "exit"],
      ],
      { inner: { type: "parallel", join: "meet" } },
    );
    const branch = `${FIRST}/inner@1/1`;
    expect(leave(own, { branch, node: "b" }).hop).toMatchObject({ kind: "end", node: "meet" });
    expect(leave(own, { branch, node: "b", status: "far" }).hop).toMatchObject({ code: "left_region" });
    expect(leave(own, { branch: FIRST, node: "inner" }).hop).toMatchObject({ kind: "enter", node: "meet" });
  });
});

describe("a body", () => {
  const graph = handMade({
    nodes: {
      each: { type: "foreach", body: "body" },
      work: { retry_target: "outside" },
      check: { retry_target: "work" },
    },
    edges: [
      ["start", "each"],
      ["each", "outside"],
      ["work", "check"],
      ["check", "outside", { condition: "outcome=away" }],
      ["outside", "exit"],
    ],
    subgraphs: { body: ["work", "check"] },
  });
  const branch = "main/each@1/7";

  it("ends at its node without outgoing edges, and is left by no edge", () => {
    expect(decideHead(factsOf(graph, branch), { node: "work" }).hop).toMatchObject({ kind: "enter", node: "work" });
    expect(leave(graph, { branch, node: "check", status: "away" }).hop).toMatchObject({ code: "left_region" });
  });

  it("a node's retry target counts inside it only", () => {
    expect(leave(graph, { branch, node: "work", status: "fail" }).hop).toMatchObject({ code: "stage_failed" });
    expect(leave(graph, { branch, node: "check", status: "fail" })).toMatchObject({
      hop: { kind: "enter", node: "work", entry: { data: { rule: "retry_target" } } },
      redirects: 1,
    });
  });
});

describe("goal gates of a branch", () => {
  const graph = handMade({
    attributes: { retry_target: "a" },
    nodes: {
      fan: { type: "parallel" },
      a: {},
      gate: { goal_gate: true, retry_target: "start", fallback_retry_target: "a" },
      lone: { goal_gate: true, retry_target: "start" },
      bare: { goal_gate: true },
    },
    edges: [
      ["start", "fan"],
      ["fan", "a"],
      ["fan", "lone"],
      ["a", "gate"],
      ["gate", "bare"],
      ["bare", "join"],
      ["lone", "join"],
      ["join", "exit"],
    ],
  });
  const check = (gates: Record<string, string>, more: { branch?: string; status?: string } = {}) =>
    decideEnd({
      ...factsOf(graph, more.branch ?? FIRST),
      node: "join",
      exit: false,
      outcome: { status: more.status ?? "success" },
      gates: new Map(Object.entries(gates)),
    });

  it("are checked before it ends: to the first of the gate's targets that is inside", () => {
    expect(check({ gate: "retry" })).toMatchObject({
      hop: {
        kind: "enter",
        node: "a",
        entry: { type: "goal_gate.redirected", branch: FIRST, data: { gate: "gate", target: "a" } },
      },
      redirects: 1,
    });
    expect(check({ gate: "success" }).hop).toEqual({ kind: "end", node: "join", exit: false });
  });

  it("have no target outside, and none of the graph", () => {
    const unmet = { kind: "fail", code: "goal_gate_unmet" };
    expect(check({ lone: "retry" }, { branch: "main/fan@1/1" }).hop).toMatchObject(unmet);
    expect(check({ bare: "retry" }).hop).toMatchObject(unmet);
  });

  it("are not asked where it has failed anyway", () => {
    expect(check({ gate: "fail" }, { status: "fail" }).hop).toEqual({ kind: "end", node: "join", exit: false });
  });
});
