/** Why a run is not started or not taken. */
import { type ErrorCode, SafepointError } from "../errors.ts";
import { isFinalStatus } from "../journal/status.ts";
import type { RunRow, Store } from "../persistence/store.ts";
import { successorOf } from "./ended-run.ts";

/** *Throws* `run_restarted` (naming the run that goes on), `run_cancelled_new_run_required`, `run_finished`. Source: 03 §2, §4. */
export async function refuseEnded(store: Store, row: RunRow): Promise<void> {
  if (!isFinalStatus(row.status)) return;
  const { runId, status } = row;
  const newRunId = await successorOf(store, row);
  if (newRunId !== undefined) {
    throw new SafepointError("run_restarted", `run ${runId} was started over as ${newRunId}, which goes on`, {
      details: { runId, status, newRunId },
    });
  }
  const code: ErrorCode = status === "cancelled" ? "run_cancelled_new_run_required" : "run_finished";
  const hint = status === "cancelled" ? "; only a new run can go on from it" : "";
  throw new SafepointError(code, `run ${runId} is ${status}${hint}`, { details: { runId, status } });
}

export function runExists(runId: string): SafepointError {
  return new SafepointError("run_exists", `there is already a run ${runId}; choose another id`, { details: { runId } });
}

export function runOwned(row: RunRow): SafepointError {
  const { owner } = row;
  const who = owner ? `process ${owner.pid} on ${owner.host}` : "another process";
  const leaseUntil = row.leaseUntilMs === undefined ? null : new Date(row.leaseUntilMs).toISOString();
  const until = leaseUntil === null ? "" : ` until ${leaseUntil}`;
  return new SafepointError("run_owned", `run ${row.runId} is driven by ${who}, whose lease holds${until}`, {
    details: { runId: row.runId, owner: owner ?? null, leaseUntil },
  });
}
