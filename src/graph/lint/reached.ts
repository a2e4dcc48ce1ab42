import { textAttribute } from "../attribute-reading.ts";
import { bodyEntries, bodyOf } from "../bodies.ts";
import type { GraphNode } from "../graph.ts";
import type { Lint } from "./report.ts";

/**
 * The nodes a run can come to from a node, that one among them. Steps that no edge draws count too: retry targets, a
 * named join, the entry of a body.
 */
export function reachedFrom(start: string, { graph, index }: Pick<Lint, "graph" | "index">): ReadonlySet<string> {
  const reached = new Set([start]);
  for (const name of ["retry_target", "fallback_retry_target"]) {
    const target = textAttribute(graph.attributes, name);
    if (target !== undefined && index.node(target)) reached.add(target);
  }
  // The set grows while it is walked.
  for (const id of reached) {
    for (const edge of index.outgoing(id)) reached.add(edge.to);
    const node = index.node(id);
    if (node) for (const next of undrawnSteps(node, graph)) reached.add(next);
  }
  return reached;
}

function undrawnSteps(node: GraphNode, graph: Lint["graph"]): readonly string[] {
  const named = ["retry_target", "fallback_retry_target", ...(node.type === "parallel" ? ["join"] : [])];
  const targets = named.flatMap((name) => textAttribute(node.attributes, name) ?? []);
  const body = bodyOf(graph, node);
  return body === undefined ? targets : [...targets, ...bodyEntries(graph, body)];
}
