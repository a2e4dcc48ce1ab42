import type { Graph, GraphNode } from "../../../graph/index.ts";
import { STATE_COLOURS } from "./colours.ts";
import { edgeCaption } from "./edge-caption.ts";
import { groupBySubgraph } from "./groups.ts";
import { countsAt, type NodeState, type Overlay, timesTaken } from "./node-states.ts";

/** A node's label between the brackets that draw its type. */
const BRACKETS: Readonly<Record<string, readonly [string, string]>> = {
  start: ["([", "])"],
  exit: ["(((", ")))"],
  conditional: ["{", "}"],
  "wait.human": ["{{", "}}"],
  parallel: ["[/", "\\]"],
  "parallel.fan_in": ["[\\", "/]"],
  tool: ["[/", "/]"],
  wait: ["((", "))"],
  "stack.manager_loop": ["[[", "]]"],
  pipeline: ["[[", "]]"],
  foreach: ["[(", ")]"],
  loop: ["[(", ")]"],
};

/** A pipeline as a Mermaid flowchart. Ids are replaced by `n0`, `n1` …: Mermaid takes few characters and reserves words. */
export function pipelineMermaid(graph: Graph, overlay?: Overlay): string {
  const ids = new Map(graph.nodes.map((node, index) => [node.id, `n${index}`]));
  const lines = ["flowchart TD"];
  const groups = groupBySubgraph(graph);
  const subgraphIds = new Map(graph.subgraphs.map((subgraph, index) => [subgraph.id, `s${index}`]));
  const draw = (parent: string | undefined, indent: string) => {
    for (const node of groups.nodesIn(parent))
      lines.push(`${indent}${ids.get(node.id)}${shaped(node, countsAt(overlay, node.id))}`);
    for (const subgraph of groups.subgraphsIn(parent)) {
      lines.push(`${indent}subgraph ${subgraphIds.get(subgraph.id)}[${quote(subgraph.label ?? subgraph.id)}]`);
      draw(subgraph.id, `${indent}  `);
      lines.push(`${indent}end`);
    }
  };
  draw(undefined, "  ");
  for (const edge of graph.edges) {
    const caption = edgeCaption(edge);
    const taken = overlay !== undefined && timesTaken(overlay, edge) > 0;
    const arrow = `${taken ? "==>" : "-->"}${caption === "" ? "" : `|${quote(caption)}|`}`;
    lines.push(`  ${ids.get(edge.from)} ${arrow} ${ids.get(edge.to)}`);
  }
  if (overlay) lines.push(...stateLines(overlay, ids));
  return `${lines.join("\n")}\n`;
}

function shaped(node: GraphNode, counts: string | undefined): string {
  const [open, close] = BRACKETS[node.type] ?? ["[", "]"];
  return `${open}${quote(counts === undefined ? node.label : `${node.label}\n${counts}`)}${close}`;
}

function stateLines(overlay: Overlay, ids: ReadonlyMap<string, string>): string[] {
  const byState = Map.groupBy(overlay.nodes, ([, state]) => state);
  return [...byState].flatMap(([state, nodes]) => {
    const members = nodes.map(([node]) => ids.get(node)).filter((id) => id !== undefined);
    return members.length === 0 ? [] : [classOf(state), `  class ${members.join(",")} ${state}`];
  });
}

function classOf(state: NodeState): string {
  const { fill, line } = STATE_COLOURS[state];
  return `  classDef ${state} fill:${fill},stroke:${line},color:#111111`;
}

/** Mermaid's own entities (`#quot;`): a label can then hold anything, also what would end it or be read as HTML. */
function quote(text: string): string {
  const escaped = text
    .replace(/[#"<>&`\\|{}[\]()%;]/g, (char) => `#${char.charCodeAt(0)};`)
    .replace(/\s*\r?\n\s*/g, "<br/>");
  return `"${escaped === "" ? " " : escaped}"`;
}
