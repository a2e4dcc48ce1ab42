import type { Graph, GraphNode, Subgraph } from "../../../graph/index.ts";

export interface Groups {
  /** Nodes directly inside a subgraph; undefined: outside of all. */
  nodesIn(subgraph: string | undefined): readonly GraphNode[];
  subgraphsIn(parent: string | undefined): readonly Subgraph[];
}

/** A graph's nodes and subgraphs by where they stand. */
export function groupBySubgraph(graph: Graph): Groups {
  const known = new Set(graph.subgraphs.map((subgraph) => subgraph.id));
  const place = (id: string | undefined) => (id !== undefined && known.has(id) ? id : undefined);
  const nodes = Map.groupBy(graph.nodes, (node) => place(node.subgraph));
  const subgraphs = Map.groupBy(graph.subgraphs, (subgraph) => place(subgraph.parent));
  return {
    nodesIn: (id) => nodes.get(id) ?? [],
    subgraphsIn: (id) => subgraphs.get(id) ?? [],
  };
}
