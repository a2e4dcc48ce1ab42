import type { Clock } from "../../src/actors/clock.ts";

/** Time that passes only when told; the run's clock stops while `frozen`. */
export class TestClock implements Clock {
  #now = 1_000_000;
  #runTime = 0;
  frozen = false;
  readonly #timers = new Map<object, { at: number; callback: () => void }>();
  now = () => this.#now;
  runTimeMs = () => this.#runTime;
  setTimer(callback: () => void, delayMs: number) {
    const handle = {};
    this.#timers.set(handle, { at: this.#now + delayMs, callback });
    return handle;
  }
  clearTimer = (handle: object) => void this.#timers.delete(handle);
  get pending() {
    return this.#timers.size;
  }
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = [...this.#timers].sort(([, a], [, b]) => a.at - b.at).find(([, { at }]) => at <= end);
      this.#moveTo(next ? Math.max(this.#now, next[1].at) : end);
      if (!next) break;
      this.#timers.delete(next[0]);
      next[1].callback();
      await settle();
    }
  }
  #moveTo(now: number): void {
    if (!this.frozen) this.#runTime += now - this.#now;
    this.#now = now;
  }
}

/** Until all that is ready has run. */
export const settle = () => new Promise<void>((resolve) => void setImmediate(resolve));
