/** Time that passes only when a test says so. */
import type { Clock, TimerHandle } from "../actors/clock.ts";
import { quietEventLoop } from "./event-loop.ts";

export interface VirtualClockOptions {
  /** Epoch ms that it begins at. Default: the first of January 2026, UTC. */
  readonly startMs?: number;
  /** Which of several timers that are due at the same instant fires first, from 0. Default: the one set first. */
  readonly pick?: (count: number) => number;
}

export interface VirtualClock extends Clock {
  /** Lets `ms` pass: fires what falls due, in due order, and lets the program react after each. */
  advance(ms: number): Promise<void>;
  /** The same, to an instant in epoch ms. An instant that has passed is now. */
  advanceTo(atMs: number): Promise<void>;
  /**
   * Fires timers, one after another, until none is left or `limitMs` have passed. A live runtime renews its leases for
   * ever: use {@link VirtualClock.runUntil} there.
   */
  runUntilIdle(limitMs?: number): Promise<void>;
  /** Lets time pass until the promise has settled, and answers with what it came to. Rejects when no timer is left. */
  runUntil<T>(settled: Promise<T>): Promise<T>;
  /** Resolves `ms` later on this clock. */
  sleep(ms: number): Promise<void>;
  /** When the timers that are set fall due, epoch ms, in that order. */
  pending(): readonly number[];
  /** Goes to the instant of the next timer and fires that one. False when there is none. */
  fireNext(): boolean;
  /** Grows with every timer that is set, cleared or fired. */
  readonly activity: number;
}

/** A day; longer than any wait that a test means. */
const IDLE_LIMIT_MS = 24 * 60 * 60 * 1000;
const START_MS = Date.UTC(2026, 0, 1);

interface Timer extends TimerHandle {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved. Timers due at one instant fire in the order they were set. */
export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const pick = options.pick ?? (() => 0);
  const timers = new Set<Timer>();
  let nowMs = options.startMs ?? START_MS;
  let activity = 0;

  const nextDueMs = (): number | undefined => {
    let first: number | undefined;
    for (const { dueMs } of timers) if (first === undefined || dueMs < first) first = dueMs;
    return first;
  };
  const fireNext = (): boolean => {
    const dueMs = nextDueMs();
    if (dueMs === undefined) return false;
    const due = [...timers].filter((timer) => timer.dueMs === dueMs);
    const timer = due[due.length === 1 ? 0 : pick(due.length)] ?? (due[0] as Timer);
    timers.delete(timer);
    nowMs = Math.max(nowMs, dueMs);
    activity += 1;
    timer.callback();
    return true;
  };
  const settle = () => quietEventLoop(() => activity);
  const fireUpTo = async (endMs: number, isEnough: () => boolean = () => false): Promise<void> => {
    await settle();
    for (let dueMs = nextDueMs(); dueMs !== undefined && dueMs <= endMs && !isEnough(); dueMs = nextDueMs()) {
      fireNext();
      await settle();
    }
  };

  const clock: VirtualClock = {
    now: () => nowMs,
    setTimer(callback, delayMs) {
      const timer: Timer = { callback, dueMs: nowMs + Math.max(0, delayMs) };
      timers.add(timer);
      activity += 1;
      return timer;
    },
    clearTimer(handle) {
      if (timers.delete(handle as Timer)) activity += 1;
    },
    advance: (ms) => clock.advanceTo(nowMs + ms),
    async advanceTo(atMs) {
      await fireUpTo(atMs);
      nowMs = Math.max(nowMs, atMs);
    },
    runUntilIdle: (limitMs = IDLE_LIMIT_MS) => fireUpTo(nowMs + limitMs),
    async runUntil(settled) {
      let isSettled = false;
      const note = () => {
        isSettled = true;
      };
      settled.then(note, note);
      await fireUpTo(nowMs + IDLE_LIMIT_MS, () => isSettled);
      if (isSettled) return settled;
      throw new Error(`what was waited for did not come about: ${describeWait(timers.size)}`);
    },
    sleep: (ms) => new Promise((resolve) => clock.setTimer(resolve, ms)),
    pending: () => [...timers].map(({ dueMs }) => dueMs).sort((a, b) => a - b),
    fireNext,
    get activity() {
      return activity;
    },
  };
  return clock;
}

function describeWait(timers: number): string {
  return timers === 0 ? "no timer is left that could lead to it" : "a day has passed on the virtual clock";
}
