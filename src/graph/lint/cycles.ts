import { VISITS_MAX_DEFAULT } from "../../limits.ts";
import { integerAttribute, textAttribute } from "../attribute-reading.ts";
import { componentsOf } from "../components.ts";
import type { GraphNode } from "../graph.ts";
import { walkGraph } from "../join-search.ts";
import { type Lint, listNames } from "./report.ts";

/** Cycles without a limit of their own, and loops without a condition. */
export function cycleRules(lint: Lint): void {
  loops(lint);
  const { graph } = lint;
  if (integerAttribute(graph.attributes, "max_visits", 1) ?? integerAttribute(graph.attributes, "max_steps", 1)) return;
  for (const cycle of unboundedCycles(lint)) {
    const nodes = cycle.flatMap((at) => graph.nodes[at] ?? []);
    const first = nodes[0];
    if (!first) continue;
    const names = listNames(nodes.map(({ id }) => id));
    const message = `the cycle through ${names} has no limit but the general one of ${VISITS_MAX_DEFAULT} visits: set max_visits on one of its nodes`;
    lint.report("unbounded_cycle", { message, node: first, fix: "max_visits=10" });
  }
}

function loops({ graph, report }: Lint): void {
  for (const node of graph.nodes) {
    if (node.type !== "loop" || textAttribute(node.attributes, "while") || textAttribute(node.attributes, "until"))
      continue;
    if (node.attributes["on_limit"] === "succeed") continue;
    const message = `the loop "${node.id}" has neither while nor until: it ends at max_iterations, as a failure; say when it is done, or on_limit="succeed"`;
    report("unbounded_cycle", { message, node });
  }
}

/** A limit on visits bounds a cycle, and a gate has a person in it. */
function isBounded(node: GraphNode | undefined): boolean {
  return (
    node === undefined || node.type === "wait.human" || integerAttribute(node.attributes, "max_visits", 1) !== undefined
  );
}

/** The cycles of what is left without the bounded nodes; members in declaration order. */
function unboundedCycles({ graph }: Lint): number[][] {
  const open = graph.nodes.map((node) => !isBounded(node));
  const nexts = walkGraph(graph).forward.map((list, node) => (open[node] ? list.filter((next) => open[next]) : []));
  const cycles = componentsOf(nexts).filter(
    (members) => members.length > 1 || nexts[members[0] ?? 0]?.includes(members[0] ?? 0),
  );
  return cycles.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}
