/** Where a branch goes: routing, visit limits, redirects and goal gates put together. Pure. Source: 03 §4. */
import {
  decideRoute,
  type GraphIndex,
  type GraphNode,
  isSuccessStatus,
  type JsonValue,
  type Route,
  type RoutingOutcome,
  stageSettings,
} from "../graph/index.ts";
import type { NewEntry } from "../journal/entry.ts";
import { REDIRECTS_MAX } from "../limits.ts";
import type { Hop } from "./protocol.ts";

export interface HopFacts {
  readonly index: GraphIndex;
  readonly branch: string;
  /** Visits of a node on this branch so far. */
  readonly visitsOf: (node: string) => number;
  /** Goal-gate redirects and retry targets taken in this scope so far. */
  readonly redirects: number;
  /** Times the run was started over, and how often it may be. */
  readonly restarts: number;
  readonly maxRestarts: number;
}

export interface StageEndFacts extends HopFacts {
  readonly stage: string;
  readonly node: string;
  readonly outcome: RoutingOutcome;
  readonly read: (key: string) => JsonValue | undefined;
}

export interface EndFacts extends HopFacts {
  /** Where the branch stopped. */
  readonly node: string;
  readonly exit: boolean;
  /** Of the newest stage that counts; null where there was none. */
  readonly outcome: RoutingOutcome | null;
  /** Status of the last visit of each goal gate of this scope, in any order. */
  readonly gates: ReadonlyMap<string, string>;
}

/** A hop, and whether it uses up a redirect. */
export interface HopDecision {
  readonly hop: Hop;
  readonly redirects?: number;
}

/** The first hop of a branch. */
export function decideHead(facts: HopFacts, node: string): HopDecision {
  return { hop: enter(facts, node, undefined) };
}

/** After a stage has ended. */
export function decideHop(facts: StageEndFacts): HopDecision {
  const node = facts.index.node(facts.node);
  if (!node) return fail("node_missing", `node ${facts.node} is not in the pipeline`);
  if (node.type === "exit") return { hop: { kind: "end", node: node.id, exit: true } };
  const route = decideRoute({
    graph: facts.index.graph,
    node: facts.node,
    outcome: facts.outcome,
    read: facts.read,
    mainPath: facts.branch === "main",
  });
  return takeRoute(facts, route);
}

function takeRoute(facts: StageEndFacts, route: Route): HopDecision {
  switch (route.kind) {
    case "edge":
      return takeEdge(facts, route);
    case "jump":
      return takeJump(facts, route);
    case "end":
      return facts.branch === "main"
        ? fail("no_exit", `the main path stopped at ${facts.node}, which has no outgoing edge and is no exit`)
        : { hop: { kind: "end", node: facts.node, exit: false } };
    case "fail":
      return fail(route.code, route.code === "no_route" ? noRoute(facts) : stageFailed(facts));
  }
}

function takeEdge(facts: StageEndFacts, route: Extract<Route, { kind: "edge" }>): HopDecision {
  const { edge } = route;
  const label = edge.attributes["label"];
  const entry = selected(facts, edge.to, {
    edge: edge.index,
    ...(typeof label === "string" && label !== "" ? { label } : {}),
    rule: route.rule,
    candidates: [...route.candidates],
  });
  if (edge.attributes["loop_restart"] !== true && edge.attributes["loop_restart"] !== "true") {
    return { hop: enter(facts, edge.to, entry) };
  }
  if (facts.restarts >= facts.maxRestarts) {
    return fail(
      "restart_limit",
      `the run was started over ${facts.restarts} times, which is the limit (max_restarts)`,
      entry,
    );
  }
  return { hop: { kind: "restart", node: edge.to, entry } };
}

function takeJump(facts: StageEndFacts, route: Extract<Route, { kind: "jump" }>): HopDecision {
  if (facts.redirects >= REDIRECTS_MAX) {
    return fail(
      "redirect_limit",
      `${stageFailed(facts)}; its retry target was not taken: ${REDIRECTS_MAX} redirects is the limit`,
    );
  }
  const entry = selected(facts, route.target, { rule: route.rule, candidates: [...route.candidates] });
  return { hop: enter(facts, route.target, entry), redirects: facts.redirects + 1 };
}

