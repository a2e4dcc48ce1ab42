import type { ControlView, RunView } from "../../journal/run-view.ts";
import type { Store } from "../../persistence/store.ts";
import { viewOf } from "./view.ts";

/** Where a run comes from, what came of it, and how its control moved. */
export interface Lineage extends Readonly<RunView["lineage"]> {
  readonly runId: string;
  /** Of control, the newest hundred, oldest first. */
  readonly transitions: ControlView["lineage"];
  readonly transitionsTotal: number;
}

/** *Throws* `run_not_found`. */
export async function lineageOf(store: Store, runId: string): Promise<Lineage> {
  const { view } = await viewOf(store, runId);
  const { lineage: transitions, lineageTotal } = view.control;
  return { runId: view.runId, ...view.lineage, transitions, transitionsTotal: lineageTotal };
}
