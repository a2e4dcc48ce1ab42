import { SafepointError } from "../../errors.ts";
import type { RunRow, Store } from "../../persistence/store.ts";

/** The row of a run. *Throws* `run_not_found`. */
export async function findRun(store: Store, runId: string): Promise<RunRow> {
  const [run] = await store.read("run", { runId });
  if (!run) {
    throw new SafepointError("run_not_found", `no run "${runId}" in ${store.location}`, {
      details: { runId, store: store.location },
    });
  }
  return run;
}
