import { bodyNodes, bodyOf } from "../bodies.ts";
import { conditionText } from "../conditions-of-edges.ts";
import type { GraphNode } from "../graph.ts";
import { findJoin } from "../join.ts";
import { reachedFrom } from "./reached.ts";
import type { Lint } from "./report.ts";

/**
 * Where the main path stops without an exit, which fails the run. A branch and a body do end at such a node, a gate's own
 * rule speaks of its choices, and a node that nothing leads to, or a pipeline without any exit, has an error already.
 * Source: 03 §4.
 */
export function deadEndRules(lint: Lint): void {
  const { graph, index, report } = lint;
  const exit = graph.nodes.find((node) => node.type === "exit");
  if (!index.start || !exit) return;
  const ends = graph.nodes.filter((node) => !ENDING.has(node.type) && index.outgoing(node.id).length === 0);
  if (ends.length === 0) return;
  const reached = reachedFrom(index.start.id, lint);
  const inside = endingInside(lint);
  for (const node of ends) {
    if (!reached.has(node.id) || inside.has(node.id)) continue;
    const message = `expected an edge out of "${node.id}", found none: a run that comes there fails with no_exit; lead on, or make it an exit`;
    report("dead_end", { message, node, fix: `${JSON.stringify(node.id)} -> ${JSON.stringify(exit.id)}` });
  }
}

/** A parallel node without a join ends its scope as an exit would. */
const ENDING: ReadonlySet<string> = new Set(["exit", "wait.human", "parallel"]);

/** All that lies between a fan-out and its join, or in the body of a container. */
function endingInside({ graph, index }: Lint): ReadonlySet<string> {
  const inside = new Set<string>();
  for (const node of graph.nodes) {
    const body = bodyOf(graph, node);
    if (body) for (const id of bodyNodes(graph, body)) inside.add(id);
    if (fansOut(node, { graph, index })) for (const id of findJoin(graph, node.id).region) inside.add(id);
  }
  return inside;
}

function fansOut(node: GraphNode, { graph, index }: Pick<Lint, "graph" | "index">): boolean {
  if (node.type === "parallel") return true;
  if (graph.attributes["fan_out"] !== "implicit") return false;
  return index.outgoing(node.id).filter((edge) => conditionText(edge) === undefined).length > 1;
}
