import { ATTRIBUTES_MAX, EDGES_MAX, NODES_MAX } from "../limits.ts";
import { type SourceText, sourceError } from "./diagnostic.ts";
import type { Diagnostic, Position } from "./graph.ts";
import { type Entry, normaliseAttribute, placeOf, type WrittenAttribute } from "./normalise-attribute.ts";

/** Attributes by canonical name, in the order first written. A Map, so that no name can reach a prototype. */
export type Entries = Map<string, Entry>;

/** What a text has said so far; `normalise-graph.ts` makes the Graph of it. */
export interface Draft {
  readonly source: SourceText;
  name: string;
  readonly attributes: Entries;
  readonly nodes: Map<string, DraftNode>;
  readonly edges: DraftEdge[];
  /** In the order they are opened first. */
  readonly subgraphs: DraftSubgraph[];
  readonly notes: Diagnostic[];
  /** Every naming of a node, in order: what a group in braces names is a stretch of it. */
  readonly mentions: string[];
  attributeCount: number;
  arrowCount: number;
}

export interface DraftNode {
  readonly id: string;
  /** Undefined: directly in the graph. */
  subgraph: DraftSubgraph | undefined;
  declared: boolean;
  position: Position;
  /** Written at the node itself. */
  readonly own: Entries;
  /** From `node [...]` of the scope; shared between nodes, never written to. */
  defaults: ReadonlyMap<string, Entry>;
}

export interface DraftEdge {
  /** Which arrow of the text it comes from: edges are in the order of their arrows, also around `a -> { b -> c }`. */
  readonly arrow: number;
  readonly from: string;
  readonly to: string;
  readonly position: Position;
  readonly own: ReadonlyMap<string, Entry>;
  readonly defaults: ReadonlyMap<string, Entry>;
}

export interface DraftSubgraph {
  /** Undefined: anonymous. */
  readonly id: string | undefined;
  readonly parent: DraftSubgraph | undefined;
  readonly depth: number;
  readonly attributes: Entries;
  readonly position: Position;
  /** What its `node [...]` and `edge [...]` said, kept for when it is opened again. */
  readonly nodeDefaults: Entries;
  readonly edgeDefaults: Entries;
}

/** What is in force between two braces. */
export interface Scope {
  readonly subgraph: DraftSubgraph | undefined;
  nodeDefaults: ReadonlyMap<string, Entry>;
  edgeDefaults: ReadonlyMap<string, Entry>;
}

export function createDraft(source: SourceText): Draft {
  return {
    source,
    name: "",
    attributes: new Map(),
    nodes: new Map(),
    edges: [],
    subgraphs: [],
    notes: [],
    mentions: [],
    attributeCount: 0,
    arrowCount: 0,
  };
}

/** Adds a written attribute to what is known of its owner. The canonical name wins over an alias, else the later one over the earlier. */
export function addAttribute(draft: Draft, entries: Entries, written: WrittenAttribute): void {
  countAttributes(draft, 1, written.position);
  const { name, entry, notes } = normaliseAttribute(written);
  for (const note of notes) draft.notes.push(note);
  if (!entry) return;
  const present = entries.get(name);
  if (present && present.alias === undefined && entry.alias !== undefined) {
    draft.notes.push(overruled(written, { alias: entry.alias, name }));
    return;
  }
  if (present?.alias !== undefined && entry.alias === undefined) {
    draft.notes.push(overruled({ ...written, position: present.position }, { alias: present.alias, name }));
  }
  entries.set(name, entry);
}

function overruled(
  place: Pick<WrittenAttribute, "position" | "node" | "edge">,
  names: { alias: string; name: string },
): Diagnostic {
  const message = `"${names.alias}" is ignored: "${names.name}", which it is another name for, is given too`;
  return { rule: "alias", severity: "info", message, ...placeOf(place), fix: `remove ${names.alias}` };
}

/** A node named in the text. An edge only mentions it, a statement of its own declares it. */
export function touchNode(
  draft: Draft,
  scope: Scope,
  named: { id: string; position: Position; declares: boolean },
): DraftNode {
  draft.mentions.push(named.id);
  const present = draft.nodes.get(named.id);
  if (present) {
    if (named.declares) declareNode(present, scope, named.position);
    return present;
  }
  limit(draft, { what: "nodes", found: draft.nodes.size + 1, max: NODES_MAX, position: named.position });
  const { id, position, declares } = named;
  const defaults = scope.nodeDefaults;
  const node: DraftNode = { id, subgraph: scope.subgraph, declared: declares, position, own: new Map(), defaults };
  draft.nodes.set(id, node);
  return node;
}

/**
 * Where a node belongs when it is named in several places: to the first that declares it, unless a later declaration is
 * deeper inside (nodes listed on top and grouped afterwards). The defaults in force there go with it.
 */
function declareNode(node: DraftNode, scope: Scope, position: Position): void {
  const first = !node.declared;
  const [here, there] = [named(scope.subgraph), named(node.subgraph)];
  const deeper = here !== there && isInside(here, there);
  const elsewhere = !isInside(there, here);
  if (first) {
    node.declared = true;
    node.position = position;
  }
  if (deeper || (first && elsewhere)) node.subgraph = scope.subgraph;
  if (first || deeper) node.defaults = scope.nodeDefaults;
}

/** The innermost subgraph with a name: braces without one only group. */
export function named(subgraph: DraftSubgraph | undefined): DraftSubgraph | undefined {
  let at = subgraph;
  while (at && at.id === undefined) at = at.parent;
  return at;
}

/** Whether a subgraph is the other one or lies in it; the graph itself (undefined) holds all. */
function isInside(inner: DraftSubgraph | undefined, outer: DraftSubgraph | undefined): boolean {
  if (outer === undefined) return true;
  let at = inner;
  while (at && at !== outer && at.depth > outer.depth) at = at.parent;
  return at === outer;
}

export function addEdge(draft: Draft, edge: DraftEdge): void {
  limit(draft, { what: "edges", found: draft.edges.length + 1, max: EDGES_MAX, position: edge.position });
  draft.edges.push(edge);
}

/** Defaults are shared by all they arrive at, so a change makes a new map. */
export function withDefaults(
  draft: Draft,
  base: ReadonlyMap<string, Entry>,
  more: ReadonlyMap<string, Entry>,
): ReadonlyMap<string, Entry> {
  if (more.size === 0) return base;
  const position = [...more.values()].at(-1)?.position ?? { line: 1, column: 1 };
  countAttributes(draft, base.size + more.size, position);
  const all = new Map(base);
  for (const [name, entry] of more) all.set(name, entry);
  return all;
}

export function countAttributes(draft: Draft, count: number, position: Position): void {
  draft.attributeCount += count;
  limit(draft, {
    what: "attributes, inherited ones counted",
    found: draft.attributeCount,
    max: ATTRIBUTES_MAX,
    position,
  });
}

/** Throws limit_exceeded, with the place, when there are more than may be. */
export function limit(draft: Draft, bound: { what: string; found: number; max: number; position: Position }): void {
  const { what, found, max, position } = bound;
  if (found <= max) return;
  throw sourceError(draft.source, position, {
    code: "limit_exceeded",
    message: `a pipeline has at most ${max} ${what}: split it into several`,
    details: { limit: what, max },
  });
}
