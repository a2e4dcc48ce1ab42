import type { Graph, GraphEdge, GraphNode } from "../../../graph/index.ts";
import { SHAPES, shapeOfType } from "../../../graph/shapes.ts";
import { STATE_COLOURS } from "./colours.ts";
import { edgeCaption } from "./edge-caption.ts";
import { groupBySubgraph } from "./groups.ts";
import { countsAt, type Overlay, timesTaken } from "./node-states.ts";

/**
 * A pipeline as DOT for looking at: labels and conditions, subgraphs as clusters, a run's state as colour and class.
 * No prompts or commands, and nothing that Graphviz would act on (images, URLs): for the pipeline itself see `toDot`.
 */
export function pipelineDot(graph: Graph, overlay?: Overlay): string {
  const lines = [`digraph ${quote(graph.name)} {`];
  lines.push('  graph [fontname="Helvetica", rankdir="TB"];');
  lines.push('  node [fontname="Helvetica", style="filled", fillcolor="#ffffff"];');
  lines.push('  edge [fontname="Helvetica", fontsize="10"];');
  const groups = groupBySubgraph(graph);
  const draw = (parent: string | undefined, indent: string) => {
    for (const node of groups.nodesIn(parent)) lines.push(indent + nodeLine(node, overlay));
    for (const subgraph of groups.subgraphsIn(parent)) {
      lines.push(`${indent}subgraph ${quote(`cluster_${subgraph.id}`)} {`);
      lines.push(`${indent}  graph [label=${quote(subgraph.label ?? subgraph.id)}, color="#999999"];`);
      draw(subgraph.id, `${indent}  `);
      lines.push(`${indent}}`);
    }
  };
  draw(undefined, "  ");
  for (const edge of graph.edges) lines.push(`  ${edgeLine(edge, overlay)}`);
  lines.push("}");
  return `${lines.join("\n")}\n`;
}

function nodeLine(node: GraphNode, overlay: Overlay | undefined): string {
  const shape = SHAPES.includes(node.shape) ? node.shape : shapeOfType(node.type);
  const state = overlay?.nodes.get(node.id);
  const counts = countsAt(overlay, node.id);
  const label = counts === undefined ? node.label : `${node.label}\n${counts}`;
  const attributes: Record<string, string> = { label, shape, tooltip: `${node.id} (${node.type})` };
  if (state) {
    const { fill, line } = STATE_COLOURS[state];
    Object.assign(attributes, { class: state, fillcolor: fill, color: line, penwidth: "2" });
    attributes["tooltip"] = `${node.id} (${node.type}): ${counts ?? state}`;
  }
  return `${quote(node.id)} [${list(attributes)}];`;
}

function edgeLine(edge: GraphEdge, overlay: Overlay | undefined): string {
  const attributes: Record<string, string> = {};
  const caption = edgeCaption(edge);
  if (caption !== "") attributes["label"] = caption;
  const taken = overlay ? timesTaken(overlay, edge) : 0;
  if (taken > 0) {
    Object.assign(attributes, { class: "taken", color: "#1f6fd1", penwidth: "2" });
    if (taken > 1) attributes["label"] = caption === "" ? `×${taken}` : `${caption} ×${taken}`;
  } else if (overlay) attributes["color"] = "#aaaaaa";
  const ends = `${quote(edge.from)} -> ${quote(edge.to)}`;
  return Object.keys(attributes).length === 0 ? `${ends};` : `${ends} [${list(attributes)}];`;
}

function list(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${quote(value)}`)
    .join(", ");
}

/** A text as Graphviz shows it letter by letter: its own escapes (`\N`, `\G`) and line ends made harmless. */
function quote(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("&", "&amp;")
    .replace(/\r\n?|\n/g, "\\n")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are no part of an XML document
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, " ");
  return `"${escaped}"`;
}
