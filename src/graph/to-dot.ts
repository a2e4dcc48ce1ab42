import { dotAttributes, dotId } from "./dot-text.ts";
import type { Graph, GraphEdge, GraphNode, Subgraph } from "./graph.ts";

/** The part of a graph that printing needs. */
export type PrintableGraph = Pick<Graph, "name" | "attributes" | "nodes" | "edges" | "subgraphs">;

/** A print under way: lines so far, and where it stands. */
interface Print {
  readonly graph: PrintableGraph;
  readonly lines: string[];
  /** Subgraphs whose braces are open now, outermost first. */
  readonly open: string[];
  readonly byId: ReadonlyMap<string, Subgraph>;
  readonly placeById: ReadonlyMap<string, number>;
  /** Subgraphs that have been opened, and so have said their attributes. */
  readonly opened: Set<string>;
  /** How many of the graph's subgraphs and edges have been printed. */
  subgraphsDone: number;
  edgesDone: number;
}

/**
 * Prints a graph as DOT that {@link parsePipeline} reads back as the same graph, up to positions, source and the notes
 * about what was normalised. Defaults are written out at each node, and each node stands in its subgraph.
 */
export function toDot(graph: PrintableGraph): string {
  const byId = new Map(graph.subgraphs.map((subgraph) => [subgraph.id, subgraph]));
  const placeById = new Map(graph.subgraphs.map((subgraph, place) => [subgraph.id, place]));
  const print: Print = {
    graph,
    lines: [],
    open: [],
    byId,
    placeById,
    opened: new Set(),
    subgraphsDone: 0,
    edgesDone: 0,
  };
  print.lines.push(graph.name === "" ? "digraph {" : `digraph ${dotId(graph.name)} {`);
  const attributes = dotAttributes(graph.attributes);
  if (attributes !== "") addLine(print, `graph${attributes}`);
  printNodes(print);
  openUpTo(print, graph.subgraphs.length);
  moveTo(print, []);
  printEdges(print, graph.edges.length);
  print.lines.push("}", "");
  return print.lines.join("\n");
}

function printNodes(print: Print): void {
  const mentions = firstMentions(print.graph);
  for (const node of print.graph.nodes) {
    openUpTo(print, node.subgraph === undefined ? 0 : (print.placeById.get(node.subgraph) ?? 0));
    moveTo(print, pathOf(print, node.subgraph));
    const mention = node.declared ? undefined : mentions.get(node.id);
    if (mention === undefined) addLine(print, `${dotId(node.id)}${dotAttributes(node.attributes)}`);
    else printMention(print, mention);
  }
}

/**
 * Nodes that only an edge mentions come into being by that edge, in a scope that gives them their attributes. Where both
 * ends do, one may have less: an id such as `start` makes void what it inherits.
 */
function printMention(print: Print, mention: Mention): void {
  if (mention.edge < print.edgesDone) return;
  const [one, other] = mention.undeclared.map((node) => node.attributes);
  const more = Object.keys(other ?? {}).length > Object.keys(one ?? {}).length ? other : one;
  const defaults = dotAttributes(more ?? {});
  if (defaults !== "") addLine(print, `{ node${defaults}`);
  printEdges(print, mention.edge + 1);
  if (defaults !== "") addLine(print, "}");
}

function printEdges(print: Print, until: number): void {
  for (; print.edgesDone < until; print.edgesDone++) {
    const edge = print.graph.edges[print.edgesDone];
    if (edge) addLine(print, `${dotId(edge.from)} -> ${dotId(edge.to)}${dotAttributes(edge.attributes)}`);
  }
}

/** The first edge that names a node, with the undeclared nodes that it names first. */
interface Mention {
  readonly edge: number;
  readonly undeclared: GraphNode[];
}

function firstMentions(graph: PrintableGraph): ReadonlyMap<string, Mention> {
  const undeclared = new Map(graph.nodes.filter((node) => !node.declared).map((node) => [node.id, node]));
  const mentions = new Map<string, Mention>();
  graph.edges.forEach((edge: GraphEdge, index) => {
    const mention: Mention = { edge: index, undeclared: [] };
    for (const id of [edge.from, edge.to]) {
      const node = undeclared.get(id);
      if (node === undefined || mentions.has(id)) continue;
      mention.undeclared.push(node);
      mentions.set(id, mention);
    }
  });
  return mentions;
}

/** Opens subgraphs in their order, so that it is the same when read again. */
function openUpTo(print: Print, count: number): void {
  for (; print.subgraphsDone < count; print.subgraphsDone++) {
    const subgraph = print.graph.subgraphs[print.subgraphsDone];
    if (subgraph && !print.opened.has(subgraph.id)) moveTo(print, pathOf(print, subgraph.id));
  }
}

/** Closes and opens braces until exactly the subgraphs of a path are open. */
function moveTo(print: Print, path: readonly string[]): void {
  let shared = 0;
  while (shared < path.length && print.open[shared] === path[shared]) shared += 1;
  while (print.open.length > shared) {
    print.open.pop();
    addLine(print, "}");
  }
  for (const id of path.slice(shared)) openSubgraph(print, id);
}

function openSubgraph(print: Print, id: string): void {
  addLine(print, `subgraph ${dotId(id)} {`);
  print.open.push(id);
  if (print.opened.has(id)) return;
  print.opened.add(id);
  const attributes = dotAttributes(print.byId.get(id)?.attributes ?? {});
  if (attributes !== "") addLine(print, `graph${attributes}`);
}

function pathOf(print: Print, subgraph: string | undefined): readonly string[] {
  const path: string[] = [];
  for (let at = subgraph; at !== undefined; at = print.byId.get(at)?.parent) path.push(at);
  return path.reverse();
}

function addLine(print: Print, line: string): void {
  print.lines.push("  ".repeat(print.open.length + 1) + line);
}
