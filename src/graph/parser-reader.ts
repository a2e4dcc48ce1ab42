import { type SourceText, sourceError } from "./diagnostic.ts";
import { Lexer, type Token } from "./lexer.ts";
import { createDraft, type Draft, type DraftSubgraph } from "./parser-draft.ts";

/** The reading of one text: recursive descent with one token of look-ahead, nesting bounded. */
export interface Reader {
  readonly lexer: Lexer;
  readonly draft: Draft;
  token: Token;
  readonly named: Map<string, DraftSubgraph>;
}

export function createReader(source: SourceText): Reader {
  const lexer = new Lexer(source);
  return { lexer, draft: createDraft(source), token: lexer.next(), named: new Map() };
}

export function advance(reader: Reader): Token {
  const taken = reader.token;
  reader.token = reader.lexer.next();
  return taken;
}

export function isMark(token: Token, mark: string): boolean {
  return token.kind === "mark" && token.text === mark;
}

/** Words and quoted strings both are ids, names and values. */
export function isId(token: Token): boolean {
  return token.kind === "bare" || token.kind === "string";
}

/** Keywords are so in any case, and never in quotes. */
export function isKeyword(token: Token, word: string): boolean {
  return token.kind === "bare" && token.text.toLowerCase() === word;
}

export function expectMark(reader: Reader, mark: string, where: string): Token {
  if (!isMark(reader.token, mark)) throw unexpected(reader, `"${mark}" ${where}`);
  return advance(reader);
}

export function refused(reader: Reader, message: string): Error {
  return sourceError(reader.draft.source, reader.token.position, { message });
}

export function unexpected(reader: Reader, expected: string, hint = ""): Error {
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
