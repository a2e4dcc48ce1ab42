/**
 * What each entry is a part of. A turn takes one input, or the ends of several executions one after the other; what is
 * held goes on in the order of the inputs that caused it.
 */
import type { JournalEntry } from "../entry.ts";
import type { FoldState } from "./state.ts";

const ENDS: ReadonlySet<string> = new Set([
  "stage.succeeded",
  "stage.failed",
  "stage.skipped",
  "stage.cancelled",
  "stage.retry_scheduled",
]);
/** What stands before an end, and what stands in its place. */
const BESIDE: ReadonlySet<string> = new Set(["artifact.stored", "stage.result_discarded"]);

/** The input that an entry belongs to: the one of the entry before, or a new one that begins with it. */
export function inputOf(before: FoldState, entry: JournalEntry): FoldState["input"] {
  const begun = { seq: before.seq, ...endedBy(before, entry) };
  if (entry.turn !== before.turn) return begun;
  const { input } = before;
  // Only a turn that began with an end takes more of them.
  const isNext = input.execution !== undefined && begun.execution !== undefined && begun.execution !== input.execution;
  return isNext ? begun : input;
}

function endedBy({ stages }: FoldState, entry: JournalEntry): { readonly execution?: string } {
  const { execution, stage, type } = entry;
  if (execution === undefined) return {};
  if (BESIDE.has(type)) return { execution };
  if (!ENDS.has(type) && !isCutByRequest(entry)) return {};
  return stages.get(stage ?? "")?.execution?.id === execution ? { execution } : {};
}

/** Other interruptions are those of a process that is gone: found all at once by the one that takes its place. */
function isCutByRequest({ type, data }: JournalEntry): boolean {
  if (type !== "stage.interrupted") return false;
  const { cause } = data as JournalEntry<"stage.interrupted">["data"];
  return cause === "pause" || cause === "shutdown";
}
