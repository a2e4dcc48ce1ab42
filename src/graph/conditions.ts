import type { RE2JS } from "re2js";
import { MATCHES_INPUT_CHARS_MAX } from "../limits.ts";
import { parseExpression } from "./conditions-parser.ts";
import { isTruthy, numberOf, type ReadKey, readPath, textOf } from "./conditions-values.ts";
import type { JsonValue, RoutingOutcome } from "./outcome.ts";

/** `==` is read as `=`; `truthy` is a bare key. */
export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "matches" | "truthy";

export interface Test {
  readonly kind: "test";
  readonly key: string;
  readonly operator: Operator;
  /** Without its quotes; a status alias (`succeeded`, `failed` …) already as the status it means. */
  readonly literal: string;
  readonly quoted: boolean;
  /** Where the key begins, from 1. */
  readonly column: number;
  /** Of a `matches`. */
  readonly pattern?: RE2JS;
}

export type ConditionNode =
  | Test
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "not"; readonly part: ConditionNode }
  | { readonly kind: "and" | "or"; readonly parts: readonly ConditionNode[] };

export interface Condition {
  readonly text: string;
  readonly root: ConditionNode;
}

/** What a condition is asked about. `read` answers by whole key; dotted paths are resolved here. */
export interface ConditionScope {
  readonly outcome: RoutingOutcome;
  readonly read: ReadKey;
}

const CACHED_CONDITIONS_MAX = 1_024;
const CACHED_CONDITION_CHARS_MAX = 1_024;
/** Characters times pattern size that one `matches` may cost at most: about a second. */
const MATCHES_STEPS_MAX = 50_000_000;

const parsed = new Map<string, Condition>();

/**
 * A condition of an edge or a loop, parsed once per text.
 *
 * Throws: pipeline_invalid with `details.column` (from 1). Source: 04 §3.
 */
export function parseCondition(text: string): Condition {
  const known = parsed.get(text);
  if (known) return known;
  const condition: Condition = { text, root: parseExpression(text) };
  if (text.length > CACHED_CONDITION_CHARS_MAX) return condition;
  if (parsed.size >= CACHED_CONDITIONS_MAX) for (const oldest of parsed.keys()) if (parsed.delete(oldest)) break;
  parsed.set(text, condition);
  return condition;
}

/** Whether a condition holds. Total: a key that is missing is the empty text. */
export function evaluateCondition(condition: Condition, scope: ConditionScope): boolean {
  return holds(condition.root, scope);
}

/** Every `key op literal` of a condition, in the order written. */
export function testsOf(condition: Condition): readonly Test[] {
  const tests: Test[] = [];
  const visit = (node: ConditionNode): void => {
    if (node.kind === "test") tests.push(node);
    else if (node.kind === "not") visit(node.part);
    else if (node.kind !== "constant") node.parts.forEach(visit);
  };
  visit(condition.root);
  return tests;
}

function holds(node: ConditionNode, scope: ConditionScope): boolean {
  switch (node.kind) {
    case "test":
      return holdsTest(node, readKey(node.key, scope));
    case "constant":
      return node.value;
    case "not":
      return !holds(node.part, scope);
    case "and":
      return node.parts.every((part) => holds(part, scope));
    default:
      return node.parts.some((part) => holds(part, scope));
  }
}

function readKey(key: string, scope: ConditionScope): JsonValue | undefined {
  if (key === "outcome") return scope.outcome.status;
  if (key === "preferred_label" || key === "preferred_next_label") return scope.outcome.preferredLabel;
  return readPath(key, scope.read);
}

function holdsTest(test: Test, value: JsonValue | undefined): boolean {
  switch (test.operator) {
    case "truthy":
      return isTruthy(value);
    case "=":
      return equals(test, value);
    case "!=":
      return !equals(test, value);
    case "contains":
      return contains(value, test.literal);
    case "matches":
      return matches(test, value);
    default:
      return ordered(test.operator, value, test.literal);
  }
}

/** A quoted literal compares with a text as text, so that `version = "1.10"` is not `1.1`. */
function equals(test: Test, value: JsonValue | undefined): boolean {
  if (textOf(value) === test.literal) return true;
  if (test.quoted && typeof value !== "number") return false;
  const [left, right] = [numberOf(value), numberOf(test.literal)];
  return left !== undefined && left === right;
}

function ordered(operator: "<" | "<=" | ">" | ">=", value: JsonValue | undefined, literal: string): boolean {
  const [a, b] = [numberOf(value), numberOf(literal)];
  const [left, right] = a !== undefined && b !== undefined ? [a, b] : [textOf(value), literal];
  if (operator === "<") return left < right;
  if (operator === "<=") return left <= right;
  return operator === ">" ? left > right : left >= right;
}

/** A list contains an element of that text; anything else contains the literal in its text. */
function contains(value: JsonValue | undefined, literal: string): boolean {
  if (Array.isArray(value)) return value.some((element) => textOf(element) === literal);
  return textOf(value).includes(literal);
}

/** Anywhere in the text. Linear in it (RE2), and only its beginning is looked at where text and pattern are both huge. */
function matches(test: Test, value: JsonValue | undefined): boolean {
  const pattern = test.pattern;
  if (!pattern) return false;
  const limit = Math.min(MATCHES_INPUT_CHARS_MAX, Math.floor(MATCHES_STEPS_MAX / Math.max(1, pattern.programSize())));
  return pattern.test(textOf(value).slice(0, limit));
}
