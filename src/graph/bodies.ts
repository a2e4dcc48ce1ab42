import { textAttribute } from "./attribute-reading.ts";
import { type Graph, type GraphNode, indexGraph, type Subgraph } from "./graph.ts";

const CONTAINERS: ReadonlySet<string> = new Set(["foreach", "loop"]);

export function isContainer(node: GraphNode): boolean {
  return CONTAINERS.has(node.type);
}

/** The subgraph a container names as its body; undefined for other nodes and where there is no such subgraph. */
export function bodyOf(graph: Graph, node: GraphNode): Subgraph | undefined {
  const id = isContainer(node) ? textAttribute(node.attributes, "body") : undefined;
  return id === undefined ? undefined : indexGraph(graph).subgraph(id.trim());
}

const members = new WeakMap<Subgraph, ReadonlySet<string>>();

/** The nodes of a body, those of the subgraphs inside it among them. Computed once per subgraph. */
export function bodyNodes(graph: Graph, body: Subgraph): ReadonlySet<string> {
  let nodes = members.get(body);
  if (!nodes) {
    nodes = new Set(subgraphsWithin(graph, body).flatMap((each) => each.nodes));
    members.set(body, nodes);
  }
  return nodes;
}

function subgraphsWithin(graph: Graph, body: Subgraph): readonly Subgraph[] {
  const children = childrenOf(graph);
  const within = [body];
  // The list grows while it is walked.
  for (const each of within) within.push(...(children.get(each.id) ?? []));
  return within;
}

const families = new WeakMap<Graph, ReadonlyMap<string, readonly Subgraph[]>>();

function childrenOf(graph: Graph): ReadonlyMap<string, readonly Subgraph[]> {
  let children = families.get(graph);
  if (!children) {
    const nested = graph.subgraphs.filter((each) => each.parent !== undefined && each.parent !== each.id);
    children = Map.groupBy(nested, (each) => each.parent ?? "");
    families.set(graph, children);
  }
  return children;
}

/** The nodes of a body that no other node of it leads to: exactly one where the body is well formed. Source: 03 §6. */
export function bodyEntries(graph: Graph, body: Subgraph): readonly string[] {
  const inside = bodyNodes(graph, body);
  const { incoming, node } = indexGraph(graph);
  const nested = nodesOfInnerBodies(graph, inside);
  return [...inside].filter((id) => {
    if (nested.has(id) || node(id) === undefined) return false;
    return !incoming(id).some((edge) => edge.from !== id && inside.has(edge.from));
  });
}

/** Entered through their own container, which is itself inside. */
function nodesOfInnerBodies(graph: Graph, inside: ReadonlySet<string>): ReadonlySet<string> {
  const nested = new Set<string>();
  for (const id of inside) {
    const node = indexGraph(graph).node(id);
    const body = node === undefined ? undefined : bodyOf(graph, node);
    if (body !== undefined) for (const inner of bodyNodes(graph, body)) nested.add(inner);
  }
  return nested;
}
