import type { AttributeOwner } from "./attributes.ts";
import { sourceError } from "./diagnostic.ts";
import type { Token } from "./lexer.ts";
import type { WrittenAttribute } from "./normalise-attribute.ts";
import { addAttribute, type Entries } from "./parser-draft.ts";
import { advance, isId, isMark, type Reader, unexpected } from "./parser-reader.ts";

/** Who an attribute list speaks about. */
export interface Subject {
  readonly owner: AttributeOwner;
  readonly node?: string;
  readonly edge?: string;
}

/** Any number of `[...]`, one after the other. */
export function readAttributeLists(reader: Reader, entries: Entries, subject: Subject): void {
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
export function readValueInto(reader: Reader, entries: Entries, what: { name: Token; subject: Subject }): void {
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
