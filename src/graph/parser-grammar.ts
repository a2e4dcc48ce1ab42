import { NESTING_MAX } from "../limits.ts";
import { type SourceText, sourceError } from "./diagnostic.ts";
import type { Position } from "./graph.ts";
import type { Token } from "./lexer.ts";
import type { Entry } from "./normalise-attribute.ts";
import { readAttributeLists, readValueInto, type Subject } from "./parser-attributes.ts";
import {
  addEdge,
  type Draft,
  type DraftSubgraph,
  type Entries,
  limit,
  named,
  type Scope,
  touchNode,
  withDefaults,
} from "./parser-draft.ts";
import {
  advance,
  createReader,
  expectMark,
  isId,
  isKeyword,
  isMark,
  type Reader,
  refused,
  unexpected,
} from "./parser-reader.ts";

/** The ends of one piece of an edge chain: one node, or all of a group in braces. */
interface Operand {
  /** Where its ids stand in the draft's mentions. */
  readonly from: number;
  readonly to: number;
  readonly group: boolean;
  readonly position: Position;
}

const NO_ENTRIES: ReadonlyMap<string, Entry> = new Map();

/** Reads one digraph and nothing else. Throws pipeline_invalid or limit_exceeded at the first thing that does not fit. */
export function readDigraph(source: SourceText): Draft {
  const reader = createReader(source);
  readHeader(reader);
  const scope = rootScope();
  const open = expectMark(reader, "{", "after the name of the graph");
  readStatements(reader, { scope, open, depth: 0 });
  expectEnd(reader);
  return reader.draft;
}

function rootScope(): Scope {
  return { subgraph: undefined, nodeDefaults: NO_ENTRIES, edgeDefaults: NO_ENTRIES };
}

function readHeader(reader: Reader): void {
  if (isKeyword(reader.token, "strict")) {
    throw refused(
      reader,
      'strict graphs are not pipelines, which may have several edges between two nodes: remove "strict"',
    );
  }
  if (isKeyword(reader.token, "graph")) {
    throw refused(reader, 'a pipeline is directed: write "digraph" instead of "graph"');
  }
  if (!isKeyword(reader.token, "digraph")) throw unexpected(reader, '"digraph"');
  advance(reader);
  if (isId(reader.token)) reader.draft.name = advance(reader).text;
}

function expectEnd(reader: Reader): void {
  const { token } = reader;
  if (token.kind === "end") return;
  if (["digraph", "graph", "strict"].some((word) => isKeyword(token, word))) {
    throw refused(reader, "a file holds one graph, and here a second one begins: put it into a file of its own");
  }
  throw unexpected(reader, "nothing more after the end of the graph");
}

interface Block {
  readonly scope: Scope;
  readonly open: Token;
  readonly depth: number;
}

function readStatements(reader: Reader, block: Block): void {
  while (!isMark(reader.token, "}")) {
    if (reader.token.kind === "end") {
      throw sourceError(reader.draft.source, block.open.position, {
        message: 'this "{" is never closed: expected "}"',
      });
    }
    if (isMark(reader.token, ";")) advance(reader);
    else readStatement(reader, block);
  }
  advance(reader);
}

function readStatement(reader: Reader, block: Block): void {
  const first = reader.token;
  if (!isId(first) && !isMark(first, "{")) throw unexpected(reader, 'a node, an edge, an attribute or "}"');
  if (isId(first)) advance(reader);
  const group = readGroupAfter(reader, block, first);
  if (group) readChain(reader, block, group);
  else if (isMark(reader.token, "=")) readOwnAttribute(reader, block.scope, first);
  else if (isMark(reader.token, "[") && isDefaultsKeyword(first)) readBlock(reader, block.scope, first);
  else readNodeOrChain(reader, block, first);
}

/** The subgraph or braces that begin with a token, which is taken already if it is a word; undefined where it begins neither. */
function readGroupAfter(reader: Reader, block: Block, first: Token): Operand | undefined {
  if (isMark(first, "{")) return readGroup(reader, block, undefined);
  if (!isKeyword(first, "subgraph") || !(isId(reader.token) || isMark(reader.token, "{"))) return undefined;
  return readGroup(reader, block, isId(reader.token) ? advance(reader) : undefined);
}

function isDefaultsKeyword(token: Token): boolean {
  return isKeyword(token, "node") || isKeyword(token, "edge") || isKeyword(token, "graph");
}

function readBlock(reader: Reader, scope: Scope, keyword: Token): void {
  if (isKeyword(keyword, "graph")) readGraphBlock(reader, scope);
  else readDefaults(reader, scope, isKeyword(keyword, "node") ? "node" : "edge");
}

function readNodeOrChain(reader: Reader, block: Block, first: Token): void {
  readPort(reader);
  if (isMark(reader.token, "->")) readChain(reader, block, mention(reader, block.scope, first));
  else readNode(reader, block.scope, first);
}

/** `key = value` outside of brackets: of the graph, or of the subgraph it stands in. */
function readOwnAttribute(reader: Reader, scope: Scope, name: Token): void {
  const { entries, subject } = surroundings(reader, scope);
  readValueInto(reader, entries, { name, subject });
}

function readGraphBlock(reader: Reader, scope: Scope): void {
  const { entries, subject } = surroundings(reader, scope);
  readAttributeLists(reader, entries, subject);
}

function surroundings(reader: Reader, scope: Scope): { entries: Entries; subject: Subject } {
  if (!scope.subgraph) return { entries: reader.draft.attributes, subject: { owner: "graph" } };
  return { entries: scope.subgraph.attributes, subject: { owner: "subgraph" } };
}

