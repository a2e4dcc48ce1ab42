import type { JsonValue } from "../graph/outcome.ts";

/**
 * Whether a value is JSON as it would be written and read back: no undefined, NaN, infinity, dates, maps or class
 * instances, at any depth.
 *
 * *Throws* RangeError for nesting deeper than the stack.
 */
export function isJson(value: unknown): value is JsonValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value);
    case "object":
      return value === null || (Array.isArray(value) ? isJsonArray(value) : isJsonObject(value));
    default:
      return false;
  }
}

function isJsonArray(values: readonly unknown[]): boolean {
  // By index, not `every`: a hole is passed over by `every` and would come back as null.
  for (let index = 0; index < values.length; index += 1) if (!isJson(values[index])) return false;
  return true;
}

function isJsonObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const item of Object.values(value)) if (!isJson(item)) return false;
  return true;
}
