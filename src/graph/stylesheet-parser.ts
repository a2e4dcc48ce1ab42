import { SafepointError } from "../errors.ts";

export interface Selector {
  /** Absent in `*`, `.class` and `#id`. */
  readonly shape?: string;
  readonly classes: readonly string[];
  readonly ids: readonly string[];
}

export interface Declaration {
  /** As written. */
  readonly property: string;
  readonly value: string;
  readonly line: number;
  readonly column: number;
}

export interface StyleRule {
  readonly selectors: readonly Selector[];
  readonly declarations: readonly Declaration[];
}

/** Selectors a stylesheet may have: each is tried on each node. */
export const STYLE_SELECTORS_MAX = 1_000;

interface Cursor {
  readonly text: string;
  at: number;
  /** The line that begins at `lineStart`, as far as they were counted. */
  line: number;
  lineStart: number;
}

const BLANKS = /(?:\s|\/\*.*?\*\/)*/suy;
const NAME = /[\p{L}\p{N}_-]+/uy;
const PROPERTY = /[\p{L}\p{N}_.-]+/uy;
const BARE_VALUE = /[^;{}"'\r\n]+/uy;
const QUOTED_VALUE = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/suy;

/**
 * Reads `selector, selector { property: value; … }` rules.
 *
 * Throws: pipeline_invalid with `details.line` and `details.column`, counted in the stylesheet from 1. Source: 04 §4.
 */
export function readRules(text: string): readonly StyleRule[] {
  const cursor: Cursor = { text, at: 0, line: 1, lineStart: 0 };
  let selectors = 0;
  const rules: StyleRule[] = [];
  skipBlanks(cursor);
  while (cursor.at < text.length) {
    const rule = readRule(cursor);
    selectors += rule.selectors.length;
    if (selectors > STYLE_SELECTORS_MAX) refuse(cursor, `expected at most ${STYLE_SELECTORS_MAX} selectors`);
    rules.push(rule);
    skipBlanks(cursor);
  }
  return rules;
}

function readRule(cursor: Cursor): StyleRule {
  const selectors = [readSelector(cursor)];
  while (takeSymbol(cursor, ",")) selectors.push(readSelector(cursor));
  if (!takeSymbol(cursor, "{")) refuse(cursor, 'expected "{" after the selector');
  const declarations: Declaration[] = [];
  while (!takeSymbol(cursor, "}")) {
    if (takeSymbol(cursor, ";")) continue;
    declarations.push(readDeclaration(cursor));
    if (!atSymbol(cursor, ";") && !atSymbol(cursor, "}")) refuse(cursor, 'expected ";" or "}" after the value');
  }
  return { selectors, declarations };
}

/** `*`, `box`, `.hard`, `#plan`, and compounds without blanks: `box.hard#plan`. */
function readSelector(cursor: Cursor): Selector {
  skipBlanks(cursor);
  const start = cursor.at;
  const any = takeHere(cursor, "*");
  const shape = any ? undefined : take(cursor, NAME);
  const classes: string[] = [];
  const ids: string[] = [];
  for (let mark = cursor.text[cursor.at]; mark === "." || mark === "#"; mark = cursor.text[cursor.at]) {
    cursor.at += 1;
    const name = take(cursor, NAME);
    if (name === undefined) refuse(cursor, `expected a ${mark === "." ? "class" : "node id"} after "${mark}"`);
    (mark === "." ? classes : ids).push(name);
  }
  if (cursor.at === start) refuse(cursor, 'expected a selector: "*", a shape, ".class" or "#id"');
  return shape === undefined ? { classes, ids } : { shape, classes, ids };
}

function readDeclaration(cursor: Cursor): Declaration {
  skipBlanks(cursor);
  const place = placeOf(cursor);
  const property = take(cursor, PROPERTY);
  if (property === undefined) refuse(cursor, 'expected a property such as llm_model, or "}"');
  if (!takeSymbol(cursor, ":") && !takeSymbol(cursor, "=")) refuse(cursor, `expected ":" after "${property}"`);
  skipBlanks(cursor);
  const quoted = take(cursor, QUOTED_VALUE);
  const value = quoted === undefined ? take(cursor, BARE_VALUE)?.trim() : quoted.slice(1, -1).replace(/\\(.)/gsu, "$1");
  if (value === undefined || (quoted === undefined && value === ""))
    refuse(cursor, `expected a value for "${property}"`);
  return { property, value, ...place };
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text)?.[0];
  if (match) cursor.at += match.length;
  return match;
}

function takeHere(cursor: Cursor, symbol: string): boolean {
  if (!cursor.text.startsWith(symbol, cursor.at)) return false;
  cursor.at += symbol.length;
  return true;
}

function takeSymbol(cursor: Cursor, symbol: string): boolean {
  skipBlanks(cursor);
  return takeHere(cursor, symbol);
}

function atSymbol(cursor: Cursor, symbol: string): boolean {
  skipBlanks(cursor);
  return cursor.text.startsWith(symbol, cursor.at);
}

function skipBlanks(cursor: Cursor): void {
  take(cursor, BLANKS);
}

/** Counts on from where it last stopped, so that asking for every declaration stays linear. */
function placeOf(cursor: Cursor): { line: number; column: number } {
  for (let end = cursor.text.indexOf("\n", cursor.lineStart); end >= 0 && end < cursor.at; ) {
    cursor.line += 1;
    cursor.lineStart = end + 1;
    end = cursor.text.indexOf("\n", cursor.lineStart);
  }
  return { line: cursor.line, column: cursor.at - cursor.lineStart + 1 };
}

function refuse(cursor: Cursor, expected: string): never {
  const { line, column } = placeOf(cursor);
  const rest = cursor.text.slice(cursor.at, cursor.at + 20);
  const found = rest === "" ? "the end" : JSON.stringify(rest);
  throw new SafepointError(
    "pipeline_invalid",
    `model_stylesheet, line ${line}, column ${column}: ${expected}, found ${found}`,
    {
      details: { rule: "stylesheet_syntax", line, column },
    },
  );
}
