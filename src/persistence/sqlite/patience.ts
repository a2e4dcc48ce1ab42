/**
 * Waiting for a lock without standing in the way: SQLite itself waits only {@link STORE_BUSY_TIMEOUT_MS}, because that
 * wait stops every timer of the process; the rest of the patience is spent here, with the event loop running.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { STORE_BUSY_PATIENCE_MS, STORE_BUSY_TIMEOUT_MS } from "../../limits.ts";
import { isBusy } from "./sqlite-errors.ts";

const DELAY_MS_MAX = 50;

/** Runs `operation` until it is not refused for a lock, for at most the store's patience. */
export async function withPatience<T>(operation: () => T, patienceMs = STORE_BUSY_PATIENCE_MS): Promise<T> {
  let waitedMs = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      return operation();
    } catch (error) {
      if (!isBusy(error) || waitedMs >= patienceMs) throw error;
    }
    const delayMs = delayOf(attempt);
    waitedMs += delayMs + STORE_BUSY_TIMEOUT_MS;
    await sleep(delayMs);
  }
}

/** Growing, and different in each process, so that two that collided do not do so again in step. */
function delayOf(attempt: number): number {
  const jitter = ((process.pid * 2_654_435_761 + attempt * 40_503) >>> 0) % 16;
  return Math.min(DELAY_MS_MAX, 2 * 2 ** Math.min(attempt, 5)) / 2 + jitter;
}

/** Writers of one connection, first come first served: who finds another one waiting waits behind it. */
export class WriteQueue {
  readonly #patienceMs: number;
  #tail: Promise<unknown> | undefined;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  run<T>(write: () => T): Promise<T> {
    const previous = this.#tail;
    const turn =
      previous === undefined
        ? withPatience(write, this.#patienceMs)
        : previous.then(() => withPatience(write, this.#patienceMs));
    const leave = () => {
      if (this.#tail === settled) this.#tail = undefined;
    };
    const settled: Promise<void> = turn.then(leave, leave);
    this.#tail = settled;
    return turn;
  }
}
