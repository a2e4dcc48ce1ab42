/** Waiting for what a run comes to, told by its journal: nothing that lay between two looks is missed. Source: 03 §2. */
import { SafepointError } from "../errors.ts";
import type { EntryData, EntryType } from "../journal/catalogue.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { RunView } from "../journal/run-view.ts";
import { isFinalStatus } from "../journal/status.ts";
import { STATUS_AFTER } from "../journal/status-after.ts";
import type { RunStatus, Store } from "../persistence/store.ts";
import { findRun } from "./queries/find-run.ts";
import { tailPages } from "./queries/tail.ts";
import { viewOf } from "./queries/view.ts";

/** Entries that move a run to a status. */
const REACHES: typeof STATUS_AFTER = { ...STATUS_AFTER, "run.restarted": "completed" };

/**
 * Resolves with the view of the moment in which the status was reached, also where the run has moved on since. Rejects
 * `pause_withdrawn`, `run_finished` when the status can no longer be reached.
 */
export async function whenSettled(store: Store, runId: string, status: RunStatus): Promise<RunView> {
  const row = await findRun(store, runId);
  if (row.status === status) return (await viewOf(store, runId, { at: row.seq })).view;
  if (isFinalStatus(row.status)) throw tooLate(runId, row.status, status);
  const tail = tailPages(store, { runId, after: row.seq, types: Object.keys(REACHES) });
  for await (const page of tail) {
    for (const entry of page) {
      const reached = REACHES[entry.type as EntryType];
      if (reached === status) return (await viewOf(store, runId, { at: entry.turn })).view;
      if (status === "paused" && isWithdrawal(entry)) {
        throw new SafepointError("pause_withdrawn", `the pause of run ${runId} was withdrawn before it was reached`);
      }
      if (reached !== undefined && isFinalStatus(reached)) throw tooLate(runId, reached, status);
    }
  }
  throw tooLate(runId, (await findRun(store, runId)).status, status);
}

function isWithdrawal({ type, data }: JournalEntry): boolean {
  return type === "run.continued" && (data as EntryData<"run.continued">).withdrawn === true;
}

function tooLate(runId: string, is: RunStatus, wanted: RunStatus): SafepointError {
  return new SafepointError("run_finished", `run ${runId} is ${is} and will not be ${wanted}`, {
    details: { runId, status: is },
  });
}
