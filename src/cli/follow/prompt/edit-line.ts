import type { Key } from "./keys.ts";

/** A line while it is typed, split where the caret is. */
export interface TypedLine {
  readonly before: string;
  readonly after: string;
}

export const EMPTY_LINE: TypedLine = { before: "", after: "" };

/** More than this is not typed but piped: `safepoint answer … -`. */
const TYPED_CHARS_MAX = 10_000;

/** The line after a key. Keys that edit nothing change nothing. */
export function editLine(line: TypedLine, key: Key): TypedLine {
  const { before, after } = line;
  const left = [...before];
  const right = [...after];
  switch (key.kind) {
    case "text":
      return before.length + after.length + key.text.length > TYPED_CHARS_MAX
        ? line
        : { before: before + key.text, after };
    case "backspace":
      return { before: left.slice(0, -1).join(""), after };
    case "delete":
      return { before, after: right.slice(1).join("") };
    case "delete word":
      return { before: before.replace(/\S*\s*$/, ""), after };
    case "clear":
      return EMPTY_LINE;
    case "left":
      return left.length === 0 ? line : { before: left.slice(0, -1).join(""), after: `${left.at(-1)}${after}` };
    case "right":
      return right.length === 0 ? line : { before: `${before}${right[0]}`, after: right.slice(1).join("") };
    case "home":
      return { before: "", after: before + after };
    case "end":
      return { before: before + after, after: "" };
    default:
      return line;
  }
}
