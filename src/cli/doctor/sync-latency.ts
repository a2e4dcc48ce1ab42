import { closeSync, existsSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

export interface SyncLatency {
  readonly commits: number;
  readonly medianMs: number;
  readonly worstMs: number;
  /** Where it was measured. */
  readonly dir: string;
}

const COMMITS = 20;
/** A database page, the least that a commit writes. */
const BYTES = 4_096;

/** How long the disk under a directory takes to make a commit durable: writes and syncs of one page, one after another. */
export function measureSync(storeDir: string): SyncLatency {
  const dir = nearestExisting(storeDir);
  const path = join(dir, `.safepoint-sync-${process.pid}`);
  const file = openSync(path, "wx");
  try {
    const page = Buffer.alloc(BYTES, 1);
    const times = Array.from({ length: COMMITS }, () => {
      const from = performance.now();
      writeSync(file, page);
      fdatasyncSync(file);
      return performance.now() - from;
    }).sort((a, b) => a - b);
    return { commits: COMMITS, medianMs: round(times[COMMITS / 2]), worstMs: round(times.at(-1)), dir };
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}

function nearestExisting(dir: string): string {
  const parent = dirname(dir);
  return existsSync(dir) || parent === dir ? dir : nearestExisting(parent);
}

function round(ms: number | undefined): number {
  return Math.round((ms ?? 0) * 100) / 100;
}
