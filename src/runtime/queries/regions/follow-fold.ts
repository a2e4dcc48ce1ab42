import type { JournalEntry } from "../../../journal/entry.ts";
import { FoldDraft } from "../../../journal/fold/draft.ts";
import { type BranchFold, emptyFold, type FoldState } from "../../../journal/fold/state.ts";
import { foldInto, isFinalStatus } from "../../../journal/fold.ts";
import { branchNamed } from "../../../journal/view/branch-rows.ts";
import type { Store } from "../../../persistence/store.ts";
import { findRun } from "../find-run.ts";
import { journalPages } from "../journal-pages.ts";
import { turnAt } from "../turn-at.ts";

/** What is seen of a run at each entry: the state after it, not to be kept, and the branch it names as it was before. */
export type Follower = (entry: JournalEntry, after: FoldState, before: BranchFold | undefined) => void;

/**
 * Folds a run's journal up to now, or to a point of its history, with somebody looking on. What is written after a final
 * status is audit and is not shown. Memory is O(live). *Throws* `run_not_found`, `usage` (see turnAt).
 */
export async function followFold(
  store: Store,
  run: { readonly runId: string; readonly at?: number | undefined },
  follow: Follower,
): Promise<FoldState> {
  const { runId } = run;
  const row = await findRun(store, runId);
  const until = run.at === undefined ? row.seq : (await turnAt(store, row, run.at)).used;
  const draft = new FoldDraft(emptyFold(runId));
  for await (const page of journalPages(store, { runId, until })) {
    for (const entry of page) {
      const isOver = isFinalStatus(draft.state.status);
      const path = branchNamed(entry);
      const before = path === undefined ? undefined : draft.state.branches.get(path);
      foldInto(draft, entry);
      if (!isOver) follow(entry, draft.state, before);
    }
  }
  return draft.release();
}
