import type { Attributes, Graph, GraphEdge, GraphNode, Subgraph } from "../../src/graph/graph.ts";
import { DEFAULT_SHAPE, shapeOfType, typeOfId } from "../../src/graph/shapes.ts";

type NodeSketch = Attributes & { readonly type?: string };
type EdgeSketch = readonly [from: string, to: string, attributes?: Attributes];

interface Sketch {
  /** Beyond those that edges mention: id → attributes, `type` among them. */
  readonly nodes?: Readonly<Record<string, NodeSketch>>;
  readonly edges: readonly EdgeSketch[];
  readonly attributes?: Attributes;
  readonly subgraphs?: Readonly<Record<string, readonly string[]>>;
}

const NOWHERE = { line: 1, column: 1 };

/** A graph without its text. Ids named start and exit are what they say; every other node is codergen unless sketched. */
export function handMade(sketch: Sketch): Graph {
  const holder = new Map<string, string>();
  for (const [id, members] of Object.entries(sketch.subgraphs ?? {})) for (const node of members) holder.set(node, id);
  const ids = new Set([
    ...Object.keys(sketch.nodes ?? {}),
    ...sketch.edges.flatMap((edge) => edge.slice(0, 2) as string[]),
  ]);
  const nodes = [...ids].map((id): GraphNode => {
    const { type: written, ...attributes } = sketch.nodes?.[id] ?? {};
    const type = written ?? typeOfId(id) ?? "codergen";
    const subgraph = holder.get(id);
    return {
      id,
      type,
      shape: type === "codergen" ? DEFAULT_SHAPE : shapeOfType(type),
      label: String(attributes["label"] ?? id),
      attributes,
      classes: String(attributes["class"] ?? "")
        .split(/[\s,]+/)
        .filter(Boolean),
      ...(subgraph === undefined ? {} : { subgraph }),
      position: NOWHERE,
      attributePositions: {},
      declared: sketch.nodes?.[id] !== undefined,
    };
  });
  const edges = sketch.edges.map(
    ([from, to, attributes = {}], index): GraphEdge => ({
      index,
      from,
      to,
      attributes,
      position: NOWHERE,
      attributePositions: {},
    }),
  );
  const subgraphs = Object.entries(sketch.subgraphs ?? {}).map(
    ([id, members]): Subgraph => ({ id, attributes: {}, nodes: members, position: NOWHERE }),
  );
  return {
    name: "hand_made",
    attributes: sketch.attributes ?? {},
    attributePositions: {},
    nodes,
    edges,
    subgraphs,
    notes: [],
    source: "",
  };
}
