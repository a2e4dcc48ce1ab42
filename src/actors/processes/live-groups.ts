/**
 * The process groups this process has started and not yet seen the end of. Its one invariant: however this process
 * ends, short of SIGKILL, the groups end with it (after a SIGKILL, recovery ends them; see recover.ts).
 */

const live = new Set<number>();
let hooked = false;

export function addLiveGroup(pid: number): void {
  live.add(pid);
  if (hooked) return;
  hooked = true;
  process.on("exit", killAllGroupsSync);
}

export function removeLiveGroup(pid: number): void {
  live.delete(pid);
}

/** Pids of their leaders, which are the groups' ids too. */
export function liveGroups(): readonly number[] {
  return [...live];
}

/**
 * Sends KILL to every live group. For the last moment of the process: on a fatal signal, or before `process.exit`
 * (where it is called by itself). Does not wait and does not record anything.
 */
export function killAllGroupsSync(): void {
  for (const pid of live) signalGroup(pid, "SIGKILL");
}

/** Signals a whole group. False where there is none any more. Throws what else the system refuses. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // EPERM: no member may be signalled, which on macOS is also the answer for a group of zombies.
    if (code === "ESRCH" || code === "EPERM") return false;
    throw error;
  }
}
