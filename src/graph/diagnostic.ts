import { type ErrorCode, SafepointError } from "../errors.ts";
import type { Diagnostic, Position } from "./graph.ts";

/** The text a position points into. */
export interface SourceText {
  readonly text: string;
  /** As the user named it. */
  readonly file?: string;
}

/** How much of a long line is shown on each side of the caret. Characters. */
const SHOWN_BEFORE_MAX = 80;
const SHOWN_AFTER_MAX = 60;

/**
 * A message with its place, the text of the line and a caret under the column:
 *
 *     pipeline.dot:3:8: expected "]", found "->"
 *       3 | a [x=1 -> b
 *         |        ^
 */
export function renderDiagnostic(
  source: SourceText,
  diagnostic: Pick<Diagnostic, "message" | "line" | "column">,
): string {
  const { line, column, message } = diagnostic;
  const place = source.file === undefined ? `line ${line}, column ${column}` : `${source.file}:${line}:${column}`;
  const gutter = String(line).padStart(3);
  const { shown, indent } = excerpt(lineOf(source.text, line), column);
  return `${place}: ${message}\n${gutter} | ${shown}\n${" ".repeat(gutter.length)} | ${indent}^`;
}

/** The error of a text that cannot be read, at a place in it. */
export function sourceError(
  source: SourceText,
  at: Position,
  problem: { message: string; code?: ErrorCode; details?: Record<string, unknown> },
): SafepointError {
  const diagnostic: Diagnostic = {
    rule: "syntax",
    severity: "error",
    message: problem.message,
    line: at.line,
    column: at.column,
  };
  return new SafepointError(problem.code ?? "pipeline_invalid", renderDiagnostic(source, diagnostic), {
    details: {
      ...problem.details,
      ...(source.file === undefined ? {} : { file: source.file }),
      line: at.line,
      column: at.column,
      diagnostics: [diagnostic],
    },
  });
}

/** The text of a line, counted from 1, without its end; empty where there is no such line. */
function lineOf(text: string, line: number): string {
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (let at = 1; at < line; at++) {
    const end = text.indexOf("\n", start);
    if (end < 0) return "";
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  const whole = text.slice(start, end < 0 ? text.length : end);
  return whole.endsWith("\r") ? whole.slice(0, -1) : whole;
}

/** The part of a line around a column, and the white space that brings a caret under it. */
function excerpt(line: string, column: number): { shown: string; indent: string } {
  const at = column - 1;
  const from = at > SHOWN_BEFORE_MAX ? at - SHOWN_BEFORE_MAX : 0;
  const to = line.length - at > SHOWN_AFTER_MAX ? at + SHOWN_AFTER_MAX : line.length;
  const before = (from > 0 ? "…" : "") + line.slice(from, at);
  const shown = before + line.slice(at, to) + (to < line.length ? "…" : "");
  const indent = [...printable(before)].map(blankFor).join("");
  return { shown: printable(shown), indent };
}

/** Fullwidth in a terminal: ideographs, kana, Hangul, their punctuation. Emoji lie beyond the basic plane. */
const WIDE = /[\p{Ideographic}\u3000-\u30ff\uac00-\ud7af\uff01-\uff60]/u;

/** What keeps the caret under its column: a tab stays a tab, a wide character takes two places. */
function blankFor(char: string): string {
  if (char === "\t") return char;
  return char.length > 1 || WIDE.test(char) ? "  " : " ";
}

/** Control characters would move the caret or ring the terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd");
}
