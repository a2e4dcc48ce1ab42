import { NESTING_MAX } from "../limits.ts";
import type { AttributeOwner } from "./attributes.ts";
import type { SourceText } from "./diagnostic.ts";
import { sourceError } from "./diagnostic.ts";
import type { Position } from "./graph.ts";
import { Lexer, type Token } from "./lexer.ts";
import type { Entry, WrittenAttribute } from "./normalise-attribute.ts";
import {
  addAttribute,
  addEdge,
  createDraft,
  type Draft,
  type DraftSubgraph,
  type Entries,
  limit,
  type Scope,
  touchNode,
  withDefaults,
} from "./parser-draft.ts";

/** The reading of one text: recursive descent with one token of look-ahead, nesting bounded. */
interface Reader {
  readonly lexer: Lexer;
  readonly draft: Draft;
  token: Token;
  readonly named: Map<string, DraftSubgraph>;
}

/** The ends of one piece of an edge chain: one node, or all of a group in braces. */
interface Operand {
  /** Where its ids stand in the draft's mentions. */
  readonly from: number;
  readonly to: number;
  readonly position: Position;
}

/** Who an attribute list speaks about. */
interface Subject {
  readonly owner: AttributeOwner;
  readonly node?: string;
  readonly edge?: string;
}

const NO_ENTRIES: ReadonlyMap<string, Entry> = new Map();

/** Reads one digraph and nothing else. Throws pipeline_invalid or limit_exceeded at the first thing that does not fit. */
export function readDigraph(source: SourceText): Draft {
  const lexer = new Lexer(source);
  const reader: Reader = { lexer, draft: createDraft(source), token: lexer.next(), named: new Map() };
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
  return { from, to: from + 1, position: id.position };
}

function checkId(reader: Reader, id: Token): void {
  if (id.text !== "") return;
  throw sourceError(reader.draft.source, id.position, { message: "a node needs an id, and this one is empty" });
}

/** `-> b -> { c d } [...]` after the first operand; nothing where no arrow follows. */
function readChain(reader: Reader, block: Block, first: Operand): void {
  const operands = [first];
  while (isMark(reader.token, "->")) {
    advance(reader);
    operands.push(readOperand(reader, block));
  }
  if (operands.length === 1) return;
  const entries: Entries = new Map();
  const ids = operands.map(({ from, to }) => [...new Set(reader.draft.mentions.slice(from, to))]);
  readAttributeLists(reader, entries, { owner: "edge", edge: `${ids[0]?.[0] ?? ""}->${ids[1]?.[0] ?? ""}` });
  for (const [index, sources] of ids.slice(0, -1).entries()) {
    const position = operands[index]?.position ?? first.position;
    addEdges(reader, block.scope, { sources, targets: ids[index + 1] ?? [], position, own: entries });
  }
}

function addEdges(
  reader: Reader,
  scope: Scope,
  between: {
    sources: readonly string[];
    targets: readonly string[];
    position: Position;
    own: ReadonlyMap<string, Entry>;
  },
): void {
  const { sources, targets, position, own } = between;
  for (const from of sources) {
    for (const to of targets) addEdge(reader.draft, { from, to, position, own, defaults: scope.edgeDefaults });
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
  return { from, to: draft.mentions.length, position: (name ?? open).position };
}

/** A name met before is the same subgraph, opened again. */
function openSubgraph(reader: Reader, block: Block, at: Token): DraftSubgraph {
  const id = isId(at) && at.text !== "" ? at.text : undefined;
  const known = id === undefined ? undefined : reader.named.get(id);
  if (known) return known;
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

/** Any number of `[...]`, one after the other. */
function readAttributeLists(reader: Reader, entries: Entries, subject: Subject): void {
  while (isMark(reader.token, "[")) {
    const open = advance(reader);
    while (!isMark(reader.token, "]")) {
      if (isMark(reader.token, ",") || isMark(reader.token, ";")) advance(reader);
      else readAttribute(reader, entries, { subject, open });
    }
    advance(reader);
  }
}

function readAttribute(reader: Reader, entries: Entries, within: { subject: Subject; open: Token }): void {
  const name = reader.token;
  if (name.kind === "end") throw neverClosed(reader, within.open);
  if (!isId(name)) throw unexpected(reader, 'an attribute or "]"', unclosedHint(reader, within.open));
  advance(reader);
  if (!isMark(reader.token, "=")) {
    if (reader.token.kind === "end") throw neverClosed(reader, within.open);
    throw unexpected(reader, `"=" after the attribute ${JSON.stringify(name.text)}`, unclosedHint(reader, within.open));
  }
  readValueInto(reader, entries, { name, subject: within.subject });
}

function neverClosed(reader: Reader, open: Token): Error {
  return sourceError(reader.draft.source, open.position, { message: 'this "[" is never closed: expected "]"' });
}

/** The "]" that is missing belongs to an earlier line, and the trouble shows only here. */
function unclosedHint(reader: Reader, open: Token): string {
  const { line } = open.position;
  return line === reader.token.position.line ? "" : ` (is the "[" of line ${line} closed?)`;
}

/** The rest of `name = value`, with strings joined by `+`. */
function readValueInto(reader: Reader, entries: Entries, what: { name: Token; subject: Subject }): void {
  const { name, subject } = what;
  advance(reader);
  const first = reader.token;
  if (!isId(first) && first.kind !== "html") {
    throw unexpected(reader, `a value for ${JSON.stringify(name.text)}`);
  }
  advance(reader);
  const parts = [first.text];
  while (first.kind === "string" && isMark(reader.token, "+")) {
    advance(reader);
    if (reader.token.kind !== "string") throw unexpected(reader, 'a string after "+"');
    parts.push(advance(reader).text);
  }
  const form: WrittenAttribute["form"] = first.kind === "string" || first.kind === "html" ? first.kind : "bare";
  const written = { ...subject, name: name.text, value: parts.join(""), form, position: name.position };
  addAttribute(reader.draft, entries, written);
}

function advance(reader: Reader): Token {
  const taken = reader.token;
  reader.token = reader.lexer.next();
  return taken;
}

function isMark(token: Token, mark: string): boolean {
  return token.kind === "mark" && token.text === mark;
}

/** Words and quoted strings both are ids, names and values. */
function isId(token: Token): boolean {
  return token.kind === "bare" || token.kind === "string";
}

/** Keywords are so in any case, and never in quotes. */
function isKeyword(token: Token, word: string): boolean {
  return token.kind === "bare" && token.text.toLowerCase() === word;
}

function expectMark(reader: Reader, mark: string, where: string): Token {
  if (!isMark(reader.token, mark)) throw unexpected(reader, `"${mark}" ${where}`);
  return advance(reader);
}

function refused(reader: Reader, message: string): Error {
  return sourceError(reader.draft.source, reader.token.position, { message });
}

function unexpected(reader: Reader, expected: string, hint = ""): Error {
  const { token } = reader;
  if (isMark(token, "--") && reader.draft.nodes.size > 0) {
    return refused(reader, 'edges are directed: write "->" instead of "--"');
  }
  return refused(reader, `expected ${expected}, found ${describe(token)}${hint}`);
}

const SHOWN_CHARS_MAX = 40;

function describe(token: Token): string {
  if (token.kind === "end") return "the end of the text";
  const text = token.text.length > SHOWN_CHARS_MAX ? `${token.text.slice(0, SHOWN_CHARS_MAX)}…` : token.text;
  return token.kind === "string" ? `the string ${JSON.stringify(text)}` : JSON.stringify(text);
}
