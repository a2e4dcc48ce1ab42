/** Where a branch goes: routing, visit limits, redirects and goal gates put together. Pure. Source: 03 §4. */
import {
  decideRoute,
  findJoin,
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

/** Where a branch may go that is not the main one. */
export interface BranchRegion {
  /** Where it meets its siblings. */
  readonly join?: string;
  /** The nodes it may visit; exits besides. */
  readonly nodes: ReadonlySet<string>;
}

export interface HopFacts {
  readonly index: GraphIndex;
  readonly branch: string;
  /** Absent for the main path, which may go anywhere. */
  readonly region?: BranchRegion;
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
export function decideHead(facts: HopFacts, head: { readonly node: string; readonly edge?: number }): HopDecision {
  if (head.node === facts.region?.join) return { hop: { kind: "end", node: head.node, exit: false } };
  const hop = enter(facts, head.node, undefined);
  return { hop: hop.kind === "enter" && head.edge !== undefined ? { ...hop, edge: head.edge } : hop };
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
    ...(facts.region ? { region: facts.region.nodes } : {}),
  });
  if (route.kind === "end" && node.type === "parallel") return takeJoin(facts);
  return takeRoute(facts, route);
}

/** A parallel stage goes on at its join; without one its scope ends as at an exit. */
function takeJoin(facts: StageEndFacts): HopDecision {
  const { join } = findJoin(facts.index.graph, facts.node);
  if (join === undefined) return { hop: { kind: "end", node: facts.node, exit: true } };
  return { hop: goTo(facts, join, selected(facts, join, { rule: "join", candidates: [] })) };
}

/** To a node, unless the branch ends there: at its join. */
function goTo(facts: StageEndFacts, to: string, entry: NewEntry<"edge.selected">): Hop {
  return to === facts.region?.join ? { kind: "end", node: to, exit: false, entry } : enter(facts, to, entry);
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
    return { hop: goTo(facts, edge.to, entry) };
  }
  if (facts.region) {
    return fail("loop_restart_in_branch", "a run starts over on its main path only, not in a branch or body", entry);
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

/** Before a branch may end: goal gates, then the status of its last stage. A branch that failed ends as it is. */
export function decideEnd(facts: EndFacts): HopDecision {
  if (facts.region && facts.outcome?.status === "fail") {
    return { hop: { kind: "end", node: facts.node, exit: facts.exit } };
  }
  const unmet = firstUnmet(facts);
  if (unmet) return redirect(facts, unmet);
  const status = facts.outcome?.status ?? "success";
  if (facts.branch === "main" && status === "fail") {
    const reason = facts.outcome?.failureReason;
    return fail("stage_failed", `the last stage before ${facts.node} failed${reason ? `: ${reason}` : ""}`);
  }
  return { hop: { kind: "end", node: facts.node, exit: facts.exit } };
}

/** In the order of the graph, which is gone through only where a gate is unmet: branches end by the thousand. */
function firstUnmet({ gates, index }: EndFacts): GraphNode | undefined {
  const unmet = new Set([...gates].filter(([, status]) => !isSuccessStatus(status)).map(([id]) => id));
  return unmet.size === 0 ? undefined : index.graph.nodes.find(({ id }) => unmet.has(id));
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
  return named.find((id): id is string => typeof id === "string" && isInside(facts, id));
}

function isInside({ index, region }: HopFacts, id: string): boolean {
  const node = index.node(id);
  return node !== undefined && (region === undefined || node.type === "exit" || region.nodes.has(id));
}

function enter(facts: HopFacts, id: string, entry: Extract<Hop, { kind: "enter" }>["entry"]): Hop {
  const node = facts.index.node(id);
  if (!node) return { kind: "fail", code: "node_missing", message: `node ${id} is not in the pipeline` };
  if (!isInside(facts, id)) return leaves(facts, id, entry);
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

function leaves(facts: HopFacts, id: string, entry: Extract<Hop, { kind: "enter" }>["entry"]): Hop {
  const message = `branch ${facts.branch} would leave its region for ${id}: it ends at its join or at its own end`;
  return { kind: "fail", code: "left_region", message, ...(entry?.type === "edge.selected" ? { entry } : {}) };
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
