import { SafepointError } from "../../errors.ts";
import type { RunRow, Store } from "../../persistence/store.ts";

/** The row of a run. *Throws* `run_not_found`, `usage` for what cannot be an id. */
export async function findRun(store: Store, runId: string): Promise<RunRow> {
  assertId("run id", runId);
  const [run] = await store.read("run", { runId });
  if (!run) {
    throw new SafepointError("run_not_found", `no run "${runId}" in ${store.location}`, {
      details: { runId, store: store.location },
    });
  }
  return run;
}

/**
 * Callers in plain JavaScript hand in anything; a store would then answer for all runs, or fail in words of its own.
 * *Throws* `usage`.
 */
export function assertId(what: "run id" | "artifact id", id: unknown): asserts id is string {
  if (typeof id === "string" && id !== "") return;
  const found = typeof id === "string" ? "an empty one" : id === null ? "null" : `a value of type ${typeof id}`;
  throw new SafepointError("usage", `expected a ${what}, a string that is not empty, found ${found}`);
}
