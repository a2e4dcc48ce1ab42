import { booleanAttribute, textAttribute } from "../attribute-reading.ts";
import { bodyEntries, bodyOf } from "../bodies.ts";
import type { GraphNode } from "../graph.ts";
import { type Lint, listNames } from "./report.ts";

/** Rules about the graph as a graph: where it begins and ends, and that everything hangs together. */
export function structureRules(lint: Lint): void {
  startAndExits(lint);
  edges(lint);
  reachability(lint);
}

function startAndExits({ graph, report }: Lint): void {
  const starts = graph.nodes.filter((node) => node.type === "start");
  if (starts.length === 0) {
    report("start_node", { message: "expected one start node, found none: add one", fix: "start [shape=Mdiamond]" });
  }
  for (const node of starts.slice(1)) {
    const message = `expected one start node, found ${starts.length} (${listNames(starts.map(({ id }) => id))}): keep one`;
    report("start_node", { message, node });
  }
  if (!graph.nodes.some((node) => node.type === "exit")) {
    report("terminal_node", {
      message: "expected at least one exit node, found none: add one",
      fix: "exit [shape=Msquare]",
    });
  }
}

function edges({ graph, index, report }: Lint): void {
  for (const edge of graph.edges) {
    for (const id of [edge.from, edge.to]) {
      if (index.node(id)) continue;
      report("edge_target_exists", {
        message: `expected a node "${id}", found none: declare it or correct the edge`,
        edge,
      });
    }
    if (index.node(edge.from)?.type === "exit") {
      report("exit_no_outgoing", {
        message: `expected no edge out of the exit "${edge.from}": remove it, a run ends there`,
        edge,
      });
    }
    // A restart begins a new run, so it may well begin at the start.
    if (index.node(edge.to)?.type === "start" && !booleanAttribute(edge.attributes, "loop_restart")) {
      report("start_no_incoming", {
        message: `expected no edge into the start "${edge.to}": lead to the node behind it`,
        edge,
      });
    }
  }
}

/** Steps that no edge draws count too: retry targets, a named join, the entry of a body. */
function reachability({ graph, index, report }: Lint): void {
  const start = index.start;
  if (!start) return;
  const reached = new Set([start.id]);
  for (const name of ["retry_target", "fallback_retry_target"]) {
    const target = textAttribute(graph.attributes, name);
    if (target !== undefined && index.node(target)) reached.add(target);
  }
  // The set grows while it is walked.
  for (const id of reached) {
    for (const edge of index.outgoing(id)) reached.add(edge.to);
    const node = index.node(id);
    if (node) for (const next of undrawnSteps(node, { graph, index })) reached.add(next);
  }
  for (const node of graph.nodes) {
    if (reached.has(node.id) || node.type === "start") continue;
    report("reachability", {
      message: `expected a way from "${start.id}" to "${node.id}", found none: add an edge or remove the node`,
      node,
    });
  }
}

function undrawnSteps(node: GraphNode, { graph }: Pick<Lint, "graph" | "index">): readonly string[] {
  const named = ["retry_target", "fallback_retry_target", ...(node.type === "parallel" ? ["join"] : [])];
  const targets = named.flatMap((name) => textAttribute(node.attributes, name) ?? []);
  const body = bodyOf(graph, node);
  return body === undefined ? targets : [...targets, ...bodyEntries(graph, body)];
}
