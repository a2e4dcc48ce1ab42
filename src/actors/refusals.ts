/** Why a run is not started or not taken. */
import { type ErrorCode, SafepointError } from "../errors.ts";
import type { RunRow } from "../persistence/store.ts";
import { isTerminal } from "./held-run.ts";

export function refuseEnded(row: RunRow): void {
  if (!isTerminal(row.status)) return;
  const code: ErrorCode = row.status === "cancelled" ? "run_cancelled_new_run_required" : "run_finished";
  const hint = row.status === "cancelled" ? "; only a new run can go on from it" : "";
  throw new SafepointError(code, `run ${row.runId} is ${row.status}${hint}`, {
    details: { runId: row.runId, status: row.status },
  });
}

export function runExists(runId: string): SafepointError {
  return new SafepointError("run_exists", `there is already a run ${runId}; choose another id`, { details: { runId } });
}

export function runOwned(row: RunRow): SafepointError {
  const { owner } = row;
  const who = owner ? `process ${owner.pid} on ${owner.host}` : "another process";
  const until = row.leaseUntilMs === undefined ? "" : ` until ${new Date(row.leaseUntilMs).toISOString()}`;
  return new SafepointError("run_owned", `run ${row.runId} is driven by ${who}, whose lease holds${until}`, {
    details: {
      runId: row.runId,
      owner: owner ?? null,
      leaseUntilMs: row.leaseUntilMs ?? null,
    },
  });
}
