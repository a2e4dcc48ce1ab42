import { readStageAddress } from "./address.ts";
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

const none: readonly ContextChange[] = [];
const engineKeys: ReadonlySet<string> = new Set(ENGINE_KEYS);

/**
 * What an entry changes in the pipeline's context: the one rule, for who writes rows and for who folds the journal.
 *
 * The end of a stage applies its updates to its branch's scope, then `outcome`, `last_stage` and `preferred_label`
 * (cleared when the outcome names none), but not where the end's `kind` is one that only routes. `run.created` gives
 * the main scope its start, `run.continued` writes to it. Everything else changes nothing.
 *
 * *Shape*: each (scope, key) at most once. A change to what already is may be left out by a writer.
 */
export function contextChanges(entry: Pick<NewEntry, "type" | "stage" | "branch" | "data">): readonly ContextChange[] {
  switch (entry.type) {
    case "run.created":
      return assignments("main", (entry as NewEntry<"run.created">).data.context);
    case "run.continued":
      return continueChanges((entry as NewEntry<"run.continued">).data);
    case "stage.succeeded":
    case "stage.failed":
    case "stage.skipped":
      return stageEndChanges(entry as NewEntry<"stage.succeeded" | "stage.failed" | "stage.skipped">);
    default:
      return none;
  }
}

function continueChanges(data: NewEntry<"run.continued">["data"]): readonly ContextChange[] {
  const changes = assignments("main", data.context ?? {});
  if (data.message === undefined) return changes;
  return [
    ...changes.filter((change) => change.key !== CONTINUE_MESSAGE_KEY),
    { scope: "main", key: CONTINUE_MESSAGE_KEY, value: data.message },
  ];
}

function stageEndChanges(
  entry: NewEntry<"stage.succeeded" | "stage.failed" | "stage.skipped">,
): readonly ContextChange[] {
  const stage = entry.stage === undefined ? undefined : readStageAddress(entry.stage);
  if (!stage) return none;
  const { outcome, kind } = entry.data;
  const scope = stage.branch;
  const changes = assignments(scope, outcome.contextUpdates ?? {}).filter((change) => !engineKeys.has(change.key));
  return isPassThrough(kind) ? changes : [...changes, ...engineChanges(scope, stage.node, outcome)];
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
