import { currentOwner, isProcessAlive } from "../../actors/processes/identity.ts";
import type { RunView } from "../../journal/run-view.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { Owner, RunRow } from "../../persistence/store.ts";
import { type RunSummary, summariseRun } from "./runs.ts";

/**
 * Whether a process drives the run. One of this machine that is gone does not, though its lease may last a while yet; of
 * another machine only the lease tells.
 */
export function isDriven({ owner, leaseUntilMs }: Pick<RunRow, "owner" | "leaseUntilMs">, nowMs: number): boolean {
  return owner !== undefined && (leaseUntilMs ?? 0) > nowMs && isProcessAlive(owner) !== "gone";
}

/** This process, as the owner of a run names it. */
export function thisProcess(): Owner {
  return currentOwner();
}

/** A run as it is listed: without an owner where nobody drives it, because that one is gone or the run has ended. */
export function listedRun(row: RunRow, nowMs: number): RunSummary {
  const summary = summariseRun(row);
  return isDriven(row, nowMs) && !isFinalStatus(row.status) ? summary : { ...summary, owner: null };
}

/** The view without an owner that is known to be gone. */
export function withoutDeadOwner(view: RunView): RunView {
  if (!view.owner || isFinalStatus(view.status) || isProcessAlive(view.owner) !== "gone") return view;
  return { ...view, owner: null, statusReason: "unowned" };
}
