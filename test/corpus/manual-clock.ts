import type { Clock, TimerHandle } from "../../src/actors/clock.ts";

/** Time that passes only where the test says so. What is due already fires in the next round of the event loop. */
export class ManualClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  readonly #timers = new Map<TimerHandle, { readonly at: number; readonly callback: () => void }>();

  now = () => this.#now;

  setTimer = (callback: () => void, delayMs: number): TimerHandle => {
    const handle = {};
    this.#timers.set(handle, { at: this.#now + delayMs, callback });
    if (delayMs <= 0) setImmediate(() => this.#fire());
    return handle;
  };

  clearTimer = (handle: TimerHandle): void => void this.#timers.delete(handle);

  advance(ms: number): void {
    this.#now += ms;
    this.#fire();
  }

  #fire(): void {
    const due = [...this.#timers].filter(([, { at }]) => at <= this.#now).sort(([, a], [, b]) => a.at - b.at);
    for (const [handle, { callback }] of due) if (this.#timers.delete(handle)) callback();
  }
}
