/** Writes beside turns that wait a store's trouble out: what an execution did is not lost because a disk was full. */
import { isSafepointError } from "../errors.ts";
import { STORE_RETRY_MS_MAX } from "../limits.ts";
import type { Store } from "../persistence/store.ts";
import type { Clock } from "./clock.ts";

export type SideStore = Pick<Store, "putBlob" | "writeSide">;

/** How long to wait before a write that failed so often in a row is tried again. Ms. */
export function storeRetryMs(failures: number): number {
  return Math.min(25 * 2 ** Math.min(failures, 10), STORE_RETRY_MS_MAX);
}

/**
 * The writes of `store`, tried again as long as it says that later may help. Once `isOver`, that is when nothing of the
 * run counts any more here, the next failure is the last.
 */
export function patientWrites(store: SideStore, options: { clock: Clock; isOver: () => boolean }): SideStore {
  const { clock, isOver } = options;
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let failures = 1; ; failures += 1) {
      try {
        return await work();
      } catch (failure) {
        if (isOver() || !mayPass(failure)) throw failure;
      }
      await new Promise<void>((resolve) => void clock.setTimer(resolve, storeRetryMs(failures)));
    }
  };
  return {
    putBlob: (bytes) => patiently(() => store.putBlob(bytes)),
    writeSide: (write) => patiently(() => store.writeSide(write)),
  };
}

/** Trouble of the medium; a lost lease is none, and never passes. */
function mayPass(failure: unknown): boolean {
  return isSafepointError(failure) && failure.code.startsWith("store_") && failure.retryable;
}
