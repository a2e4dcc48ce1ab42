import type { AnyStateMachine } from "../machines/xstate.ts";
import { type ChartState, type ChartTransition, readChart, statesOf } from "./chart.ts";
import { drawDot } from "./draw.ts";
import { transitionLabel } from "./labels.ts";

/**
 * The statechart of a machine as DOT: states with children are clusters, each with a dot for where it begins. Several
 * machines are one drawing, side by side. This is a drawing, not a pipeline.
 */
export function statechartDot(...machines: readonly AnyStateMachine[]): string {
  const charts = machines.map(readChart);
  const states = new Map(charts.flatMap(({ root }) => [...statesOf(root)]).map((state) => [state.id, state]));
  const edges = [...states.values()].flatMap((state) =>
    state.transitions.flatMap((transition) => edgeLines(state, transition, states)),
  );
  const lines = [
    `digraph ${quoted(charts.map(({ id }) => id).join(" "))} {`,
    '  graph [compound=true, fontname="Helvetica", fontsize=12, nodesep=0.35, ranksep=0.5];',
    '  node [shape=box, style="rounded,filled", fillcolor="#f6f8fa", color="#57606a", fontname="Helvetica", fontsize=11];',
    '  edge [color="#57606a", fontname="Helvetica", fontsize=9];',
    ...charts.flatMap(({ root }) => stateLines(root)).map((line) => `  ${line}`),
    ...edges.map((line) => `  ${line}`),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** The statecharts of machines as one SVG document. */
export async function statechartSvg(...machines: readonly AnyStateMachine[]): Promise<string> {
  return await drawDot(statechartDot(...machines));
}

function stateLines(state: ChartState): string[] {
  if (state.children.length === 0) {
    const final = state.kind === "final" ? ", peripheries=2" : "";
    return [`${quoted(state.id)} [label=${quoted(state.key)}${final}];`];
  }
  const begin = [`${quoted(anchorOf(state))} [shape=point, width=0.08, label=""${anchorStyle(state)}];`];
  if (state.initial !== undefined) begin.push(`${quoted(anchorOf(state))} -> ${quoted(state.initial)};`);
  return [
    `subgraph ${quoted(`cluster ${state.id}`)} {`,
    `  graph [label=${quoted(state.key)}, style="rounded${state.kind === "parallel" ? ",dashed" : ""}", color="#8c959f"];`,
    ...begin.map((line) => `  ${line}`),
    ...state.children.flatMap(stateLines).map((line) => `  ${line}`),
    "}",
  ];
}

function anchorStyle(state: ChartState): string {
  return state.kind === "parallel" ? ", style=invis" : "";
}

/** An edge to or from a cluster needs a node inside it to hold on to. */
function anchorOf(state: ChartState): string {
  return state.children.length === 0 ? state.id : `begin ${state.id}`;
}

function edgeLines(from: ChartState, transition: ChartTransition, states: ReadonlyMap<string, ChartState>): string[] {
  const targets = transition.targets.length === 0 ? [from.id] : transition.targets;
  return targets.map((id) => {
    const to = states.get(id) ?? from;
    const attributes = [
      `label=${quoted(transitionLabel(transition))}`,
      ...(from.children.length > 0 ? [`ltail=${quoted(`cluster ${from.id}`)}`] : []),
      ...(to.children.length > 0 ? [`lhead=${quoted(`cluster ${to.id}`)}`] : []),
      ...(transition.targets.length === 0 ? ["style=dashed"] : []),
    ];
    return `${quoted(anchorOf(from))} -> ${quoted(anchorOf(to))} [${attributes.join(", ")}];`;
  });
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
