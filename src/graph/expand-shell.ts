import { SafepointError } from "../errors.ts";
import { type ReadKey, textOf } from "./conditions-values.ts";
import { type FoundVariable, variableAt } from "./expand.ts";

export interface ShellCommand {
  /** The command with references to `env` where the variables stood. No value is part of it. */
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The longest value that can be handed to a process: Linux refuses an environment string of 128 KiB. Bytes. */
export const SHELL_VALUE_BYTES_MAX = 120 * 1024;

/**
 * How the shell reads the place the scanner is at. `word` may be quoted, `quoted` is inside double quotes or a here-document,
 * `number` is arithmetic, where a shell evaluates what a value spells.
 */
type Place = "word" | "quoted" | "number";

/** An open construct and what closes it; the outermost has no close. */
interface Frame {
  readonly place: Place;
  readonly close: string | undefined;
  /** Where `'` begins a quoted part, `#` a comment and `<<` a here-document: outside of quotes. */
  readonly bare: boolean;
}

interface HereDocument {
  readonly delimiter: string;
  readonly literal: boolean;
  readonly tabs: boolean;
}

interface Scan {
  readonly text: string;
  readonly read: ReadKey;
  readonly names: Map<string, string>;
  readonly env: Record<string, string>;
  readonly frames: Frame[];
  readonly pending: HereDocument[];
  at: number;
  out: string;
}

/**
 * Rewrites the pipeline variables of a shell command (`$goal`, `${key}`, `{{ key }}`) into references to environment
 * variables, quoted for the place they stand in: one word outside of quotes, plain inside double quotes and
 * here-documents, and out of single quotes and back in. A `${NAME}` that `read` does not know is left to the shell, as are
 * `\$`, here-documents with a quoted delimiter, and comments.
 *
 * The shell does not read the result of a reference again, so no value can become a command, whatever it holds and even
 * where this scanner should misjudge a place. What the author hands to a second reading (`eval`, `sh -c`, `ssh`) is code
 * there, as always.
 *
 * Throws: input_invalid for a value that no environment can carry (NUL, too long), or that is no whole number inside
 * `$(( ))`.
 */
export function toShellVariables(command: string, read: ReadKey): ShellCommand {
  const scan: Scan = {
    text: command,
    read,
    names: new Map(),
    env: {},
    frames: [{ place: "word", close: undefined, bare: true }],
    pending: [],
    at: 0,
    out: "",
  };
  while (scan.at < command.length) step(scan);
  return { command: scan.out, env: scan.env };
}

/** Takes one piece of the command; always true, so that each way of taking it may end the sentence. */
function step(scan: Scan): true {
  const { text, at } = scan;
  const frame = scan.frames.at(-1) ?? { place: "word", close: undefined, bare: true };
  const char = text.charAt(at);
  if (char === "\\") return copy(scan, 2);
  if (char === "$" || char === "{") {
    const reference = referenceAt(scan, at, frame.place);
    if (reference) return replace(scan, reference);
  }
  if (frame.close !== undefined && text.startsWith(frame.close, at)) {
    scan.frames.pop();
    return copy(scan, frame.close.length);
  }
  const taken = opens(scan, frame) || (frame.bare && (char === "'" ? singleQuoted(scan) : stepBare(scan, char, frame)));
  return taken || copy(scan, 1);
}

/** Constructs that open another, in quotes and out of them; `$((` before `$(`. */
function opens(scan: Scan, frame: Frame): boolean {
  const { text, at } = scan;
  if (text.startsWith("$((", at)) return open(scan, "$((", { place: "number", close: "))", bare: false });
  if (text.startsWith("$[", at)) return open(scan, "$[", { place: "number", close: "]", bare: false });
  if (text.startsWith("$(", at)) return open(scan, "$(", { place: "word", close: ")", bare: true });
  if (text.startsWith("${", at)) return open(scan, "${", { place: frame.place, close: "}", bare: frame.bare });
  const char = text.charAt(at);
  if (char === "`") return open(scan, "`", { place: "word", close: "`", bare: true });
  // Quotes inside arithmetic do not keep the shell from evaluating what is in them.
  const within = frame.place === "number" ? "number" : "quoted";
  if (char === '"') return open(scan, '"', { place: within, close: '"', bare: false });
  if (char === "(" && frame.place === "number") return open(scan, "(", { place: "number", close: ")", bare: false });
  return false;
}

/** What means something only outside of quotes and of `${ }`. */
function stepBare(scan: Scan, char: string, frame: Frame): boolean {
  const { text, at } = scan;
  if (frame.close === "}") return false;
  if (char === "#" && (at === 0 || /[\s;&|()]/.test(text.charAt(at - 1)))) {
    const end = text.indexOf("\n", at);
    return copy(scan, (end < 0 ? text.length : end) - at);
  }
  if (text.startsWith("((", at)) return open(scan, "((", { place: "number", close: "))", bare: false });
  if (char === "(") return open(scan, "(", { place: "word", close: ")", bare: true });
  if (text.startsWith("<<", at)) return hereDocument(scan);
  if (char === "\n" && scan.pending.length > 0) return hereDocumentBodies(scan);
  return false;
}

function copy(scan: Scan, length: number): true {
  scan.out += scan.text.slice(scan.at, scan.at + length);
  scan.at += length;
  return true;
}

function open(scan: Scan, symbol: string, frame: Frame): true {
  copy(scan, symbol.length);
  scan.frames.push(frame);
  return true;
}

/** Up to the closing quote, which nothing escapes; a variable steps out into double quotes and back in. */
function singleQuoted(scan: Scan): true {
  copy(scan, 1);
  while (scan.at < scan.text.length) {
    const char = scan.text.charAt(scan.at);
    const reference = char === "$" || char === "{" ? referenceAt(scan, scan.at, "word") : undefined;
    if (reference) replace(scan, { ...reference, text: `'${reference.text}'` });
    else copy(scan, 1);
    if (!reference && char === "'") return true;
  }
  return true;
}

const HERE_DELIMITER = /<<(-?)[ \t]*((?:\\.|'[^'\n]*'|"[^"\n]*"|[^\s;&|<>()'"\\])+)/y;

function hereDocument(scan: Scan): boolean {
  const { text, at } = scan;
  if (text.startsWith("<<<", at)) return copy(scan, 3);
  HERE_DELIMITER.lastIndex = at;
  const match = HERE_DELIMITER.exec(text);
  if (!match) return false;
  const word = match[2] ?? "";
  const delimiter = word.replace(/\\(.)|['"]/gsu, "$1");
  scan.pending.push({ delimiter, literal: /['"\\]/.test(word), tabs: match[1] === "-" });
  return copy(scan, match[0].length);
}

/** The lines after one that announced here-documents, up to the last delimiter. */
function hereDocumentBodies(scan: Scan): true {
  copy(scan, 1);
  for (const { delimiter, literal, tabs } of scan.pending.splice(0)) {
    const end = endOfBody(scan, delimiter, tabs);
    const body = scan.text.slice(scan.at, end);
    scan.out += literal ? body : rewriteBody(scan, body);
    scan.at = end;
  }
  return true;
}

/** Where the line begins that holds nothing but the delimiter. */
function endOfBody(scan: Scan, delimiter: string, tabs: boolean): number {
  for (let line = scan.at; line < scan.text.length; ) {
    const stop = scan.text.indexOf("\n", line);
    const end = stop < 0 ? scan.text.length : stop;
    const content = scan.text.slice(line, end);
    if ((tabs ? content.replace(/^\t+/, "") : content) === delimiter) return line;
    line = end + 1;
  }
  return scan.text.length;
}

function rewriteBody(scan: Scan, body: string): string {
  const frames: Frame[] = [{ place: "quoted", close: undefined, bare: false }];
  const inner: Scan = { ...scan, text: body, frames, pending: [], at: 0, out: "" };
  while (inner.at < body.length) {
    // A double quote in a here-document is a character like any other.
    if (body[inner.at] === '"' && inner.frames.length === 1) copy(inner, 1);
    else step(inner);
  }
  return inner.out;
}

interface Reference extends FoundVariable {
  readonly text: string;
}

function referenceAt(scan: Scan, at: number, place: Place): Reference | undefined {
  const found = variableAt(scan.text, at);
  const value = found === undefined ? undefined : scan.read(found.name);
  if (found === undefined || value === undefined) return undefined;
  const text = textOf(value);
  if (place === "number" && !/^[+-]?\d+$/.test(text.trim())) {
    throw refused(found.name, "expected a whole number inside $(( )), where a shell would evaluate any other text");
  }
  const reference = `\${${environmentName(scan, found.name, text)}}`;
  return { ...found, text: place === "word" ? `"${reference}"` : reference };
}

function replace(scan: Scan, reference: Reference): true {
  scan.out += reference.text;
  scan.at = reference.end;
  return true;
}

/** `work.item` → `SP_VAR_work_item`; names that would fall together are numbered. */
function environmentName(scan: Scan, name: string, value: string): string {
  const known = scan.names.get(name);
  if (known !== undefined) return known;
  if (value.includes("\0")) throw refused(name, "expected a text without NUL characters");
  const bytes = Buffer.byteLength(value);
  if (bytes > SHELL_VALUE_BYTES_MAX) {
    throw refused(
      name,
      `expected at most ${SHELL_VALUE_BYTES_MAX} bytes, found ${bytes}; read it from $SAFEPOINT_CONTEXT_FILE`,
    );
  }
  const base = `SP_VAR_${name.replace(/[^A-Za-z0-9]/gu, "_")}`;
  let unique = base;
  for (let n = 2; Object.hasOwn(scan.env, unique); n += 1) unique = `${base}__${n}`;
  scan.names.set(name, unique);
  scan.env[unique] = value;
  return unique;
}

function refused(name: string, problem: string): SafepointError {
  return new SafepointError("input_invalid", `variable ${name} in tool_command: ${problem}`, {
    details: { variable: name },
  });
}
