import { STATUS_ALIASES } from "./conditions-status.ts";

/** What a condition's text says in other words than the canonical ones. */
export interface ConditionAlias {
  readonly written: string;
  readonly canonical: string;
}

export interface NormalisedCondition {
  readonly text: string;
  /** Each word once, however often it stands there. */
  readonly aliases: readonly ConditionAlias[];
}

const KEY_ALIASES: ReadonlyMap<string, string> = new Map([["preferred_next_label", "preferred_label"]]);
const EQUALITY = new Set(["=", "==", "!="]);
/** What may follow a literal: only then is it one word, and the whole of the literal. */
const AFTER_LITERAL = new Set(["", "&&", "||", ")"]);

interface Piece {
  readonly kind: "blank" | "word" | "quoted" | "operator";
  readonly text: string;
}

/**
 * A condition with its status words and keys by their canonical names: `outcome=succeeded` becomes `outcome=success`.
 * Everything else stays as it is written, also where it is no condition at all: judging it is the condition parser's work.
 */
export function normaliseCondition(text: string): NormalisedCondition {
  const pieces = cut(text);
  const solid = pieces.flatMap((piece, index) => (piece.kind === "blank" ? [] : [index]));
  const aliases = new Map<string, ConditionAlias>();
  const out = pieces.map((piece) => piece.text);
  for (const [place, index] of solid.entries()) {
    const at = (offset: number): Piece | undefined => pieces[solid[place + offset] ?? -1];
    const replaced = isKey(at) ? renameKey(at) : renameStatus(at);
    if (!replaced) continue;
    out[index] = replaced.text;
    aliases.set(replaced.alias.written, replaced.alias);
  }
  return { text: out.join(""), aliases: [...aliases.values()] };
}

type Neighbour = (offset: number) => Piece | undefined;
type Replacement = { text: string; alias: ConditionAlias };

/** A key begins a comparison: nothing, `&&`, `||`, `!` or `(` stands before it. */
function isKey(at: Neighbour): boolean {
  const before = at(-1);
  return before === undefined || (before.kind === "operator" && /^(?:&&|\|\||!|\()$/.test(before.text));
}

function renameKey(at: Neighbour): Replacement | undefined {
  const written = at(0)?.kind === "word" ? (at(0)?.text ?? "") : "";
  const canonical = KEY_ALIASES.get(written);
  return canonical === undefined ? undefined : { text: canonical, alias: { written, canonical } };
}

function renameStatus(at: Neighbour): Replacement | undefined {
  const literal = at(0);
  if (!literal || (literal.kind !== "word" && literal.kind !== "quoted")) return undefined;
  if (at(-2)?.text !== "outcome" || !EQUALITY.has(at(-1)?.text ?? "") || !AFTER_LITERAL.has(at(1)?.text ?? ""))
    return undefined;
  const quote = literal.kind === "quoted" ? literal.text.charAt(0) : "";
  const written = quote ? literal.text.slice(1, -1) : literal.text;
  const canonical = STATUS_ALIASES.get(written.toLowerCase());
  return canonical === undefined ? undefined : { text: quote + canonical + quote, alias: { written, canonical } };
}

function cut(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < text.length; ) {
    const piece = pieceAt(text, at);
    pieces.push(piece);
    at += piece.text.length;
  }
  return pieces;
}

function pieceAt(text: string, at: number): Piece {
  const char = text.charAt(at);
  if (char === '"' || char === "'") return { kind: "quoted", text: text.slice(at, endOfQuoted(text, at)) };
  if (/\s/.test(char)) return { kind: "blank", text: take(text, at, (next) => /\s/.test(next)) };
  const two = text.slice(at, at + 2);
  if (["==", "!=", "<=", ">=", "&&", "||"].includes(two)) return { kind: "operator", text: two };
  if ("=!<>()&|".includes(char)) return { kind: "operator", text: char };
  return { kind: "word", text: take(text, at, (next) => !/[\s=!<>()&|"']/.test(next)) };
}

function take(text: string, from: number, belongs: (char: string) => boolean): string {
  let at = from + 1;
  while (at < text.length && belongs(text.charAt(at))) at += 1;
  return text.slice(from, at);
}

function endOfQuoted(text: string, from: number): number {
  const quote = text.charAt(from);
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return text.length;
}
