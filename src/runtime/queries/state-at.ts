import { emptyFold, type FoldState, foldEntry } from "../../journal/fold.ts";
import type { Store } from "../../persistence/store.ts";
import { findRun } from "./find-run.ts";
import { journalPages } from "./journal-pages.ts";
import { turnAt } from "./turn-at.ts";

/** The folded state at a seq, rounded down to a complete turn. *Throws* `run_not_found`, `usage` (see turnAt). */
export async function stateAt(store: Store, runId: string, seq: number): Promise<FoldState> {
  const run = await findRun(store, runId);
  const { used } = await turnAt(store, run, seq);
  let state = emptyFold(runId);
  for await (const page of journalPages(store, { runId, until: used })) {
    for (const entry of page) state = foldEntry(state, entry);
  }
  return state;
}
