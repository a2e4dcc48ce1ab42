import type { Clock, TimerHandle } from "../../src/actors/clock.ts";

/** Rounds of the event loop in which no timer was set or fired before time goes on. */
const QUIET_ROUNDS = 6;

/**
 * Time that goes on when nothing else can: once the event loop has been quiet for some rounds, the next timer is due.
 * Back-offs and time-outs take no time, and always come in the same order. For work without I/O that waits.
 */
export class EagerClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #quiet = 0;
  #isLooking = false;
  #isHeld = false;
  readonly #timers = new Map<object, { readonly at: number; readonly callback: () => void }>();

  now = () => this.#now;

  setTimer(callback: () => void, delayMs: number): TimerHandle {
    const handle = {};
    this.#timers.set(handle, { at: this.#now + Math.max(0, delayMs), callback });
    this.#look();
    return handle;
  }

  clearTimer = (handle: TimerHandle): void => void this.#timers.delete(handle);

  /** While held, time passes only by {@link advance}. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#look();
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(); next && next[1].at <= end; next = this.#next()) this.#fire(next);
    this.#now = end;
  }

  #next() {
    let first: [object, { readonly at: number; readonly callback: () => void }] | undefined;
    for (const timer of this.#timers) if (!first || timer[1].at < first[1].at) first = timer;
    return first;
  }

  #fire([handle, { at, callback }]: [object, { readonly at: number; readonly callback: () => void }]): void {
    this.#timers.delete(handle);
    this.#now = Math.max(this.#now, at);
    callback();
  }

  #look(): void {
    this.#quiet = 0;
    if (this.#isLooking || this.#isHeld) return;
    this.#isLooking = true;
    setImmediate(() => this.#round());
  }

  #round(): void {
    this.#isLooking = false;
    this.#quiet += 1;
    if (this.#isHeld) return;
    const next = this.#next();
    if (!next) return;
    if (this.#quiet > QUIET_ROUNDS) {
      this.#quiet = 0;
      this.#fire(next);
    }
    this.#isLooking = true;
    setImmediate(() => this.#round());
  }
}

/** A clock whose timers die with a process. */
export function mortalClock(clock: Clock, isDead: () => boolean): Clock {
  return {
    now: () => clock.now(),
    setTimer: (callback, delayMs) => clock.setTimer(() => isDead() || callback(), delayMs),
    clearTimer: (handle) => clock.clearTimer(handle),
  };
}
