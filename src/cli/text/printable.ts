import { stripVTControlCharacters } from "node:util";

/** A text of unknown origin as one line that does nothing to a terminal: no escape sequences, no control characters. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(UNPRINTABLE, " ");
}

/** Control characters, line ends, and those that turn the direction of writing. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

let segmenter: Intl.Segmenter | undefined;

/** Letters as they are seen. Made when first needed: it costs 10 ms, and most texts are ASCII. */
function letters(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return segmenter.segment(text);
}

/** East Asian wide and full-width letters, and what is drawn as a picture. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}]|[\u{1f900}-\u{1f9ff}]|[\u{20000}-\u{3fffd}])/u;
const ASCII = /^[\u0020-\u007e]*$/;

/** Columns a printable text takes on a terminal. */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of letters(text)) columns += columnsOfSegment(segment);
  return columns;
}

/** Cuts a printable text to a width, with `…` where something is gone. */
export function shorten(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (columnsOf(text) <= columns) return text;
  let taken = "";
  let width = 0;
  for (const { segment } of letters(text)) {
    const next = width + columnsOfSegment(segment);
    if (next > columns - 1) break;
    taken += segment;
    width = next;
  }
  return `${taken}…`;
}

/** Fills up to a width with spaces. */
export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text)));
}

function columnsOfSegment(segment: string): number {
  if (/^\p{Mark}/u.test(segment) || segment === "\u200b") return 0;
  return WIDE.test(segment) ? 2 : 1;
}
