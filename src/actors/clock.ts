/** The two doors through which time and chance come in. Tests hand in their own. */

export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Calls back once, at or after `now() + delayMs`. Long delays are fine. */
  setTimer(callback: () => void, delayMs: number): TimerHandle;
  clearTimer(handle: TimerHandle): void;
}

export type TimerHandle = object;

export interface Random {
  /** A new unique id, sortable by time. */
  id(): string;
}

/** What setTimeout takes at most; longer delays are armed in steps. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

class SystemTimer {
  handle: NodeJS.Timeout | undefined;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(callback, delayMs) {
    const timer = new SystemTimer();
    const dueAt = Date.now() + delayMs;
    const arm = () => {
      const left = Math.max(0, dueAt - Date.now());
      timer.handle = setTimeout(left > TIMEOUT_MS_MAX ? arm : callback, Math.min(left, TIMEOUT_MS_MAX));
    };
    arm();
    return timer;
  },
  clearTimer(handle) {
    clearTimeout((handle as SystemTimer).handle);
  },
};

/** Ids of 10 characters of time and 10 of chance, in an alphabet without look-alikes. */
export const systemRandom: Random = {
  id() {
    const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    let time = Date.now();
    let head = "";
    for (let place = 0; place < 10; place += 1) {
      head = alphabet[time % 32] + head;
      time = Math.floor(time / 32);
    }
    const bytes = crypto.getRandomValues(new Uint8Array(10));
    return head + Array.from(bytes, (byte) => alphabet[byte % 32]).join("");
  },
};
