import type { EntryData } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import type { Store } from "../../persistence/store.ts";
import { tailPages } from "./tail.ts";

/**
 * A run as it goes on over restarts: when it ends by `loop_restart`, its successor's journal follows from the beginning.
 * *Throws* `run_not_found`.
 */
export async function* tailChain(
  store: Store,
  query: Parameters<typeof tailPages>[1],
): AsyncGenerator<readonly JournalEntry[]> {
  let runId: string | undefined = query.runId;
  let after = query.after ?? 0;
  while (runId !== undefined) {
    yield* tailPages(store, { ...query, runId, after });
    if (query.signal?.aborted) return;
    runId = await successorOf(store, runId);
    after = 0;
  }
}

/** The run that took a restarted run's place. */
export async function successorOf(store: Store, runId: string): Promise<string | undefined> {
  const [entry] = await store.read("journal", { runId, types: ["run.restarted"], limit: 1 });
  return entry && (entry.data as EntryData<"run.restarted">).newRunId;
}
