import { findAttribute } from "./attributes.ts";
import { numberOf } from "./conditions-values.ts";
import { parseDuration } from "./durations.ts";
import type { Attributes, AttributeValue, GraphNode } from "./graph.ts";
import { isShippedType } from "./shapes.ts";

/*
 * Attributes are kept as written, so `goal_gate="true"` is a text and `max_retries="3"` too. These read the meaning, and
 * give undefined for what is absent, blank or no such value (the lint rule `attribute_value` refuses the last).
 */

export function textAttribute(attributes: Attributes, name: string): string | undefined {
  const value = attributes[name];
  if (value === undefined) return undefined;
  const text = String(value);
  return text.trim() === "" ? undefined : text;
}

export function booleanAttribute(attributes: Attributes, name: string): boolean | undefined {
  const value = attributes[name];
  return value === undefined ? undefined : booleanOf(value);
}

export function numberAttribute(attributes: Attributes, name: string): number | undefined {
  return numberOf(attributes[name]);
}

/** A whole number of at least `min`. */
export function integerAttribute(attributes: Attributes, name: string, min = 0): number | undefined {
  const value = numberOf(attributes[name]);
  return value !== undefined && Number.isSafeInteger(value) && value >= min ? value : undefined;
}

/** In ms. */
export function durationAttribute(attributes: Attributes, name: string): number | undefined {
  const value = attributes[name];
  return value === undefined || typeof value === "boolean" ? undefined : parseDuration(value);
}

/** `true` and `false`, also as texts in any case; undefined for anything else. */
export function booleanOf(value: AttributeValue): boolean | undefined {
  if (typeof value === "boolean") return value;
  const word = String(value).trim().toLowerCase();
  return word === "true" ? true : word === "false" ? false : undefined;
}

/** Whether an attribute does something on this node: always on types of the user's own, else as the attribute table says. */
export function attributeApplies(node: GraphNode, name: string): boolean {
  const types = findAttribute(name, "node")?.types;
  return types === undefined || !isShippedType(node.type) || types.includes(node.type);
}
