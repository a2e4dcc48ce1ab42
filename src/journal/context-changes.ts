import { formatBranch, MAIN_BRANCH, readStageAddress } from "./address.ts";
import type { ContextValue, EntryOutcome } from "./catalogue.ts";
import type { NewEntry } from "./entry.ts";
import { isPassThrough } from "./status.ts";

/** A key of a scope that an entry changes. No `value`: the key is gone. */
export interface ContextChange {
  /** Path of the branch whose scope it is. */
  readonly scope: string;
  readonly key: string;
  readonly value?: ContextValue;
}

/** Keys the engine writes at the end of a stage. Updates of a handler to them count for nothing. */
export const ENGINE_KEYS = ["outcome", "last_stage", "preferred_label"] as const;
/** Where the message of a `continue` is found. */
export const CONTINUE_MESSAGE_KEY = "continue.message";
/** Where the message of a parent run is found. */
export const STEER_MESSAGE_KEY = "steer.message";
/**
 * Keys that tell of the branch they are in: no result of a branch has them, no merge takes them, and no loop iteration
 * hands them up. Source: 03 §5.
 */
export const MERGE_ENGINE_KEYS: ReadonlySet<string> = new Set([
  ...ENGINE_KEYS,
  "parallel.results",
  "parallel.winner",
  "work.item",
  "work.index",
  "work.count",
  CONTINUE_MESSAGE_KEY,
  STEER_MESSAGE_KEY,
]);

const none: readonly ContextChange[] = [];
const engineKeys: ReadonlySet<string> = new Set(ENGINE_KEYS);

/**
 * What an entry changes in the pipeline's context: the one rule, for who writes rows and for who folds the journal.
 *
 * The end of a stage takes the keys that it says are `removed` out of its branch's scope, applies its updates, then
 * `outcome`, `last_stage` and `preferred_label` (cleared when the outcome names none), but not where the end's `kind` is
 * one that only routes. `run.created` gives the main scope its start; `run.continued` and `run.steered` write to it. An
 * iteration's scope starts with its index, that of a foreach also with its element and their number. What is seen of a
 * child goes to the scope of the branch that waits for it. Everything else changes nothing.
 *
 * *Shape*: each (scope, key) at most once. A change to what already is may be left out by a writer. In a scope with a
 * parent a key that is gone hides the parent's.
 */
export function contextChanges(entry: Pick<NewEntry, "type" | "stage" | "branch" | "data">): readonly ContextChange[] {
  switch (entry.type) {
    case "run.created":
      return assignments(MAIN_BRANCH, (entry as NewEntry<"run.created">).data.context);
    case "run.continued":
      return continueChanges((entry as NewEntry<"run.continued">).data);
    case "run.steered":
      return assignments(MAIN_BRANCH, { [STEER_MESSAGE_KEY]: (entry as NewEntry<"run.steered">).data.message });
    case "iteration.started":
      return iterationChanges((entry as NewEntry<"iteration.started">).data);
    case "child.observed":
      return observedChanges(entry as NewEntry<"child.observed">);
    case "stage.succeeded":
    case "stage.failed":
    case "stage.skipped":
      return stageEndChanges(entry as NewEntry<"stage.succeeded" | "stage.failed" | "stage.skipped">);
    default:
      return none;
  }
}

function continueChanges(data: NewEntry<"run.continued">["data"]): readonly ContextChange[] {
  const changes = assignments(MAIN_BRANCH, data.context ?? {});
  if (data.message === undefined) return changes;
  return [
    ...changes.filter((change) => change.key !== CONTINUE_MESSAGE_KEY),
    { scope: MAIN_BRANCH, key: CONTINUE_MESSAGE_KEY, value: data.message },
  ];
}

function iterationChanges(data: NewEntry<"iteration.started">["data"]): readonly ContextChange[] {
  const { activation, index, item, count } = data;
  return assignments(formatBranch({ activation, index }), {
    ...(item === undefined ? {} : { "work.item": item }),
    "work.index": index,
    ...(count === undefined ? {} : { "work.count": count }),
  });
}

function observedChanges({ stage, data }: NewEntry<"child.observed">): readonly ContextChange[] {
  const branch = stage === undefined ? undefined : readStageAddress(stage)?.branch;
  return branch === undefined ? none : assignments(branch, data.context);
}

function stageEndChanges(
  entry: NewEntry<"stage.succeeded" | "stage.failed" | "stage.skipped">,
): readonly ContextChange[] {
  const stage = entry.stage === undefined ? undefined : readStageAddress(entry.stage);
  if (!stage) return none;
  const { outcome, kind } = entry.data;
  const scope = stage.branch;
  const changes = assignments(scope, outcome.contextUpdates ?? {}).filter((change) => !engineKeys.has(change.key));
  const engine = isPassThrough(kind) ? none : engineChanges(scope, stage.node, outcome);
  const removed = "removed" in entry.data ? removals(scope, entry.data.removed ?? [], outcome) : none;
  return [...removed, ...changes, ...engine];
}

/** What is written in the same breath is not gone. */
function removals(scope: string, keys: readonly string[], { contextUpdates = {} }: EntryOutcome): ContextChange[] {
  const isWritten = (key: string) => engineKeys.has(key) || Object.hasOwn(contextUpdates, key);
  return [...new Set(keys)].filter((key) => !isWritten(key)).map((key) => ({ scope, key }));
}

function engineChanges(scope: string, node: string, outcome: EntryOutcome): readonly ContextChange[] {
  return [
    { scope, key: "outcome", value: outcome.status },
    { scope, key: "last_stage", value: node },
    outcome.preferredLabel === undefined
      ? { scope, key: "preferred_label" }
      : { scope, key: "preferred_label", value: outcome.preferredLabel },
  ];
}

function assignments(scope: string, values: Readonly<Record<string, ContextValue>>): ContextChange[] {
  return Object.entries(values).map(([key, value]) => ({ scope, key, value }));
}
