/** One context key that branches wrote, and the value it comes to. Source: 03 §5. */
import { unreachable } from "../errors.ts";
import type { ConflictRule, JsonValue } from "../graph/index.ts";

export interface Written {
  /** Id of the branch, and its index. */
  readonly id: string;
  readonly index: number;
  readonly value: JsonValue;
}

export type ResolvedKey =
  | {
      readonly value: JsonValue;
      /** The branches whose values are in it. */
      readonly from: readonly Written[];
      readonly rule: string;
    }
  | { readonly reason: string };

/**
 * What a key comes to. Written by one branch: its value. Equal in all: that value, except where the rule counts or
 * collects, so that 1 and 1 sum up to 2. Otherwise by the rule. What was in the scope before has no say.
 *
 * *Shape*: at least one, ascending by index.
 */
export function resolveKey(rule: ConflictRule, written: readonly Written[]): ResolvedKey {
  const first = written[0] as Written;
  if (written.length === 1) return { value: first.value, from: [first], rule: "only" };
  switch (rule) {
    case "append":
    case "union":
      return joinLists(rule, written);
    case "sum":
      return addUp(written);
    default:
      return areEqual(written) ? { value: first.value, from: written, rule: "equal" } : choose(rule, written);
  }
}

type Choosing = Exclude<ConflictRule, "append" | "union" | "sum">;

function choose(rule: Choosing, written: readonly Written[]): ResolvedKey {
  switch (rule) {
    case "error":
      return { reason: "they differ" };
    case "first":
      return chosen(rule, written[0] as Written);
    case "last":
      return chosen(rule, written.at(-1) as Written);
    default:
      return rule.startsWith("prefer:") ? prefer(rule, written) : unreachable(rule as never, "conflict rule");
  }
}

function chosen(rule: string, one: Written): ResolvedKey {
  return { value: one.value, from: [one], rule };
}

/** By id, else by index: an id may be a number. Where that branch wrote no such key the others stand as under `error`. */
function prefer(rule: `prefer:${string}`, written: readonly Written[]): ResolvedKey {
  const name = rule.slice("prefer:".length);
  const found = written.find(({ id }) => id === name) ?? written.find(({ index }) => String(index) === name);
  return found ? chosen(rule, found) : { reason: `they differ, and branch ${name} did not write it` };
}

function joinLists(rule: "append" | "union", written: readonly Written[]): ResolvedKey {
  const odd = written.find(({ value }) => !Array.isArray(value));
  if (odd) return { reason: `${rule} joins lists, and branch ${odd.index} wrote ${kindOf(odd.value)}` };
  const all = written.flatMap(({ value }) => value as readonly JsonValue[]);
  return { value: rule === "append" ? all : distinct(all), from: written, rule };
}

/** By index, as everything here: a sum of fractions depends on its order. */
function addUp(written: readonly Written[]): ResolvedKey {
  const odd = written.find(({ value }) => typeof value !== "number");
  if (odd) return { reason: `sum adds numbers, and branch ${odd.index} wrote ${kindOf(odd.value)}` };
  const value = written.reduce((sum, each) => sum + (each.value as number), 0);
  return Number.isFinite(value)
    ? { value, from: written, rule: "sum" }
    : { reason: "the sum is too large for a number" };
}

function areEqual(written: readonly Written[]): boolean {
  const first = canonicalText((written[0] as Written).value);
  return written.every(({ value }) => canonicalText(value) === first);
}

/** Each value where it first stands. */
function distinct(values: readonly JsonValue[]): readonly JsonValue[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const text = canonicalText(value);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

/** The same for equal values: the keys of an object have no order. */
function canonicalText(value: JsonValue): string {
  return JSON.stringify(value, (_, inner: JsonValue) => (isObject(inner) ? sorted(inner) : inner));
}

function sorted(value: { readonly [key: string]: JsonValue }): JsonValue {
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isObject(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : typeof value === "string" ? "a text" : `a ${typeof value}`;
}
