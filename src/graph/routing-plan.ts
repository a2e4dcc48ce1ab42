import { numberAttribute, textAttribute } from "./attribute-reading.ts";
import type { Condition } from "./conditions.ts";
import { conditionText, edgeCondition } from "./conditions-of-edges.ts";
import { type Graph, type GraphEdge, type GraphNode, indexGraph } from "./graph.ts";
import { perNode } from "./per-node.ts";
import type { Route, RouteCandidate } from "./routing.ts";
import { comparableLabel } from "./routing-labels.ts";
import { stageSettings } from "./settings.ts";

export interface ConditionalEdge {
  readonly edge: GraphEdge;
  readonly text: string;
  /** Undefined for a text that does not parse: never true. */
  readonly condition: Condition | undefined;
}

/** What routing needs of a node, sorted and parsed once: a decision then costs its candidates and nothing more. */
export interface RoutingPlan {
  readonly type: string;
  readonly retryIsWord: boolean;
  /** By weight (high first), then target id. */
  readonly conditional: readonly ConditionalEdge[];
  /** In the same order; empty for a parallel node, whose unconditional edges are branches. */
  readonly unconditional: readonly GraphEdge[];
  readonly byLabel: ReadonlyMap<string, GraphEdge>;
  readonly byTarget: ReadonlyMap<string, GraphEdge>;
  /** Of the unconditional edges, in order. */
  readonly candidates: readonly RouteCandidate[];
  /** The answer to a plain success where no condition has a say. */
  readonly plainRoute: Route | undefined;
  /** The first unconditional edge, where it leads to a conditional node. */
  readonly failTo: GraphEdge | undefined;
  readonly jumps: readonly RetryJump[];
}

export interface RetryJump {
  readonly target: string;
  readonly rule: "retry_target" | "fallback_retry_target" | "graph_retry_target" | "graph_fallback_retry_target";
  readonly ofGraph: boolean;
}

/** The plan of a node; made at its first use and kept with the graph. */
export const routingPlan = perNode(makePlan);

function makePlan(graph: Graph, nodeId: string): RoutingPlan {
  const index = indexGraph(graph);
  const node = index.node(nodeId);
  const outgoing = byPrecedence(index.outgoing(nodeId));
  const conditional = outgoing.flatMap(asConditional);
  const unconditional = node?.type === "parallel" ? [] : outgoing.filter((edge) => conditionText(edge) === undefined);
  const candidates = unconditional.map((edge) => ({ edge: edge.index, to: edge.to }));
  const first = unconditional[0];
  return {
    type: node?.type ?? "",
    retryIsWord: node !== undefined && stageSettings(graph, node).retryIsWord,
    conditional,
    unconditional,
    byLabel: firstBy(unconditional, (edge) => comparableLabel(textAttribute(edge.attributes, "label") ?? "")),
    byTarget: firstBy(unconditional, (edge) => edge.to),
    candidates,
    plainRoute:
      first && conditional.length === 0 ? { kind: "edge", edge: first, rule: "unconditional", candidates } : undefined,
    failTo: first && index.node(first.to)?.type === "conditional" ? first : undefined,
    jumps: node ? retryJumps(graph, node) : [],
  };
}

function asConditional(edge: GraphEdge): ConditionalEdge[] {
  const text = conditionText(edge);
  if (text === undefined) return [];
  const condition = edgeCondition(edge);
  return [{ edge, text, condition: condition === "invalid" ? undefined : condition }];
}

function firstBy(edges: readonly GraphEdge[], keyOf: (edge: GraphEdge) => string): ReadonlyMap<string, GraphEdge> {
  const first = new Map<string, GraphEdge>();
  for (const edge of edges) {
    const key = keyOf(edge);
    if (key !== "" && !first.has(key)) first.set(key, edge);
  }
  return first;
}

/** Targets that name no node, and exits (a failure must not end a run as a success), are left out. */
function retryJumps(graph: Graph, node: GraphNode): RetryJump[] {
  const index = indexGraph(graph);
  const named = [
    { rule: "retry_target", ofGraph: false, target: textAttribute(node.attributes, "retry_target") },
    { rule: "fallback_retry_target", ofGraph: false, target: textAttribute(node.attributes, "fallback_retry_target") },
    { rule: "graph_retry_target", ofGraph: true, target: textAttribute(graph.attributes, "retry_target") },
    {
      rule: "graph_fallback_retry_target",
      ofGraph: true,
      target: textAttribute(graph.attributes, "fallback_retry_target"),
    },
  ] as const;
  return named.flatMap(({ target, ...jump }) => {
    const type = target === undefined ? undefined : index.node(target)?.type;
    return target === undefined || type === undefined || type === "exit" ? [] : [{ ...jump, target }];
  });
}

/** Weight (high first), then target id. */
function byPrecedence(edges: readonly GraphEdge[]): readonly GraphEdge[] {
  if (edges.length < 2) return edges;
  const weights = new Map(edges.map((edge) => [edge, numberAttribute(edge.attributes, "weight") ?? 0]));
  const weightOf = (edge: GraphEdge): number => weights.get(edge) ?? 0;
  return edges.toSorted((a, b) => weightOf(b) - weightOf(a) || compareText(a.to, b.to) || compareContent(a, b));
}

/** Two edges to one target: by what they say, so that the order in the file still does not matter. */
function compareContent(a: GraphEdge, b: GraphEdge): number {
  return compareText(contentOf(a), contentOf(b)) || a.index - b.index;
}

function contentOf(edge: GraphEdge): string {
  return JSON.stringify(Object.entries(edge.attributes).toSorted(([a], [b]) => compareText(a, b)));
}

/** By code units: the same on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
