/**
 * `fan_out="implicit"`: a tie of plain edges begins a branch for each. Made explicit before anything runs: behind the
 * node stands a parallel node of its own, with the defaults, and the tied edges are its branches. Pure. Source: 03 §4.
 */
import { numberAttribute, textAttribute } from "./attribute-reading.ts";
import { conditionText } from "./conditions-of-edges.ts";
import { type Graph, type GraphEdge, type GraphNode, indexGraph, type Subgraph } from "./graph.ts";

/** The graph with its ties made fan-outs; the same graph where it does not ask for that, or has none. */
export function withImplicitFanOuts(graph: Graph): Graph {
  if (graph.attributes["fan_out"] !== "implicit") return graph;
  const { outgoing } = indexGraph(graph);
  const taken = new Set(graph.nodes.map(({ id }) => id));
  const fans = graph.nodes.flatMap((node) => {
    const tied = node.type === "parallel" || node.type === "wait.human" ? [] : tiedEdges(outgoing(node.id));
    return tied.length === 0 ? [] : [{ node, tied, id: freeId(node.id, taken) }];
  });
  if (fans.length === 0) return graph;
  const fanOf = new Map(fans.flatMap(({ tied, id }) => tied.map((edge) => [edge, id] as const)));
  const moved = graph.edges.map((edge) => {
    const from = fanOf.get(edge);
    return from === undefined ? edge : Object.freeze({ ...edge, from });
  });
  const added = fans.map(({ node, tied, id }, at) =>
    edgeTo(node, { id, first: tied[0] as GraphEdge, index: moved.length + at }),
  );
  const between = new Map(fans.map(({ node, id }) => [node.id, id]));
  return Object.freeze({
    ...graph,
    nodes: Object.freeze([...graph.nodes, ...fans.map(({ node, id }) => fanOut(node, id))]),
    edges: Object.freeze([...moved, ...added]),
    subgraphs: Object.freeze(graph.subgraphs.map((subgraph) => withFans(subgraph, between))),
  });
}

/** Plain edges (no condition, no label) of the greatest weight, where they lead to two nodes or more. */
export function tiedEdges(edges: readonly GraphEdge[]): readonly GraphEdge[] {
  const plain = edges.filter((edge) => conditionText(edge) === undefined);
  const best = plain.reduce((most, edge) => Math.max(most, weightOf(edge)), Number.NEGATIVE_INFINITY);
  const tied = plain.filter((edge) => weightOf(edge) === best && textAttribute(edge.attributes, "label") === undefined);
  return new Set(tied.map(({ to }) => to)).size > 1 ? tied : [];
}

function weightOf(edge: GraphEdge): number {
  return numberAttribute(edge.attributes, "weight") ?? 0;
}

function freeId(node: string, taken: Set<string>): string {
  let id = `${node}.fan_out`;
  for (let number = 2; taken.has(id); number += 1) id = `${node}.fan_out${number}`;
  taken.add(id);
  return id;
}

function fanOut({ position, label, subgraph }: GraphNode, id: string): GraphNode {
  return Object.freeze({
    id,
    type: "parallel",
    shape: "component",
    label: `after ${label}`,
    attributes: Object.freeze({ type: "parallel", shape: "component" }),
    classes: Object.freeze([]),
    ...(subgraph === undefined ? {} : { subgraph }),
    position,
    attributePositions: Object.freeze({}),
    declared: false,
  });
}

function edgeTo(
  node: GraphNode,
  { id, first, index }: { readonly id: string; readonly first: GraphEdge; readonly index: number },
): GraphEdge {
  const weight = first.attributes["weight"];
  return Object.freeze({
    index,
    from: node.id,
    to: id,
    attributes: Object.freeze(weight === undefined ? {} : { weight }),
    position: first.position,
    attributePositions: Object.freeze({}),
  });
}

function withFans(subgraph: Subgraph, fans: ReadonlyMap<string, string>): Subgraph {
  const inside = subgraph.nodes.flatMap((id) => fans.get(id) ?? []);
  return inside.length === 0
    ? subgraph
    : Object.freeze({ ...subgraph, nodes: Object.freeze([...subgraph.nodes, ...inside]) });
}
