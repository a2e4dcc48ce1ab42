/** A pipeline as DOT for the dashboard's drawing: shapes and words only. Colours come later, from what the run does. */
import type { Pipeline } from "../api/answers.ts";

const SHAPES: Readonly<Record<string, string>> = {
  start: "Mdiamond",
  exit: "Msquare",
  conditional: "diamond",
  "wait.human": "hexagon",
  parallel: "component",
  "parallel.fan_in": "tripleoctagon",
  tool: "parallelogram",
  wait: "circle",
  foreach: "folder",
  loop: "folder",
  pipeline: "box3d",
  "stack.manager_loop": "house",
};
/** Shapes that pipelines may name; any other could need more than DOT. */
const KNOWN = new Set([
  ...Object.values(SHAPES),
  "box",
  "ellipse",
  "circle",
  "doublecircle",
  "octagon",
  "plain",
  "note",
  "tab",
]);
const LABEL_CHARS = 28;

export function pipelineDot(pipeline: Pipeline): string {
  const lines = [
    "digraph {",
    '  graph [rankdir=TB, nodesep=0.3, ranksep=0.38, bgcolor=transparent, fontname="Helvetica", fontsize=11, pad=0.1];',
    '  node [fontname="Helvetica", fontsize=12, margin="0.14,0.07", height=0.42, style=filled, fillcolor=white];',
    '  edge [fontname="Helvetica", fontsize=10, arrowsize=0.7];',
  ];
  const index = new Map(pipeline.nodes.map(({ id }, at) => [id, at]));
  const inside = new Map(pipeline.subgraphs.flatMap(({ id, nodes }) => nodes.map((node) => [node, id] as const)));
  const draw = (parent: string | undefined, indent: string) => {
    for (const [at, node] of pipeline.nodes.entries()) {
      if (inside.get(node.id) === parent) lines.push(`${indent}n${at} [${nodeAttributes(node)}];`);
    }
    for (const [at, subgraph] of pipeline.subgraphs.entries()) {
      if (subgraph.parent !== parent) continue;
      lines.push(`${indent}subgraph cluster_${at} {`, `${indent}  label=${quote(subgraph.label ?? subgraph.id)};`);
      draw(subgraph.id, `${indent}  `);
      lines.push(`${indent}}`);
    }
  };
  draw(undefined, "  ");
  for (const [at, { from, to, attributes }] of pipeline.edges.entries()) {
    const caption = String(attributes["label"] ?? attributes["condition"] ?? "");
    const label = caption === "" ? "" : `, label=${quote(` ${clip(caption)} `)}`;
    lines.push(`  n${index.get(from)} -> n${index.get(to)} [id="e${at}"${label}];`);
  }
  lines.push("}");
  return lines.join("\n");
}

function nodeAttributes({ id, type, attributes }: Pipeline["nodes"][number]): string {
  const asked = String(attributes["shape"] ?? "");
  const shape = KNOWN.has(asked) ? asked : (SHAPES[type] ?? "box");
  const rounded = shape === "box" ? ', style="rounded,filled"' : "";
  const label = String(attributes["label"] ?? id);
  // A diamond needs room for its words.
  const margin = shape === "diamond" || shape === "Mdiamond" ? ', margin="0.02,0.02"' : "";
  return `label=${quote(wrapped(label))}, shape=${shape}${rounded}${margin}`;
}

function wrapped(label: string): string {
  const lines: string[] = [];
  for (const word of label.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LABEL_CHARS * 0.7)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map(clip).slice(0, 3).join("\n");
}

function clip(text: string): string {
  return text.length > LABEL_CHARS ? `${text.slice(0, LABEL_CHARS - 1)}…` : text;
}

/** A text as Graphviz shows it letter by letter. */
function quote(text: string): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;").replaceAll("\n", "\\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are no part of an XML document
  return `"${escaped.replace(/[\u0000-\u001f]/g, " ")}"`;
}
