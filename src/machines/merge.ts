/**
 * How what branches wrote comes into the scope of their fan-out. By branch index, never by time: the same results in
 * any order of completion are the same merge. Source: 03 §5.
 */
import {
  type ConflictRule,
  isFailureStatus,
  type JsonValue,
  type ParallelSettings,
  type RoutingOutcome,
} from "../graph/index.ts";
import { formatBranch } from "../journal/address.ts";
import { resolveKey, type Written } from "./merge-rules.ts";

/** One counted end, as `parallel.results` has it. Values in full: rules cannot look into a reference. */
export interface BranchResult {
  /** Id of the branch's first node; `<id>.<index>` where siblings share it. */
  readonly id: string;
  readonly index: number;
  readonly status: string;
  readonly notes: string | null;
  readonly outcome: RoutingOutcome | null;
  /** The keys the branch changed, without those the engine writes. */
  readonly context: Readonly<Record<string, JsonValue>>;
}

export interface MergeConflict {
  readonly key: string;
  /** Paths, by index. */
  readonly branches: readonly string[];
  /** The rule that could not resolve it, and why not. */
  readonly rule: ConflictRule;
  readonly reason: string;
}

export interface Merge {
  /** For the scope of the fan-out; empty where there are conflicts. The results themselves are not among them. */
  readonly updates: Readonly<Record<string, JsonValue>>;
  /** Which branches an update came from, by path, and by which rule: `namespaced`, `only`, `equal` or that of its conflict. */
  readonly provenance: Readonly<Record<string, { branches: string[]; rule: string }>>;
  /** By key. Where there are any, the stage fails with `merge_conflict`. */
  readonly conflicts: readonly MergeConflict[];
}

export interface MergeQuestion {
  /** The fan-out. */
  readonly node: string;
  /** Its stage: the paths of branches begin with it. */
  readonly activation: string;
  /** In any order. */
  readonly results: readonly BranchResult[];
  readonly settings: Pick<ParallelSettings, "merge" | "conflict" | "conflictOf">;
  /** The join failed: nothing is laid over the scope. */
  readonly failed: boolean;
}

/**
 * What shipped handlers leave at every stage. Every branch has its own, so laid over a common scope they would always
 * be in conflict; they stay in the results.
 */
export const OWN_OUTPUT_KEYS: ReadonlySet<string> = new Set(["tool.output", "tool.exit_code", "last_response"]);

const NOTHING: Merge = { updates: {}, provenance: {}, conflicts: [] };

/**
 * The keys a fan-out leaves in its scope. `namespaced`: every key of every result, as `parallel.<node>.<index>.<key>`.
 * `overlay`: the keys of successful branches under their own names, unless the join failed; one that several wrote
 * differently goes by its rule, and with a conflict that no rule resolves nothing is laid over at all.
 */
export function mergeBranches(question: MergeQuestion): Merge {
  switch (question.settings.merge) {
    case "namespaced":
      return mergeNamespaced(question);
    case "overlay":
      return question.failed ? NOTHING : mergeOverlay(question);
    default:
      return NOTHING;
  }
}

/** What the failure of a stage says about its conflicts: keys, branches, and what was in the way. */
export function conflictMessage(conflicts: readonly MergeConflict[]): string {
  const each = conflicts.map(({ key, branches, reason }) => `"${key}" by ${branches.join(", ")} (${reason})`);
  return `branches wrote the same keys and no conflict rule brings them together: ${each.join("; ")}`;
}

function mergeNamespaced({ node, activation, results }: MergeQuestion): Merge {
  const merge = new Draft();
  for (const { index, context } of byIndex(results)) {
    const branches = [formatBranch({ activation, index })];
    for (const key of Object.keys(context).toSorted()) {
      merge.set(`parallel.${node}.${index}.${key}`, { value: context[key] ?? null, branches, rule: "namespaced" });
    }
  }
  return merge.done();
}

function mergeOverlay({ activation, results, settings }: MergeQuestion): Merge {
  const merge = new Draft();
  const writers = writersByKey(byIndex(results).filter(({ status }) => !isFailureStatus(status)));
  for (const [key, written] of [...writers].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const rule = settings.conflictOf.get(key) ?? settings.conflict;
    const pathOf = ({ index }: Written) => formatBranch({ activation, index });
    const resolved = resolveKey(rule, written);
    if ("reason" in resolved) {
      merge.conflicts.push({ key, branches: written.map(pathOf), rule, reason: resolved.reason });
    } else {
      merge.set(key, { value: resolved.value, branches: resolved.from.map(pathOf), rule: resolved.rule });
    }
  }
  return merge.conflicts.length > 0 ? { ...NOTHING, conflicts: merge.conflicts } : merge.done();
}

function byIndex(results: readonly BranchResult[]): readonly BranchResult[] {
  return results.toSorted((a, b) => a.index - b.index);
}

function writersByKey(results: readonly BranchResult[]): ReadonlyMap<string, Written[]> {
  const writers = new Map<string, Written[]>();
  for (const { id, index, context } of results) {
    for (const [key, value] of Object.entries(context)) {
      if (OWN_OUTPUT_KEYS.has(key)) continue;
      const written = writers.get(key);
      if (written) written.push({ id, index, value });
      else writers.set(key, [{ id, index, value }]);
    }
  }
  return writers;
}

/** Maps until the end: a key may be `__proto__`. */
class Draft {
  readonly conflicts: MergeConflict[] = [];
  private readonly updates = new Map<string, JsonValue>();
  private readonly provenance = new Map<string, { branches: string[]; rule: string }>();

  set(key: string, { value, branches, rule }: { value: JsonValue; branches: string[]; rule: string }): void {
    this.updates.set(key, value);
    this.provenance.set(key, { branches, rule });
  }

  done(): Merge {
    return {
      updates: Object.fromEntries(this.updates),
      provenance: Object.fromEntries(this.provenance),
      conflicts: this.conflicts,
    };
  }
}