function readDefaults(reader: Reader, scope: Scope, owner: "node" | "edge"): void {
  const entries: Entries = new Map();
  readAttributeLists(reader, entries, { owner });
  const field = owner === "node" ? "nodeDefaults" : "edgeDefaults";
  scope[field] = withDefaults(reader.draft, scope[field], entries);
  for (const [name, entry] of entries) scope.subgraph?.[field].set(name, entry);
}

function readNode(reader: Reader, scope: Scope, id: Token): void {
  checkId(reader, id);
  const node = touchNode(reader.draft, scope, { id: id.text, position: id.position, declares: true });
  readAttributeLists(reader, node.own, { owner: "node", node: node.id });
}

function mention(reader: Reader, scope: Scope, id: Token): Operand {
  checkId(reader, id);
  const from = reader.draft.mentions.length;
  touchNode(reader.draft, scope, { id: id.text, position: id.position, declares: false });
  return { from, to: from + 1, group: false, position: id.position };
}

function checkId(reader: Reader, id: Token): void {
  if (id.text !== "") return;
  throw sourceError(reader.draft.source, id.position, { message: "a node needs an id, and this one is empty" });
}

/** `-> b -> { c d } [...]` after the first operand; nothing where no arrow follows. */
function readChain(reader: Reader, block: Block, first: Operand): void {
  const { draft } = reader;
  const operands = [first];
  const arrows: number[] = [];
  while (isMark(reader.token, "->")) {
    advance(reader);
    arrows.push(draft.arrowCount++);
    operands.push(readOperand(reader, block));
  }
  if (arrows.length === 0) return;
  const entries: Entries = new Map();
  const ids = operands.map((operand) => idsOf(draft, operand));
  readAttributeLists(reader, entries, { owner: "edge", edge: `${ids[0]?.[0] ?? ""}->${ids[1]?.[0] ?? ""}` });
  for (const [index, arrow] of arrows.entries()) {
    const position = operands[index]?.position ?? first.position;
    const ends = { sources: ids[index] ?? [], targets: ids[index + 1] ?? [] };
    addEdges(reader, block.scope, { ...ends, arrow, position, own: entries });
  }
}

/** The nodes an operand stands for. A group lists them, and so declares them. */
function idsOf(draft: Draft, operand: Operand): readonly string[] {
  const ids = [...new Set(draft.mentions.slice(operand.from, operand.to))];
  if (ids.length === 0) {
    throw sourceError(draft.source, operand.position, {
      message: "an edge needs a node at each end, and this group has none",
    });
  }
  for (const id of operand.group ? ids : []) {
    const node = draft.nodes.get(id);
    if (node) node.declared = true;
  }
  return ids;
}

function addEdges(
  reader: Reader,
  scope: Scope,
  between: {
    sources: readonly string[];
    targets: readonly string[];
    arrow: number;
    position: Position;
    own: ReadonlyMap<string, Entry>;
  },
): void {
  const { sources, targets, ...rest } = between;
  for (const from of sources) {
    for (const to of targets) addEdge(reader.draft, { from, to, ...rest, defaults: scope.edgeDefaults });
  }
}

function readOperand(reader: Reader, block: Block): Operand {
  const first = reader.token;
  if (!isId(first) && !isMark(first, "{")) throw unexpected(reader, 'a node after "->"');
  if (isId(first)) advance(reader);
  const group = readGroupAfter(reader, block, first);
  if (group) return group;
  readPort(reader);
  return mention(reader, block.scope, first);
}

/** `:port` and `:port:compass` are accepted and ignored. */
function readPort(reader: Reader): void {
  while (isMark(reader.token, ":")) {
    advance(reader);
    if (!isId(reader.token)) throw unexpected(reader, 'a port after ":"');
    advance(reader);
  }
}

/** A subgraph, or nodes in braces: the statements between them, in a scope of their own. */
function readGroup(reader: Reader, block: Block, name: Token | undefined): Operand {
  const open = expectMark(reader, "{", "after the name of the subgraph");
  const { draft } = reader;
  limit(draft, { what: "levels of nesting", found: block.depth + 1, max: NESTING_MAX, position: open.position });
  const subgraph = openSubgraph(reader, block, name ?? open);
  const scope: Scope = {
    subgraph,
    nodeDefaults: withDefaults(draft, block.scope.nodeDefaults, subgraph.nodeDefaults),
    edgeDefaults: withDefaults(draft, block.scope.edgeDefaults, subgraph.edgeDefaults),
  };
  const from = draft.mentions.length;
  readStatements(reader, { scope, open, depth: block.depth + 1 });
  return { from, to: draft.mentions.length, group: true, position: (name ?? open).position };
}

/** A name met before is the same subgraph, opened again: it can only be where it was. */
function openSubgraph(reader: Reader, block: Block, at: Token): DraftSubgraph {
  const id = isId(at) && at.text !== "" ? at.text : undefined;
  const known = id === undefined ? undefined : reader.named.get(id);
  if (known) {
    if (named(known.parent) !== named(block.scope.subgraph)) throw elsewhere(reader, at, known);
    return known;
  }
  const parent = block.scope.subgraph;
  const subgraph: DraftSubgraph = {
    id,
    parent,
    depth: (parent?.depth ?? 0) + 1,
    attributes: new Map(),
    position: at.position,
    nodeDefaults: new Map(),
    edgeDefaults: new Map(),
  };
  if (id !== undefined) reader.named.set(id, subgraph);
  reader.draft.subgraphs.push(subgraph);
  return subgraph;
}

function elsewhere(reader: Reader, at: Token, known: DraftSubgraph): Error {
  const message = `subgraph ${JSON.stringify(at.text)} lies elsewhere, see line ${known.position.line}: give this one another name`;
  return sourceError(reader.draft.source, at.position, { message });
}
