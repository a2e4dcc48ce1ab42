/** A statechart as DOT for the dashboard: states and ways, one line between two states however many events take it. */
import type { ChartState } from "virtual:statecharts";

export function chartDot(root: ChartState): string {
  const states = [...statesOf(root)];
  const byId = new Map(states.map((state) => [state.id, state]));
  const ways = new Set<string>();
  for (const from of states) {
    for (const { targets } of from.transitions) {
      for (const id of targets) {
        const to = byId.get(id);
        if (to && to !== from) ways.add(wayOf(from, to));
      }
    }
  }
  return [
    "digraph {",
    '  graph [compound=true, fontname="Helvetica", fontsize=13, nodesep=0.3, ranksep=0.42, bgcolor=transparent];',
    '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=13, height=0.36, margin="0.14,0.04"];',
    "  edge [arrowsize=0.7];",
    ...stateLines(root),
    ...ways,
    "}",
  ].join("\n");
}

export function* statesOf(state: ChartState): Generator<ChartState> {
  yield state;
  for (const child of state.children) yield* statesOf(child);
}

function stateLines(state: ChartState): string[] {
  if (state.children.length === 0) {
    return [`${quote(state.id)} [label=${quote(state.key)}${state.kind === "final" ? ", peripheries=2" : ""}];`];
  }
  const label = `label=${quote(state.key)}; style=rounded;`;
  return [`subgraph ${quote(`cluster ${state.id}`)} { ${label}`, ...state.children.flatMap(stateLines), "}"];
}

/** Ends at a state that holds others are tied to the first inside, and cut off at its border. */
function wayOf(from: ChartState, to: ChartState): string {
  const attributes = [
    ...(from.children.length > 0 ? [`ltail=${quote(`cluster ${from.id}`)}`] : []),
    ...(to.children.length > 0 ? [`lhead=${quote(`cluster ${to.id}`)}`] : []),
  ];
  return `${quote(innermost(from).id)} -> ${quote(innermost(to).id)} [${attributes.join(", ")}];`;
}

function innermost(state: ChartState): ChartState {
  const [first] = state.children;
  return first ? innermost(first) : state;
}

function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
