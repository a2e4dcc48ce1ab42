/** Where a run is forked: the turn whose state the fork begins with. Source: 03 §9 (default point). */
import { SafepointError } from "../../errors.ts";
import type { EntryData } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { RunRow, Store } from "../../persistence/store.ts";
import { turnAt } from "../queries/turn-at.ts";

/**
 * The seq that ends the turn a fork begins with. `at` is a seq, rounded down to a complete turn, or the address of a
 * stage: the turn in which it began, which in the fork it is still to do. Without it: the newest turn of a live run; of
 * a cancelled one that before the cancel; of a failed one that in which the last attempt of the failing stage began.
 *
 * *Throws* `usage`; `run_finished` for a completed run and no `at`.
 */
export async function forkPoint(store: Store, run: RunRow, at: number | string | undefined): Promise<number> {
  if (typeof at === "number") return (await turnAt(store, run, at)).used;
  if (typeof at === "string") return beginningOf(store, run, at);
  if (!isFinalStatus(run.status)) return run.seq;
  if (run.status === "cancelled") return beforeCancel(store, run);
  if (run.status === "failed") return beforeFailure(store, run);
  throw new SafepointError("run_finished", `run ${run.runId} is completed: nothing of it is left to go on with`, {
    details: { runId: run.runId, hint: "say from where: a seq of `events`, or the address of a stage" },
  });
}

async function beginningOf(store: Store, run: RunRow, stage: string): Promise<number> {
  const [entry] = await store.read("journal", { runId: run.runId, stage, limit: 1 });
  if (entry) return entry.turn;
  throw new SafepointError("usage", `expected a seq or the address of a stage of run ${run.runId}, found "${stage}"`, {
    details: { runId: run.runId, at: stage },
  });
}

async function beforeCancel(store: Store, run: RunRow): Promise<number> {
  const types = ["run.cancelling", "run.cancelled"];
  const [entry] = await store.read("journal", { runId: run.runId, types, limit: 1 });
  return beforeTurnOf(store, run, entry);
}

async function beforeFailure(store: Store, run: RunRow): Promise<number> {
  const { runId } = run;
  const [failed] = await store.read("journal", { runId, types: ["run.failed"], descending: true, limit: 1 });
  const stage = failed && (failed.data as EntryData<"run.failed">).stage;
  if (stage === undefined) return beforeTurnOf(store, run, failed);
  const begun = await store.read("journal", { runId, stage, types: ["stage.started", "stage.entered"] });
  const last = begun.at(-1)?.attempt;
  const entry = begun.find(({ attempt }) => attempt === last);
  return entry ? entry.turn : beforeTurnOf(store, run, failed);
}

/** A turn is done whole or not at all: what else it holds is not in the fork either. */
async function beforeTurnOf(store: Store, run: RunRow, entry: JournalEntry | undefined): Promise<number> {
  return entry ? (await turnAt(store, run, entry.seq - 1)).used : run.seq;
}
