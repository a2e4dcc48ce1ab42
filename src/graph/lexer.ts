import { type SourceText, sourceError } from "./diagnostic.ts";
import type { Position } from "./graph.ts";

/**
 * `bare`: an unquoted word; `string`: a quoted one, escapes resolved; `html`: what stands between `<` and `>`;
 * `mark`: punctuation, `->` and `--` among it; `end`: the end of the text.
 */
export interface Token {
  readonly kind: "bare" | "string" | "html" | "mark" | "end";
  readonly text: string;
  readonly position: Position;
}

const MARKS = new Set(["{", "}", "[", "]", "=", ";", ",", ":", "+"]);
const CURLY_QUOTES = new Set(["“", "”", "„", "‘", "’", "‚"]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["\\", "\\"],
]);

/**
 * Cuts a DOT text into tokens, one call at a time, in time linear in the text.
 * After `=` a word may hold what paths, models and addresses are written with (`:`, `/`, `@`); elsewhere `:` begins a port.
 */
export class Lexer {
  readonly #source: SourceText;
  readonly #text: string;
  #offset: number;
  #line = 1;
  #lineStart: number;
  /** The first newline not yet counted in #line; -1 when there is none. Kept: looking for it anew for each token of a long line is quadratic. */
  #nextNewline: number;
  #valueNext = false;

  constructor(source: SourceText) {
    this.#source = source;
    this.#text = source.text;
    this.#offset = source.text.charCodeAt(0) === 0xfeff ? 1 : 0;
    this.#lineStart = this.#offset;
    this.#nextNewline = source.text.indexOf("\n");
  }

