import type { AttributeValue, Diagnostic, Graph, GraphEdge, GraphNode, Position, Subgraph } from "./graph.ts";
import type { Entry } from "./normalise-attribute.ts";
import { classesOf } from "./normalise-classes.ts";
import { decideNode } from "./normalise-node.ts";
import { planSubgraphs, type SubgraphPlan } from "./normalise-subgraphs.ts";
import { countAttributes, type Draft, type DraftEdge, type DraftNode } from "./parser-draft.ts";

/** Makes the frozen Graph of what a text has said. Throws limit_exceeded when inherited attributes multiply beyond measure. */
export function finishGraph(draft: Draft): Graph {
  const plan = planSubgraphs(draft);
  const notes: Diagnostic[] = [...draft.notes];
  const noted = new Set<Position>();
  const nodes = [...draft.nodes.values()].map((node) => finishNode(draft, node, { plan, notes, noted }));
  const inOrder = draft.edges.toSorted((a, b) => a.arrow - b.arrow);
  const edges = inOrder.map((edge, index) => finishEdge(draft, edge, index));
  return Object.freeze({
    name: draft.name,
    ...attributesOf(draft.attributes),
    nodes: Object.freeze(nodes),
    edges: Object.freeze(edges),
    subgraphs: Object.freeze(finishSubgraphs(plan, nodes)),
    notes: Object.freeze(notes.sort(byPosition)),
    source: draft.source.text,
  });
}

interface Findings {
  readonly plan: SubgraphPlan;
  readonly notes: Diagnostic[];
  /** Places of defaults that have been noted: once, however many nodes inherit them. */
  readonly noted: Set<Position>;
}

function finishNode(draft: Draft, node: DraftNode, findings: Findings): GraphNode {
  countAttributes(draft, node.own.size + node.defaults.size, node.position);
  const decided = decideNode(node);
  for (const { at, note } of decided.notes) {
    if (findings.noted.has(at)) continue;
    findings.noted.add(at);
    findings.notes.push(note);
  }
  const { attributes, attributePositions } = attributesOf(decided.entries);
  const subgraph = findings.plan.idOf(node.subgraph);
  return Object.freeze({
    id: node.id,
    type: decided.type,
    shape: decided.shape,
    label: textOf(attributes["label"]) || node.id,
    attributes,
    classes: Object.freeze(classesOf(textOf(attributes["class"]), node.subgraph)),
    ...(subgraph === undefined ? {} : { subgraph }),
    position: node.position,
    attributePositions,
    declared: node.declared,
  });
}

function finishEdge(draft: Draft, edge: DraftEdge, index: number): GraphEdge {
  countAttributes(draft, edge.own.size + edge.defaults.size, edge.position);
  const { from, to, position } = edge;
  const entries = edge.defaults.size === 0 ? edge.own : new Map([...edge.defaults, ...edge.own]);
  return Object.freeze({ index, from, to, ...attributesOf(entries), position });
}

function finishSubgraphs(plan: SubgraphPlan, nodes: readonly GraphNode[]): Subgraph[] {
  const members = Map.groupBy(nodes, (node) => node.subgraph);
  return plan.kept.map(({ id, parent, draft }) => {
    const { attributes } = attributesOf(draft.attributes);
    const label = attributes["label"];
    return Object.freeze({
      id,
      ...(label === undefined ? {} : { label: textOf(label) }),
      attributes,
      nodes: Object.freeze((members.get(id) ?? []).map((node) => node.id)),
      ...(parent === undefined ? {} : { parent }),
      position: draft.position,
    });
  });
}

type Frozen<T> = Readonly<Record<string, T>>;

/** Records without a prototype: `attributes["constructor"]` is an attribute or nothing. */
function attributesOf(entries: ReadonlyMap<string, Entry>): {
  attributes: Frozen<AttributeValue>;
  attributePositions: Frozen<Position>;
} {
  const attributes: Record<string, AttributeValue> = Object.create(null);
  const attributePositions: Record<string, Position> = Object.create(null);
  for (const [name, { value, position }] of entries) {
    attributes[name] = value;
    attributePositions[name] = position;
  }
  return { attributes: Object.freeze(attributes), attributePositions: Object.freeze(attributePositions) };
}

function textOf(value: AttributeValue | undefined): string {
  return value === undefined ? "" : String(value);
}

function byPosition(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || a.column - b.column;
}
