import type { AnyStateMachine } from "../machines/xstate.ts";
import { type Chart, type ChartState, type ChartTransition, readChart } from "./chart.ts";
import { transitionLabel } from "./labels.ts";

/**
 * The statechart of a machine as a Mermaid `stateDiagram-v2`; regions of parallel states stand side by side. Of several
 * machines each is a state of one diagram.
 */
export function statechartMermaid(...machines: readonly AnyStateMachine[]): string {
  const [first, ...more] = machines.map(readChart);
  if (first === undefined) return "stateDiagram-v2\n";
  const drawn = more.length === 0 ? wrapped(first) : around([first, ...more].map(({ root }) => root));
  return `${["stateDiagram-v2", ...bodyOf(drawn).map((line) => `  ${line}`)].join("\n")}\n`;
}

/** Regions can be drawn only inside a state: a parallel root gets one around it. */
function wrapped(chart: Chart): ChartState {
  if (chart.root.kind !== "parallel") return chart.root;
  return { ...around([chart.root]), initial: chart.root.id };
}

/** What the states of a diagram stand in. It is not drawn itself. */
function around(children: readonly ChartState[]): ChartState {
  return { key: "", id: "", kind: "compound", entry: [], exit: [], transitions: [], children };
}

function bodyOf(state: ChartState): string[] {
  const lines: string[] = [];
  for (const [index, child] of state.children.entries()) {
    if (state.kind === "parallel" && index > 0) lines.push("--");
    lines.push(...stateLines(child));
    if (state.kind === "parallel") lines.push(...transitionLines(child));
  }
  if (state.kind === "parallel") return lines;
  if (state.initial !== undefined) lines.push(`[*] --> ${nameOf(state.initial)}`);
  for (const child of state.children) lines.push(...transitionLines(child));
  return lines;
}

function stateLines(state: ChartState): string[] {
  const head = `state ${quoted(state.key)} as ${nameOf(state.id)}`;
  if (state.children.length === 0) {
    const end = state.kind === "final" ? [`${nameOf(state.id)} --> [*]`] : [];
    return [head, ...end];
  }
  return [head, `state ${nameOf(state.id)} {`, ...bodyOf(state).map((line) => `  ${line}`), "}"];
}

/** A transition that stays is drawn as a loop, so that what a state does with the event is seen. */
function transitionLines(state: ChartState): string[] {
  return state.transitions.flatMap((transition) => arrows(state, transition));
}

function arrows(state: ChartState, transition: ChartTransition): string[] {
  const targets = transition.targets.length === 0 ? [state.id] : transition.targets;
  const label = escaped(transitionLabel(transition));
  return targets.map((target) => `${nameOf(state.id)} --> ${nameOf(target)}${label === "" ? "" : ` : ${label}`}`);
}

/** Mermaid's names are words: letters, digits and underscores; anything else becomes its code point. */
function nameOf(id: string): string {
  const word = id.replaceAll(".", "__").replace(/[^A-Za-z0-9_]/g, (other) => `_${other.codePointAt(0)?.toString(16)}_`);
  // `end` closes a block, wherever it stands alone.
  return /^(?:end|state|note|direction|class|click|style)$/i.test(word) ? `${word}_` : word;
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

/** Entities for what Mermaid would read as its own. */
function escaped(text: string): string {
  return text
    .replace(/[#;:"<>{}]/g, (mark) => `#${mark.charCodeAt(0)};`)
    .replace(/\s+/g, " ")
    .trim();
}
