import { RE2JS } from "re2js";
import { messageOf, SafepointError } from "../errors.ts";
import { NESTING_MAX } from "../limits.ts";
import type { ConditionNode, Operator, Test } from "./conditions.ts";
import { statusWord } from "./conditions-status.ts";

/** The longest pattern `matches` takes. Characters. */
export const MATCHES_PATTERN_CHARS_MAX = 2_000;

/**
 * Reads a condition by recursive descent: `a || b && !(c)`.
 * @throws pipeline_invalid with `details.column` (from 1) at the first character that does not fit.
 */
export function parseExpression(text: string): ConditionNode {
  const cursor: Cursor = { text, at: 0, depth: 0 };
  const node = parseAny(cursor);
  skipBlanks(cursor);
  if (cursor.at < text.length) fail(cursor, `expected "&&", "||" or the end, found ${found(cursor)}${hintFor(cursor)}`);
  return node;
}

interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
}

const KEY = /[\p{L}\p{N}_.:/@-]+/uy;
const BARE = /[^\s"'()=<>&|]+/uy;
const BLANKS = /\s*/uy;
const SYMBOL = /==|!=|<=|>=|=|<|>/y;
const WORD_OPERATOR = /(contains|matches)(?![\p{L}\p{N}_.:/@-])/uy;

function parseAny(cursor: Cursor): ConditionNode {
  const parts = [parseAll(cursor)];
  while (takeSymbol(cursor, "||")) parts.push(parseAll(cursor));
  return joined("or", parts);
}

function parseAll(cursor: Cursor): ConditionNode {
  const parts = [parseOne(cursor)];
  while (takeSymbol(cursor, "&&")) parts.push(parseOne(cursor));
  return joined("and", parts);
}

function joined(kind: "and" | "or", parts: readonly ConditionNode[]): ConditionNode {
  const [first, ...others] = parts;
  return first !== undefined && others.length === 0 ? first : { kind, parts };
}

function parseOne(cursor: Cursor): ConditionNode {
  if (takeSymbol(cursor, "!")) return { kind: "not", part: nested(cursor, parseOne) };
  if (!takeSymbol(cursor, "(")) return parseTest(cursor);
  const inner = nested(cursor, parseAny);
  if (!takeSymbol(cursor, ")")) fail(cursor, `expected ")", found ${found(cursor)}${hintFor(cursor)}`);
  return inner;
}

function nested(cursor: Cursor, part: (cursor: Cursor) => ConditionNode): ConditionNode {
  cursor.depth += 1;
  if (cursor.depth > NESTING_MAX) fail(cursor, `parentheses and "!" may nest ${NESTING_MAX} deep, no deeper`);
  const node = part(cursor);
  cursor.depth -= 1;
  return node;
}

function parseTest(cursor: Cursor): ConditionNode {
  skipBlanks(cursor);
  const column = cursor.at + 1;
  const key = take(cursor, KEY);
  if (key === undefined) fail(cursor, `expected a key such as outcome or context.name, found ${found(cursor)}`);
  if (key === "context." || key.startsWith(".") || key.endsWith(".") || key.includes("..")) {
    fail({ ...cursor, at: column - 1 }, `expected a key such as context.name, found ${JSON.stringify(key)}`);
  }
  const operator = takeOperator(cursor);
  if (operator !== undefined) return testWithLiteral(cursor, { key, operator, column });
  if (key === "true" || key === "false") return { kind: "constant", value: key === "true" };
  return { kind: "test", key, operator: "truthy", literal: "", quoted: false, column };
}

function testWithLiteral(cursor: Cursor, begun: Pick<Test, "key" | "operator" | "column">): Test {
  const { key, operator } = begun;
  skipBlanks(cursor);
  const literalAt = cursor.at;
  const quote = cursor.text[cursor.at];
  const quoted = quote === '"' || quote === "'";
  const written = quoted ? takeQuoted(cursor, quote) : take(cursor, BARE);
  if (written === undefined) fail(cursor, `expected a value to compare with, found ${found(cursor)}`);
  const isStatus = key === "outcome" && (operator === "=" || operator === "!=");
  const literal = isStatus ? statusWord(written) : written;
  const test = { kind: "test", ...begun, literal, quoted } as const;
  return operator === "matches" ? { ...test, pattern: compile({ ...cursor, at: literalAt }, literal) } : test;
}

function takeOperator(cursor: Cursor): Operator | undefined {
  skipBlanks(cursor);
  const symbol = take(cursor, SYMBOL) ?? take(cursor, WORD_OPERATOR);
  return symbol === "==" ? "=" : (symbol as Operator | undefined);
}

/** `\"`, `\'` and `\\` stand for the character; any other backslash stays, so that patterns need no doubling. */
function takeQuoted(cursor: Cursor, quote: string): string {
  let value = "";
  for (let at = cursor.at + 1; at < cursor.text.length; at += 1) {
    const char = cursor.text[at] ?? "";
    const next = cursor.text[at + 1];
    if (char === quote) {
      cursor.at = at + 1;
      return value;
    }
    const escaped = char === "\\" && (next === '"' || next === "'" || next === "\\");
    value += escaped ? next : char;
    if (escaped) at += 1;
  }
  return fail(cursor, `expected a closing ${quote}, found the end`);
}

function compile(cursor: Cursor, pattern: string): RE2JS {
  if (pattern.length > MATCHES_PATTERN_CHARS_MAX) {
    fail(cursor, `expected a pattern of at most ${MATCHES_PATTERN_CHARS_MAX} characters, found ${pattern.length}`);
  }
  try {
    return RE2JS.compile(pattern);
  } catch (thrown) {
    return fail(
      cursor,
      `expected a regular expression in RE2 syntax (no look-around, no back-reference): ${messageOf(thrown)}`,
    );
  }
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text)?.[0];
  if (match) cursor.at += match.length;
  return match;
}

function takeSymbol(cursor: Cursor, symbol: string): boolean {
  skipBlanks(cursor);
  if (!cursor.text.startsWith(symbol, cursor.at)) return false;
  cursor.at += symbol.length;
  return true;
}

function skipBlanks(cursor: Cursor): void {
  take(cursor, BLANKS);
}

function found(cursor: Cursor): string {
  const rest = cursor.text.slice(cursor.at, cursor.at + 40);
  return rest === "" ? "the end" : JSON.stringify(/^(?:[\p{L}\p{N}_.:/@-]+|.)/su.exec(rest)?.[0] ?? rest);
}

function hintFor(cursor: Cursor): string {
  const rest = cursor.text.slice(cursor.at, cursor.at + 4).toLowerCase();
  if (/^(and|&)/.test(rest)) return '; write "&&"';
  if (/^(or|\|)/.test(rest)) return '; write "||"';
  return "; quote a value that holds blanks, quotes, parentheses or any of = < > & |";
}

function fail(cursor: Pick<Cursor, "text" | "at">, problem: string): never {
  const column = cursor.at + 1;
  throw new SafepointError("pipeline_invalid", `condition, column ${column}: ${problem}`, {
    details: { rule: "condition_syntax", column, condition: cursor.text.slice(0, 500) },
  });
}