  /** Throws pipeline_invalid at what is no token: an unclosed string, comment or HTML label, or a stray character. */
  next(): Token {
    this.#skipBlanks();
    const value = this.#valueNext;
    this.#valueNext = false;
    const start = this.#offset;
    const position = this.#positionAt(start);
    const char = this.#text[start];
    if (char === undefined) return { kind: "end", text: "", position };
    if (char === '"' || char === "'") return { kind: "string", text: this.#readString(char, position), position };
    if (char === "<" && value) return { kind: "html", text: this.#readHtml(position), position };
    const word = this.#readWord(value);
    if (word !== "") return { kind: "bare", text: word, position };
    return { kind: "mark", text: this.#readMark(char, position), position };
  }

  #readMark(char: string, position: Position): string {
    const two = this.#text.slice(this.#offset, this.#offset + 2);
    const mark = two === "->" || two === "--" ? two : char;
    if (mark.length === 1 && !MARKS.has(mark)) throw this.#strayCharacter(position);
    this.#offset += mark.length;
    this.#valueNext = mark === "=";
    return mark;
  }

  #strayCharacter(position: Position): Error {
    const char = String.fromCodePoint(this.#text.codePointAt(this.#offset) ?? 0xfffd);
    if (char === ">" && this.#text[this.#offset - 1] === "=") {
      const message = 'unexpected "=>": edges are written "->", and a value that begins with ">" in double quotes';
      return sourceError(this.#source, { ...position, column: position.column - 1 }, { message });
    }
    const hint = CURLY_QUOTES.has(char)
      ? `use straight quotes, " or '`
      : "put text that holds such characters in double quotes";
    return sourceError(this.#source, position, { message: `unexpected character ${JSON.stringify(char)}: ${hint}` });
  }

  #skipBlanks(): void {
    for (;;) {
      const char = this.#text.charCodeAt(this.#offset);
      if (isBlank(char)) this.#offset += 1;
      else if (char === HASH || this.#text.startsWith("//", this.#offset)) this.#skipLine();
      else if (this.#text.startsWith("/*", this.#offset)) this.#skipBlockComment();
      else return;
    }
  }

  #skipLine(): void {
    const end = this.#text.indexOf("\n", this.#offset);
    this.#offset = end < 0 ? this.#text.length : end + 1;
  }

  #skipBlockComment(): void {
    const end = this.#text.indexOf("*/", this.#offset + 2);
    if (end < 0) {
      const position = this.#positionAt(this.#offset);
      throw sourceError(this.#source, position, { message: 'this comment is never closed: expected "*/"' });
    }
    this.#offset = end + 2;
  }

  /** An unquoted word from here on; empty where none begins. */
  #readWord(value: boolean): string {
    const text = this.#text;
    const start = this.#offset;
    let at = start;
    for (; at < text.length; at++) {
      const char = text.charCodeAt(at);
      if (isWordChar(char)) continue;
      if (char === HYPHEN && this.#hyphenBelongs(at, { value, first: at === start })) continue;
      if (value && (char === COLON || char === AT)) continue;
      // The slashes of `http://` and `file:///` belong to the word; elsewhere two of them begin a comment.
      if (value && char === SLASH && !this.#beginsComment(at)) continue;
      break;
    }
    this.#offset = at;
    return text.slice(start, at);
  }

  #hyphenBelongs(at: number, place: { value: boolean; first: boolean }): boolean {
    const next = this.#text.charCodeAt(at + 1);
    if (next === GREATER) return false;
    if (place.value) return true;
    if (place.first) return isDigit(next) || next === DOT;
    return next !== HYPHEN;
  }

  #beginsComment(at: number): boolean {
    const next = this.#text.charCodeAt(at + 1);
    if (next !== SLASH) return next === STAR;
    const before = this.#text.slice(Math.max(at - 2, 0), at);
    return !before.endsWith(":") && before !== ":/";
  }

  #readString(quote: string, position: Position): string {
    const text = this.#text;
    const pieces: string[] = [];
    let from = this.#offset + 1;
    let at = from;
    for (; at < text.length && text[at] !== quote; at++) {
      const found = stringPart(text, at, quote);
      if (!found) continue;
      pieces.push(text.slice(from, at), found.text);
      from = at + found.length;
      at = from - 1;
    }
    if (at >= text.length) {
      throw sourceError(this.#source, position, { message: `this string is never closed: expected another ${quote}` });
    }
    this.#offset = at + 1;
    pieces.push(text.slice(from, at));
    return pieces.join("");
  }

  #readHtml(position: Position): string {
    let depth = 0;
    for (let at = this.#offset; at < this.#text.length; at++) {
      const char = this.#text.charCodeAt(at);
      if (char === LESS) depth += 1;
      if (char === GREATER) depth -= 1;
      if (depth > 0) continue;
      const text = this.#text.slice(this.#offset + 1, at);
      this.#offset = at + 1;
      return text;
    }
    throw sourceError(this.#source, position, { message: 'this HTML label is never closed: expected another ">"' });
  }

  /** Offsets come in ascending order, so the text is looked through for newlines once. */
  #positionAt(offset: number): Position {
    while (this.#nextNewline >= 0 && this.#nextNewline < offset) {
      this.#line += 1;
      this.#lineStart = this.#nextNewline + 1;
      this.#nextNewline = this.#text.indexOf("\n", this.#lineStart);
    }
    return { line: this.#line, column: offset - this.#lineStart + 1 };
  }
}

/** What stands for something else in a string: an escape, a continued line, the end of a line in a CRLF file. */
function stringPart(text: string, at: number, quote: string): { text: string; length: number } | undefined {
  const char = text[at];
  const next = text[at + 1];
  if (char === "\r" && next === "\n") return { text: "\n", length: 2 };
  if (char !== "\\" || next === undefined) return undefined;
  if (next === quote) return { text: quote, length: 2 };
  if (next === "\n") return { text: "", length: 2 };
  if (next === "\r" && text[at + 2] === "\n") return { text: "", length: 3 };
  const escaped = ESCAPES.get(next);
  // Any other backslash stands for itself: patterns and shell commands are full of them.
  return escaped === undefined ? undefined : { text: escaped, length: 2 };
}

const HASH = 0x23;
const STAR = 0x2a;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const AT = 0x40;

function isDigit(char: number): boolean {
  return char >= 0x30 && char <= 0x39;
}

function isBlank(char: number): boolean {
  if (char <= 0x20) return char === 0x20 || (char >= 0x09 && char <= 0x0d);
  if (char < 0xa0) return false;
  return (
    char === 0xa0 ||
    (char >= 0x2000 && char <= 0x200b) ||
    char === 0x2028 ||
    char === 0x2029 ||
    char === 0x3000 ||
    char === 0xfeff
  );
}

function isWordChar(char: number): boolean {
  if (char < 0x80) {
    return (
      isDigit(char) || (char >= 0x41 && char <= 0x5a) || (char >= 0x61 && char <= 0x7a) || char === 0x5f || char === DOT
    );
  }
  return !isBlank(char) && !CURLY_QUOTES.has(String.fromCharCode(char));
}
