import { VISITS_MAX_DEFAULT } from "../../limits.ts";
import { integerAttribute, textAttribute } from "../attribute-reading.ts";
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

/** Strongly connected components of the rest, by Tarjan's algorithm without recursion; members in declaration order. */
function unboundedCycles({ graph }: Lint): number[][] {
  const { forward } = walkGraph(graph);
  const open = graph.nodes.map((node) => !isBounded(node));
  const nexts = (node: number): number[] => (forward[node] ?? []).filter((next) => open[next]);
  const order = new Int32Array(graph.nodes.length).fill(-1);
  const low = new Int32Array(graph.nodes.length);
  const onStack = new Uint8Array(graph.nodes.length);
  const stack: number[] = [];
  const cycles: number[][] = [];
  let clock = 0;
  const enter = (node: number): { node: number; rest: number[] } => {
    order[node] = low[node] = clock++;
    stack.push(node);
    onStack[node] = 1;
    return { node, rest: nexts(node) };
  };
  const leave = (node: number): void => {
    if (low[node] !== order[node]) return;
    const members = stack.splice(stack.lastIndexOf(node));
    for (const member of members) onStack[member] = 0;
    if (members.length > 1 || forward[node]?.includes(node)) cycles.push(members.sort((a, b) => a - b));
  };
  for (const root of graph.nodes.keys()) {
    if (!open[root] || order[root] !== -1) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = top.rest.pop();
      if (next !== undefined && order[next] === -1) path.push(enter(next));
      else if (next !== undefined) {
        if (onStack[next] === 1) low[top.node] = Math.min(low[top.node] ?? 0, order[next] ?? 0);
      } else {
        leave(top.node);
        path.pop();
        const above = path.at(-1);
        if (above) low[above.node] = Math.min(low[above.node] ?? 0, low[top.node] ?? 0);
      }
    }
  }
  return cycles.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}
