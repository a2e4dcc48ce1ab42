import { booleanOf } from "../attribute-reading.ts";
import type { AttributeSpec } from "../attributes.ts";
import { numberOf } from "../conditions-values.ts";
import { parseDuration } from "../durations.ts";
import type { AttributeValue } from "../graph.ts";

/** What a value should have been; undefined where it is right. Texts and conditions are never wrong here. */
export function expectedValue(spec: AttributeSpec, value: AttributeValue): string | undefined {
  switch (spec.kind) {
    case "boolean":
      return booleanOf(value) === undefined ? "true or false" : undefined;
    case "integer":
      return inRange(spec, integerOf(value)) ? undefined : `a whole number${rangeOf(spec, String)}`;
    case "number":
      return inRange(spec, numberOf(value)) ? undefined : `a number${rangeOf(spec, String)}`;
    case "duration":
      return inRange(spec, durationOf(value)) ? undefined : `a duration such as 30s${rangeOf(spec, (ms) => `${ms}ms`)}`;
    case "words":
      return isWord(spec, String(value)) ? undefined : `one of ${wordsOf(spec).join(", ")}`;
    default:
      return undefined;
  }
}

function integerOf(value: AttributeValue): number | undefined {
  const number = numberOf(value);
  return number !== undefined && Number.isSafeInteger(number) ? number : undefined;
}

function durationOf(value: AttributeValue): number | undefined {
  return typeof value === "boolean" ? undefined : parseDuration(value);
}

function inRange(spec: AttributeSpec, value: number | undefined): boolean {
  return value !== undefined && value >= (spec.min ?? -Infinity) && value <= (spec.max ?? Infinity);
}

function rangeOf(spec: AttributeSpec, show: (bound: number) => string): string {
  if (spec.min !== undefined && spec.max !== undefined) return ` from ${show(spec.min)} to ${show(spec.max)}`;
  if (spec.min !== undefined) return ` of at least ${show(spec.min)}`;
  return spec.max === undefined ? "" : ` of at most ${show(spec.max)}`;
}

function isWord(spec: AttributeSpec, value: string): boolean {
  if (spec.words?.includes(value)) return true;
  return spec.wordPrefixes?.some((prefix) => value.startsWith(prefix) && value.length > prefix.length) ?? false;
}

function wordsOf(spec: AttributeSpec): readonly string[] {
  return [...(spec.words ?? []), ...(spec.wordPrefixes ?? []).map((prefix) => `${prefix}…`)];
}
