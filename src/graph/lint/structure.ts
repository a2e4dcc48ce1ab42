import { booleanAttribute } from "../attribute-reading.ts";
import { reachedFrom } from "./reached.ts";
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

function reachability(lint: Lint): void {
  const start = lint.index.start;
  if (!start) return;
  const reached = reachedFrom(start.id, lint);
  for (const node of lint.graph.nodes) {
    if (reached.has(node.id) || node.type === "start") continue;
    lint.report("reachability", {
      message: `expected a way from "${start.id}" to "${node.id}", found none: add an edge or remove the node`,
      node,
    });
  }
}
