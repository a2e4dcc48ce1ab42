/** The pipeline as data: what a DOT text or the TypeScript builder becomes. Plain, frozen and JSON. */

export type AttributeValue = string | number | boolean;
/** Canonical names (see attributes.ts); values as written, aliases and bare durations already normalised. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface GraphNode {
  readonly id: string;
  /** Handler type: `type=` if given, else from the shape (04 §2). */
  readonly type: string;
  readonly shape: string;
  /** The label, or the id where none is given. */
  readonly label: string;
  readonly attributes: Attributes;
  /** From `class=` and from the labels of enclosing subgraphs. */
  readonly classes: readonly string[];
  /** Id of the innermost named subgraph that declares it. */
  readonly subgraph?: string;
  readonly position: Position;
  readonly attributePositions: Readonly<Record<string, Position>>;
  /** False for a node that only an edge mentions. */
  readonly declared: boolean;
}

export interface GraphEdge {
  /** Place in declaration order, from 0; the edge's identity in the journal is `<from>-><to>#<index>`. */
  readonly index: number;
  readonly from: string;
  readonly to: string;
  readonly attributes: Attributes;
  readonly position: Position;
  readonly attributePositions: Readonly<Record<string, Position>>;
}

export interface Subgraph {
  readonly id: string;
  readonly label?: string;
  readonly attributes: Attributes;
  /** Nodes declared or first mentioned directly inside, in order. */
  readonly nodes: readonly string[];
  readonly parent?: string;
  readonly position: Position;
}

export type Severity = "error" | "warning" | "info";

export interface Diagnostic {
  readonly rule: string;
  readonly severity: Severity;
  /** What was expected, what was found, what to do. */
  readonly message: string;
  readonly node?: string;
  /** `<from>-><to>`. */
  readonly edge?: string;
  readonly line: number;
  readonly column: number;
  readonly fix?: string;
}

export interface Graph {
  readonly name: string;
  readonly attributes: Attributes;
  readonly attributePositions: Readonly<Record<string, Position>>;
  /** In declaration order. */
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly subgraphs: readonly Subgraph[];
  /** Notes made while reading and normalising (alias, bare_duration, undeclared_node …); `lint` adds its own to them. */
  readonly notes: readonly Diagnostic[];
  /** The DOT text it was read from, or the printed form of a built one. */
  readonly source: string;
}

/** Look-ups over a graph, computed once per graph and kept (WeakMap): never O(graph) per stage. */
export interface GraphIndex {
  readonly graph: Graph;
  node(id: string): GraphNode | undefined;
  /** In declaration order. */
  outgoing(id: string): readonly GraphEdge[];
  incoming(id: string): readonly GraphEdge[];
  readonly start: GraphNode | undefined;
  readonly exits: readonly GraphNode[];
  subgraph(id: string): Subgraph | undefined;
}

const indexes = new WeakMap<Graph, GraphIndex>();

/** The index of a graph; the same object each time. */
export function indexGraph(graph: Graph): GraphIndex {
  let index = indexes.get(graph);
  if (!index) {
    index = buildIndex(graph);
    indexes.set(graph, index);
  }
  return index;
}

function buildIndex(graph: Graph): GraphIndex {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const out = groupEdges(graph.edges, (edge) => edge.from);
  const into = groupEdges(graph.edges, (edge) => edge.to);
  const subgraphs = new Map(graph.subgraphs.map((subgraph) => [subgraph.id, subgraph]));
  return {
    graph,
    node: (id) => nodes.get(id),
    outgoing: (id) => out.get(id) ?? [],
    incoming: (id) => into.get(id) ?? [],
    start: graph.nodes.find((node) => node.type === "start"),
    exits: graph.nodes.filter((node) => node.type === "exit"),
    subgraph: (id) => subgraphs.get(id),
  };
}

function groupEdges(edges: readonly GraphEdge[], by: (edge: GraphEdge) => string): Map<string, GraphEdge[]> {
  const groups = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const group = groups.get(by(edge));
    if (group) group.push(edge);
    else groups.set(by(edge), [edge]);
  }
  return groups;
}
