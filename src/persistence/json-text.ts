/**
 * JSON on its way to the medium and back. What is written is checked to be JSON first, because `JSON.stringify` turns
 * NaN, dates and maps into something else without a word; what is read is never trusted to parse.
 */
import { messageOf, SafepointError } from "../errors.ts";

/** Deeper than any value of ours; a cycle ends here instead of in a stack overflow. */
const DEPTH_MAX = 200;

/** The text of a value. Members that are `undefined` count as absent. Throws `not_json`, naming the place. */
export function encodeJson(value: unknown, what: string): string {
  const fault = findNonJson(value, 0);
  if (fault !== undefined) {
    throw new SafepointError("not_json", `${what} must be JSON, but ${fault}`, { details: { what } });
  }
  return JSON.stringify(value);
}

/** Throws `not_json` unless the text is JSON. For texts that the caller made itself. */
export function assertJsonText(text: string, what: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new SafepointError("not_json", `${what} must be JSON text: ${messageOf(cause)}`, {
      details: { what },
      cause,
    });
  }
}

/** The value of a stored text. Throws `store_corrupt`. */
export function decodeJson<T>(text: string, what: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new SafepointError("store_corrupt", `${what} is not JSON in the store: ${messageOf(cause)}`, {
      details: { what },
      cause,
    });
  }
}

/** What is not JSON about a value, or undefined. */
function findNonJson(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : `it holds the number ${value}`;
    case "object":
      if (value === null) return undefined;
      if (depth >= DEPTH_MAX) return `it is nested deeper than ${DEPTH_MAX}, or holds itself`;
      return Array.isArray(value) ? findInArray(value, depth) : findInObject(value, depth);
    default:
      return `it holds a value of type ${typeof value}`;
  }
}

function findInArray(items: readonly unknown[], depth: number): string | undefined {
  for (let index = 0; index < items.length; index++) {
    const fault = findNonJson(items[index], depth + 1);
    if (fault !== undefined) return `${fault} (at [${index}])`;
  }
  return undefined;
}

function findInObject(value: object, depth: number): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    // Objects of another realm (a vm, a worker's module) have an Object.prototype of their own, whose parent is null.
    if (Object.getPrototypeOf(prototype) !== null) return `it holds a ${value.constructor?.name ?? "class instance"}`;
  }
  for (const key in value) {
    const member: unknown = (value as Record<string, unknown>)[key];
    if (member === undefined) continue;
    const fault = findNonJson(member, depth + 1);
    if (fault !== undefined) return `${fault} (at .${key})`;
  }
  return undefined;
}
