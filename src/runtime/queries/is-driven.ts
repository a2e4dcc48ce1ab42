import { isProcessAlive } from "../../actors/processes/identity.ts";
import type { RunView } from "../../journal/run-view.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { RunRow } from "../../persistence/store.ts";

/**
 * Whether a process drives the run. One of this machine that is gone does not, though its lease may last a while yet; of
 * another machine only the lease tells.
 */
export function isDriven({ owner, leaseUntilMs }: Pick<RunRow, "owner" | "leaseUntilMs">, nowMs: number): boolean {
  return owner !== undefined && (leaseUntilMs ?? 0) > nowMs && isProcessAlive(owner) !== "gone";
}

/** The view without an owner that is known to be gone. */
export function withoutDeadOwner(view: RunView): RunView {
  if (!view.owner || isFinalStatus(view.status) || isProcessAlive(view.owner) !== "gone") return view;
  return { ...view, owner: null, statusReason: "unowned" };
}
