import type { JsonValue } from "./outcome.ts";

/** Reads one key of the pipeline's context; undefined where there is no such key. */
export type ReadKey = (key: string) => JsonValue | undefined;

/**
 * The value a dotted name stands for: the key as written, else the longest key that is a prefix of it and the rest as a
 * path into that key's JSON. A leading `context.` may be left out or put before: both name the same key.
 * Undefined where nothing of that name exists.
 */
export function readPath(name: string, read: ReadKey): JsonValue | undefined {
  const direct = read(name);
  if (direct !== undefined) return direct;
  if (!name.includes(".")) return undefined;
  if (name.startsWith(CONTEXT)) {
    const short = readPath(name.slice(CONTEXT.length), read);
    if (short !== undefined) return short;
  }
  for (let end = name.lastIndexOf("."); end > 0; end = name.lastIndexOf(".", end - 1)) {
    const value = read(name.slice(0, end));
    const inner = value === undefined ? undefined : stepInto(value, name.slice(end + 1).split("."));
    if (inner !== undefined) return inner;
  }
  return undefined;
}

const CONTEXT = "context.";

function stepInto(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let current: JsonValue | undefined = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    // An array's own "length" is no data of the pipeline.
    if (Array.isArray(current) && !/^\d+$/.test(step)) return undefined;
    current = (current as Readonly<Record<string, JsonValue>>)[step];
  }
  return current;
}

/** A value as the text that conditions compare and prompts show: strings as they are, missing and null empty, the rest JSON. */
export function textOf(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** False for missing, null, false, 0, NaN, the texts "", "false" and "0", and an empty list or object; true for all else. */
export function isTruthy(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === "string") return value !== "" && value !== "false" && value !== "0";
  if (typeof value === "object") return Object.keys(value).length > 0;
  return Boolean(value);
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number a value is, or that its text spells; undefined where it is none. Hexadecimal, Infinity and blanks are no numbers. */
export function numberOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.length > 64) return undefined;
  const text = value.trim();
  return NUMBER.test(text) ? Number(text) : undefined;
}
