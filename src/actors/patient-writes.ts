/** Writes beside turns that wait a store's trouble out: what an execution did is not lost because a disk was full. */
import { isSafepointError, messageOf, type SafepointError } from "../errors.ts";
import { STORE_RETRY_MS_MAX } from "../limits.ts";
import type { Store } from "../persistence/store.ts";
import type { Clock } from "./clock.ts";
import type { HandlerLog } from "./handler.ts";

export type SideStore = Pick<Store, "putBlob" | "writeSide">;

/** How long to wait before a write that failed so often in a row is tried again. Ms. */
export function storeRetryMs(failures: number): number {
  return Math.min(25 * 2 ** Math.min(failures, 10), STORE_RETRY_MS_MAX);
}

export interface Patience {
  readonly clock: Clock;
  readonly isOver: () => boolean;
  /** Told when a write begins to wait and when it goes on; nothing of the tries between. */
  readonly log: Pick<HandlerLog, "warn" | "info">;
}

/**
 * The writes of `store`, tried again as long as it says that later may help. Once `isOver`, that is when nothing of the
 * run counts any more here, the next failure is the last.
 */
export function patientWrites(store: SideStore, options: Patience): SideStore {
  return {
    putBlob: (bytes) => patiently(options, () => store.putBlob(bytes)),
    writeSide: (write) => patiently(options, () => store.writeSide(write)),
  };
}

async function patiently<T>({ clock, isOver, log }: Patience, work: () => Promise<T>): Promise<T> {
  const beganMs = clock.now();
  for (let failures = 0; ; ) {
    try {
      const written = await work();
      if (failures > 0) log.info("a write goes on", { failures, waitedMs: clock.now() - beganMs });
      return written;
    } catch (failure) {
      if (isOver() || !isPassing(failure)) throw failure;
      if (failures === 0) log.warn("a write waits for the store", { code: failure.code, message: messageOf(failure) });
    }
    failures += 1;
    await new Promise<void>((resolve) => void clock.setTimer(resolve, storeRetryMs(failures)));
  }
}

/** Trouble of the medium; a lost lease is none, and never passes. */
function isPassing(failure: unknown): failure is SafepointError {
  return isSafepointError(failure) && failure.code.startsWith("store_") && failure.retryable;
}
