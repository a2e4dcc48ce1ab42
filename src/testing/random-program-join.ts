/**
 * What joins decide and merges come to, written from the rules alone and for the oracle only: it shares no code with the
 * engine. Source: 03 §5, docs/reference/parallel.md.
 */
import type { JsonValue } from "../graph/outcome.ts";
import type { Conflict, ParallelStep } from "./random-program-tree.ts";

/** How a branch ended, as the results show it. */
export interface BranchEnd {
  readonly id: string;
  readonly index: number;
  readonly status: string;
  readonly notes: string | null;
  /** The status of the outcome it ended with; null where no stage counted. */
  readonly outcome: string | null;
  readonly context: Readonly<Record<string, JsonValue>>;
}

type Join = Pick<ParallelStep, "policy" | "errorPolicy" | "k" | "ratio">;

export function isGood(status: string): boolean {
  return status !== "fail" && status !== "retry";
}

/** The one that a fan-in chooses. Nobody leaves a score here. */
export function bestOf(results: readonly BranchEnd[]): BranchEnd | undefined {
  const rank = ({ status }: BranchEnd) => (status === "skipped" ? 2 : status === "partial_success" ? 1 : 0);
  return results.filter(({ status }) => isGood(status)).toSorted((a, b) => rank(a) - rank(b) || a.index - b.index)[0];
}

/** The word the join ends with after these ends of `total` branches; undefined while it waits. */
export function joinStatus(join: Join, total: number, statuses: readonly string[]): string | undefined {
  const good = statuses.filter(isGood).length;
  const bad = statuses.length - good;
  const open = total - statuses.length;
  const isIgnored = join.errorPolicy === "ignore";
  if (join.policy === "any") {
    const first = statuses.find((status) => !isIgnored || isGood(status));
    return first ?? (open === 0 ? "fail" : undefined);
  }
  const counted = isIgnored ? total - bad : total;
  const isFast = join.errorPolicy === "fail_fast";
  if (join.policy === "wait_all") {
    if (isFast && bad > 0) return "fail";
    if (open > 0) return undefined;
    if (good === 0) return "fail";
    return bad === 0 || isIgnored ? "success" : "partial_success";
  }
  const need = successesNeeded(join, counted);
  if (good >= need && good > 0) return "success";
  const isLost = good + open < need;
  return open === 0 || (isLost && isFast) ? "fail" : undefined;
}

function successesNeeded({ policy, k, ratio, errorPolicy }: Join, counted: number): number {
  switch (policy) {
    case "all_success":
      return counted;
    case "first_success":
      return 1;
    case "k_of_n":
      return errorPolicy === "ignore" ? Math.min(k, counted) : k;
    default:
      return Math.max(1, Math.ceil(ratio * counted));
  }
}

/** Whether which branches end before the decision, and in which order, has a say in what comes out. */
export function isRacing({ policy, errorPolicy }: Join): boolean {
  return errorPolicy === "fail_fast" || (policy !== "wait_all" && policy !== "all_success");
}

/** Keys to write, or the keys that branches contradict each other about. */
export interface MergeResult {
  readonly updates: Readonly<Record<string, JsonValue>>;
  readonly conflicts: readonly string[];
}

export function mergeResults(step: ParallelStep, results: readonly BranchEnd[], isFailed: boolean): MergeResult {
  if (step.merge === "none" || (step.merge === "overlay" && isFailed)) return { updates: {}, conflicts: [] };
  if (step.merge === "namespaced") {
    const entries = results.flatMap(({ index, context }) =>
      Object.entries(context).map(([key, value]) => [`parallel.${step.name}.${index}.${key}`, value] as const),
    );
    return { updates: Object.fromEntries(entries), conflicts: [] };
  }
  return overlay(
    step,
    results.filter(({ status }) => isGood(status)),
  );
}

function overlay(step: ParallelStep, results: readonly BranchEnd[]): MergeResult {
  const updates: Record<string, JsonValue> = {};
  const conflicts: string[] = [];
  for (const key of new Set(results.flatMap(({ context }) => Object.keys(context)))) {
    const writers = results.filter(({ context }) => Object.hasOwn(context, key));
    const merged = mergeKey(step.conflictOf[key] ?? step.conflict, key, writers);
    if (merged === undefined) conflicts.push(key);
    else updates[key] = merged;
  }
  return conflicts.length > 0 ? { updates: {}, conflicts } : { updates, conflicts };
}

function mergeKey(rule: Conflict, key: string, writers: readonly BranchEnd[]): JsonValue | undefined {
  const values = writers.map(({ context }) => context[key] as JsonValue);
  const first = values[0] as JsonValue;
  const isCollecting = rule === "sum" || rule === "append" || rule === "union";
  if (values.length === 1 || (!isCollecting && values.every((value) => isSame(value, first)))) return first;
  switch (rule) {
    case "error":
      return undefined;
    case "first":
      return first;
    case "last":
      return values.at(-1);
    case "sum":
      return values.every((value) => typeof value === "number") ? values.reduce((a, b) => a + b, 0) : undefined;
    case "append":
      return values.every(Array.isArray) ? values.flat() : undefined;
    case "union":
      return values.every(Array.isArray) ? distinct(values.flat()) : undefined;
    default: {
      const preferred = rule.slice("prefer:".length);
      const found = writers.find(({ id, index }) => id === preferred || String(index) === preferred);
      return found?.context[key];
    }
  }
}

function distinct(values: readonly JsonValue[]): JsonValue[] {
  return values.filter((value, index) => values.findIndex((other) => isSame(other, value)) === index);
}

export function isSame(a: JsonValue, b: JsonValue): boolean {
  return canonical(a) === canonical(b);
}

/** JSON whose objects list their keys in order. */
export function canonical(value: JsonValue | undefined): string {
  return (
    JSON.stringify(value, (_key, part: unknown) =>
      part !== null && typeof part === "object" && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? "nothing"
  );
}
