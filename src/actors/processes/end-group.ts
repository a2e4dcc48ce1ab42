import type { Clock } from "../clock.ts";
import { signalGroup } from "./live-groups.ts";
import { groupMembers } from "./process-table.ts";

export interface EndGroupOptions {
  readonly clock: Clock;
  /** Between TERM and KILL; 0 is KILL at once. */
  readonly graceMs: number;
  /** Aborted: the grace is over now. */
  readonly hurry?: AbortSignal;
  /** Gives up waiting after this long. Default: waits for ever, as a killed process ends. */
  readonly patienceMs?: number;
  /** For a group whose leader may have gone: asked before each signal; a no ends the wait as if the group were gone. */
  readonly stillOurs?: () => boolean;
}

/** Between two looks at a group that is ending. Ms. */
const POLL_MS = 20;

/**
 * Ends a process group: TERM, then KILL after the grace, and resolves when none of its processes is left. False where
 * patience ran out first. The leader may be gone already: as long as one member lives, the number stays the group's.
 *
 * A process that left the group (`setsid`) is no longer followed.
 */
export async function endGroup(pid: number, options: EndGroupOptions): Promise<boolean> {
  const { clock, graceMs, hurry, patienceMs = Number.POSITIVE_INFINITY } = options;
  const startedAt = clock.now();
  if (graceMs > 0) signalGroup(pid, "SIGTERM");
  while (groupMembers(pid).length > 0 && (options.stillOurs?.() ?? true)) {
    const waitedMs = clock.now() - startedAt;
    if (waitedMs > patienceMs) return false;
    // Again at each look: a group that was stopped, or one whose TERM came before it could be signalled, ends too.
    if (waitedMs >= graceMs || hurry?.aborted) signalGroup(pid, "SIGKILL");
    await delay(clock, POLL_MS);
  }
  return true;
}

export function delay(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(resolve, ms));
}
