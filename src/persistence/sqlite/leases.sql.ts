/**
 * Leases: who may write a run. Each claim raises the token, and every write shows the token it was given, so an owner
 * that slept through the end of its lease finds its writes refused, whatever its clock says. Source: 03 §9.
 */
import type { Claim, ClaimRequest, LeaseRef } from "../store.ts";
import type { Connection } from "./connection.ts";
import { selectRun } from "./runs.sql.ts";

const CLAIM = `
  UPDATE runs SET token = token + 1, owner_host = ?2, owner_boot = ?3, owner_pid = ?4, owner_start = ?5, lease_until_ms = ?6
  WHERE run_id = ?1 AND (
    lease_until_ms IS NULL OR lease_until_ms <= ?7 OR token = ?8
    OR (owner_host = ?2 AND owner_boot = ?3 AND owner_pid = ?4 AND owner_start = ?5))`;
const RENEW = "UPDATE runs SET lease_until_ms = ?3 WHERE run_id = ?1 AND token = ?2 AND lease_until_ms IS NOT NULL";
const RELEASE = `
  UPDATE runs SET owner_host = NULL, owner_boot = NULL, owner_pid = NULL, owner_start = NULL, lease_until_ms = NULL
  WHERE run_id = ?1 AND token = ?2`;

export function claimRun(connection: Connection, { runId, owner, nowMs, leaseMs, deadToken }: ClaimRequest): Claim {
  return connection.transaction(() => {
    const identity = [owner.host, owner.bootId, owner.pid, owner.processStart];
    const claimed = connection.run(CLAIM, runId, ...identity, nowMs + leaseMs, nowMs, deadToken ?? null);
    const run = selectRun(connection, runId)?.run;
    if (run === undefined) return { ok: false, code: "run_not_found" };
    return claimed === 1 ? { ok: true, token: run.token, run } : { ok: false, code: "run_owned", run };
  });
}

/** Answers with the runs whose lease is no longer the caller's. */
export function renewLeases(connection: Connection, leases: readonly LeaseRef[], untilMs: number): readonly string[] {
  if (leases.length === 0) return [];
  return connection.transaction(() =>
    leases.filter(({ runId, token }) => connection.run(RENEW, runId, token, untilMs) === 0).map(({ runId }) => runId),
  );
}

export function releaseLeases(connection: Connection, leases: readonly LeaseRef[]): void {
  if (leases.length === 0) return;
  connection.transaction(() => {
    for (const { runId, token } of leases) connection.run(RELEASE, runId, token);
  });
}
