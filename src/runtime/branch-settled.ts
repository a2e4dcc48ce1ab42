/** Waiting for the end of a branch, or of an activation with all its branches, told by the journal. */
import type { EntryType } from "../journal/catalogue.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { RunView } from "../journal/run-view.ts";
import type { Store } from "../persistence/store.ts";
import { tailPages } from "./queries/tail.ts";
import { viewOf } from "./queries/view.ts";

/** How a branch ends, a path `<activation>/<index>`. */
const BRANCH_ENDS: readonly EntryType[] = [
  "branch.succeeded",
  "branch.failed",
  "branch.cancelled",
  "branch.superseded",
  "iteration.succeeded",
  "iteration.failed",
  "iteration.cancelled",
];
/** How an activation ends: its stage does. */
const STAGE_ENDS: readonly EntryType[] = ["stage.succeeded", "stage.failed", "stage.skipped", "stage.cancelled"];

/** Resolves with the view of the moment in which the branch or activation ended, or the run before it. */
export async function whenBranchEnded(store: Store, runId: string, place: string): Promise<RunView> {
  const tail = tailPages(store, { runId, within: place, types: [...BRANCH_ENDS, ...STAGE_ENDS] });
  for await (const page of tail) {
    const end = page.find((entry) => isEndOf(entry, place));
    if (end) return (await viewOf(store, runId, { at: end.turn })).view;
  }
  return (await viewOf(store, runId)).view;
}

function isEndOf({ type, branch, stage }: JournalEntry, place: string): boolean {
  return BRANCH_ENDS.includes(type) ? branch === place : stage === place;
}
