/** Open questions with what is left of their time, of one run or of all. */
import type { EntryData } from "../../journal/catalogue.ts";
import type { Store } from "../../persistence/store.ts";
import { findRun } from "./find-run.ts";
import { type GateDeadline, readDeadlines } from "./gate-deadlines.ts";

export type OpenQuestion = { readonly runId: string; readonly stage: string } & EntryData<"gate.opened"> &
  Partial<GateDeadline>;

/** *Throws* `run_not_found`. */
export async function openQuestions(
  store: Store,
  { runId, nowMs }: { readonly runId?: string | undefined; readonly nowMs: number },
): Promise<readonly OpenQuestion[]> {
  if (runId !== undefined) await findRun(store, runId);
  const gates = await store.read("gates", { open: true, ...(runId === undefined ? {} : { runId }) });
  // A question's deadline is on its run's clock, which nobody outside can read.
  const clocks = new Map<string, ReturnType<typeof readDeadlines>>();
  return Promise.all(
    gates.map(async ({ runId: run, stage, question }) => {
      const asked = question as EntryData<"gate.opened">;
      if (asked.deadlineMs === undefined) return { runId: run, stage, ...asked };
      if (!clocks.has(run)) clocks.set(run, readDeadlines(store, run, nowMs));
      const told = await clocks.get(run);
      return { runId: run, stage, ...asked, ...told?.(asked.deadlineMs) };
    }),
  );
}
