/** Who a process is, so that it is never taken for a later one with the same number. Source: 03 §9. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Owner } from "../../persistence/store.ts";
import { readProcess } from "./process-table.ts";

/** Where neither the kernel nor the system tells a boot from the next; start times are dates there and tell as much. */
const BOOT_UNKNOWN = "unknown";

let owner: Owner | undefined;

/** This process, as it signs leases and recorded process groups. */
export function currentOwner(): Owner {
  if (owner?.pid !== process.pid) {
    const processStart = readProcess(process.pid)?.start ?? String(Math.round(performance.timeOrigin));
    owner = Object.freeze({ host: hostname(), bootId: readBootId(), pid: process.pid, processStart });
  }
  return owner;
}

/**
 * Whether the process that signed as `other` still runs. "unknown": it is on another host, or may not be seen from
 * here; only the end of its lease tells.
 */
export function isProcessAlive(other: Owner): "alive" | "gone" | "unknown" {
  const here = currentOwner();
  if (other.host !== here.host) return "unknown";
  if (other.bootId !== here.bootId) return "gone";
  if (other.pid === here.pid) return other.processStart === here.processStart ? "alive" : "gone";
  const found = readProcess(other.pid);
  if (found) return found.start === other.processStart && !found.zombie ? "alive" : "gone";
  return isHidden(other.pid) ? "unknown" : "gone";
}

/** Whether there is a process of that number which the process table does not show us. */
function isHidden(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return readProcess(pid) === undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readBootId(): string {
  try {
    if (process.platform === "linux") return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const text = execFileSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8", stdio: "pipe" });
    return text.trim() || BOOT_UNKNOWN;
  } catch {
    return BOOT_UNKNOWN;
  }
}