function selected(
  facts: StageEndFacts,
  to: string,
  data: Omit<NewEntry<"edge.selected">["data"], "from" | "to">,
): NewEntry<"edge.selected"> {
  return { type: "edge.selected", branch: facts.branch, stage: facts.stage, data: { from: facts.node, to, ...data } };
}

/** Before a branch may end: goal gates, then the status of its last stage. */
export function decideEnd(facts: EndFacts): HopDecision {
  const unmet = facts.index.graph.nodes.find((node) => isUnmet(node, facts.gates));
  if (unmet) return redirect(facts, unmet);
  const status = facts.outcome?.status ?? "success";
  if (facts.branch === "main" && status === "fail") {
    const reason = facts.outcome?.failureReason;
    return fail("stage_failed", `the last stage before ${facts.node} failed${reason ? `: ${reason}` : ""}`);
  }
  return { hop: { kind: "end", node: facts.node, exit: facts.exit } };
}

function isUnmet(node: GraphNode, gates: ReadonlyMap<string, string>): boolean {
  const status = gates.get(node.id);
  return status !== undefined && !isSuccessStatus(status);
}

function redirect(facts: EndFacts, gate: GraphNode): HopDecision {
  const status = facts.gates.get(gate.id) ?? "";
  const target = goalTarget(facts, gate);
  if (target === undefined) {
    return fail(
      "goal_gate_unmet",
      `goal gate ${gate.id} ended ${status} and neither it nor the graph names a retry_target`,
    );
  }
  if (facts.redirects >= REDIRECTS_MAX) {
    return fail(
      "goal_gate_unmet",
      `goal gate ${gate.id} ended ${status} after ${REDIRECTS_MAX} redirects, which is the limit`,
    );
  }
  const redirects = facts.redirects + 1;
  const entry: NewEntry<"goal_gate.redirected"> = {
    type: "goal_gate.redirected",
    branch: facts.branch,
    data: { gate: gate.id, status, target, redirects },
  };
  return { hop: enter(facts, target, entry), redirects };
}

function goalTarget(facts: EndFacts, gate: GraphNode): string | undefined {
  const named = [
    gate.attributes["retry_target"],
    gate.attributes["fallback_retry_target"],
    ...(facts.branch === "main"
      ? [facts.index.graph.attributes["retry_target"], facts.index.graph.attributes["fallback_retry_target"]]
      : []),
  ];
  return named.find((id): id is string => typeof id === "string" && facts.index.node(id) !== undefined);
}

function enter(facts: HopFacts, id: string, entry: Extract<Hop, { kind: "enter" }>["entry"]): Hop {
  const node = facts.index.node(id);
  if (!node) return { kind: "fail", code: "node_missing", message: `node ${id} is not in the pipeline` };
  const visit = facts.visitsOf(id) + 1;
  const { maxVisits } = stageSettings(facts.index.graph, node);
  if (visit > maxVisits) {
    return {
      kind: "fail",
      code: "max_visits",
      message: `node ${id} was visited ${maxVisits} times, which is its limit (max_visits)`,
    };
  }
  return { kind: "enter", node: id, visit, ...(entry ? { entry } : {}) };
}

function fail(code: string, message: string, entry?: NewEntry<"edge.selected">): HopDecision {
  return { hop: { kind: "fail", code, message, ...(entry ? { entry } : {}) } };
}

function stageFailed(facts: StageEndFacts): string {
  const reason = facts.outcome.failureReason;
  return `stage ${facts.stage} failed${reason ? `: ${reason}` : ""}`;
}

function noRoute(facts: StageEndFacts): string {
  return `no edge of ${facts.node} is for its outcome ${facts.outcome.status}; add an unconditional edge or a condition that holds`;
}
