/**
 * Turns handed in while the process is busy with one round of its event loop share one transaction, and so one wait for
 * the disk. A turn that stands alone is not held back: it goes with the end of the round.
 */
import { SafepointError } from "../errors.ts";
import { COMMIT_TURNS_MAX } from "../limits.ts";
import type { Store, TurnResult, TurnWrite } from "./store.ts";

interface Waiting {
  readonly turn: TurnWrite;
  readonly resolve: (result: TurnResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommit {
  /** Rejects, as {@link Store.commit} does, when the whole transaction failed: with it failed all that shared it. */
  commit(turn: TurnWrite): Promise<TurnResult>;
}

export function groupCommit(store: Pick<Store, "commit">): GroupCommit {
  let waiting: Waiting[] = [];
  let isFlushing = false;

  const flush = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, COMMIT_TURNS_MAX);
      waiting = waiting.slice(COMMIT_TURNS_MAX);
      await commitBatch(store, batch);
      // Those who were answered hand in their next turns before the next transaction begins.
      await endOfRound();
    }
    isFlushing = false;
  };

  return {
    commit: (turn) =>
      new Promise((resolve, reject) => {
        waiting.push({ turn, resolve, reject });
        if (isFlushing) return;
        isFlushing = true;
        setImmediate(() => void flush());
      }),
  };
}

/** Resolves at the end of this round of the event loop, when all that could follow in microtasks has. */
export function endOfRound(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function commitBatch(store: Pick<Store, "commit">, batch: readonly Waiting[]): Promise<void> {
  try {
    const results = await store.commit(batch.map(({ turn }) => turn));
    for (const [index, { resolve, reject }] of batch.entries()) {
      const result = results[index];
      if (result === undefined) reject(new SafepointError("internal", "a store answers for every turn of a commit"));
      else resolve(result);
    }
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
