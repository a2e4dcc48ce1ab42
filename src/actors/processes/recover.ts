/** Ends what a process that is gone has left running. Source: 03 §3, "unknown outcome". */
import type { ProcessRow } from "../../persistence/store.ts";
import type { Clock } from "../clock.ts";
import { endGroup } from "./end-group.ts";
import { currentOwner } from "./identity.ts";
import { groupMembers, hasEnvironment, readProcess } from "./process-table.ts";

export interface Recovered {
  /** Their processes are gone: ended now, or long before. */
  readonly ended: readonly ProcessRow[];
  /** Executions whose processes ran on another host; nobody here can say what became of them. */
  readonly foreign: readonly string[];
  /** Something runs under the group's number that is not provably ours, or that KILL did not end. Left alone. */
  readonly unresolved: readonly ProcessRow[];
}

/** How long a killed group may take to disappear; a process in a hung system call does not. Ms. */
const KILL_PATIENCE_MS = 10_000;

/**
 * Ends the recorded groups that are ours beyond doubt and waits until they are gone. Ours is a group whose leader has
 * the recorded start time, or, where the leader is gone, one with a member that was started with the marks of the
 * recorded execution. Anything else that has got the number since is never signalled.
 */
export async function endRecordedGroups(
  rows: readonly ProcessRow[],
  clock: Clock,
  options: { readonly graceMs?: number } = {},
): Promise<Recovered> {
  const here = currentOwner();
  const local = rows.filter((row) => row.host === here.host);
  const results = await Promise.all(
    local.map(async (row) => ({
      row,
      gone: row.bootId !== here.bootId || (await endRecorded(row, clock, options.graceMs ?? 0)),
    })),
  );
  return {
    ended: results.filter(({ gone }) => gone).map(({ row }) => row),
    foreign: [...new Set(rows.filter((row) => row.host !== here.host).map((row) => row.execution))],
    unresolved: results.filter(({ gone }) => !gone).map(({ row }) => row),
  };
}

async function endRecorded(row: ProcessRow, clock: Clock, graceMs: number): Promise<boolean> {
  switch (whose(row)) {
    case "nobody":
      return true;
    case "other":
      return false;
    case "ours": {
      const stillOurs = keepTrack(row);
      const ended = await endGroup(row.pid, { clock, graceMs, stillOurs, patienceMs: graceMs + KILL_PATIENCE_MS });
      return ended && !stillOurs();
    }
  }
}

/** Members that were there at the last look prove the group as well as marks do: marked ones may end before the others. */
function keepTrack(row: ProcessRow): () => boolean {
  const identify = () => groupMembers(row.pid).map(({ pid, start }) => `${pid} ${start}`);
  let known = new Set(identify());
  return () => {
    const now = identify();
    const ours = now.some((member) => known.has(member)) || whose(row) === "ours";
    if (ours) known = new Set(now);
    return ours;
  };
}

/** Whose the processes under a recorded group's number are now. */
function whose(row: ProcessRow): "ours" | "other" | "nobody" {
  const leader = readProcess(row.pid);
  // A leader of another start has the number after ours was gone: a number is not given again while its group lives.
  if (leader && leader.start !== row.processStart) return "nobody";
  const members = groupMembers(row.pid);
  if (members.length === 0) return "nobody";
  if (leader) return "ours";
  const marks = { SAFEPOINT_RUN_ID: row.runId, SAFEPOINT_EXECUTION: row.execution };
  return members.some((member) => hasEnvironment(member.pid, marks)) ? "ours" : "other";
}
