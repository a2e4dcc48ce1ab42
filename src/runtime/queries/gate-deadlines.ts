import type { EntryData, EntryType } from "../../journal/catalogue.ts";
import { runTimeAt } from "../../journal/fold/run-clock.ts";
import type { FoldState } from "../../journal/fold/state.ts";
import type { Store } from "../../persistence/store.ts";
import { findRun } from "./find-run.ts";
import { instant } from "./runs.ts";
import { stateAt } from "./state-at.ts";

type Clock = FoldState["clock"];

/** Until when a question waits. While the run is paused only the time that is left can be told. */
export interface GateDeadline {
  readonly deadline?: string;
  readonly deadlineLeftMs: number;
}

/** Entries that set a run's clock. */
const CLOCK_TYPES = ["run.created", "run.pausing", "run.paused", "run.continued", "run.forked", "run.cancelling"];

/** Tells the deadlines of one run's questions. Reads the newest entry that set the run's clock, not the journal. */
export async function readDeadlines(
  store: Store,
  runId: string,
  nowMs: number,
): Promise<(deadlineMs: number) => GateDeadline> {
  const clock = await readClock(store, runId);
  return (deadlineMs) => {
    const deadlineLeftMs = Math.max(0, deadlineMs - runTimeAt({ clock }, nowMs));
    if (clock.sinceMs === undefined) return { deadlineLeftMs };
    return { deadline: instant(clock.sinceMs + deadlineMs - clock.runTimeMs), deadlineLeftMs };
  };
}

async function readClock(store: Store, runId: string): Promise<Clock> {
  const [entry] = await store.read("journal", { runId, types: CLOCK_TYPES, descending: true, limit: 1 });
  switch (entry?.type as EntryType | undefined) {
    case "run.created":
      return { runTimeMs: 0, sinceMs: entry!.at };
    case "run.pausing":
    case "run.paused":
      return { runTimeMs: (entry!.data as EntryData<"run.paused">).runTimeMs };
    case "run.continued":
      return { runTimeMs: (entry!.data as EntryData<"run.continued">).runTimeMs, sinceMs: entry!.at };
    default:
      // A fork's clock is in what it was forked from, a cancelled one's before its cancel.
      return (await stateAt(store, runId, (await findRun(store, runId)).seq)).clock;
  }
}
