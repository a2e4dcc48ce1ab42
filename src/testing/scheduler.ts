/**
 * Decides in which order things happen that could happen in any order: writes of a store, due timers, ends of handlers,
 * commands. One thread, one thing at a time; between two, the program comes to rest.
 */
import { quietEventLoop } from "./event-loop.ts";
import { type SeededRandom, seededRandom } from "./seeded-random.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

export interface SchedulerOptions {
  /** Decides the order. Without a seed everything happens as it comes, and time passes when nothing else can happen. */
  readonly seed?: number;
  readonly startMs?: number;
  /** Whether work goes on that no virtual clock decides; then time waits for it, see `patienceMs`. */
  readonly isBusy?: () => boolean;
  /** How long such work may take before time goes on all the same. Real ms. Default 1,000. */
  readonly patienceMs?: number;
  /** Things that may happen in one {@link Scheduler.run}; more is a program that goes in circles. Default 100,000. */
  readonly stepsMax?: number;
  /** Told of each thing that happens, before it does. */
  readonly onStep?: (name: string, atMs: number) => void;
  /** How often time goes on although something else could happen first, of all choices. Default 0.15; 0 without a seed. */
  readonly haste?: number;
}

export interface Scheduler {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  /** Things that have happened so far. */
  readonly steps: number;
  /** Waits for its place in the order. With `afterStep` not before that many things have happened, if more do happen. */
  turn(name: string, options?: { readonly afterStep?: number }): Promise<void>;
  /**
   * Lets things happen until the promise has settled, and answers with what it came to. Rejects when nothing is left
   * to happen, or when more than `stepsMax` things did.
   */
  run<T>(settled: Promise<T>): Promise<T>;
}

interface Waiting {
  readonly name: string;
  readonly afterStep: number;
  readonly go: () => void;
}

const STEPS_MAX = 100_000;
const HASTE = 0.15;
const PATIENCE_MS = 1_000;
/** How many of the last things an error names. */
const TRAIL_MAX = 12;

export function createScheduler(options: SchedulerOptions = {}): Scheduler {
  const isSeeded = options.seed !== undefined;
  const random = seededRandom(options.seed ?? 0).fork("schedule");
  const pick = (count: number): number => (isSeeded ? random.integer(count) : 0);
  const stepsMax = options.stepsMax ?? STEPS_MAX;
  const haste = isSeeded ? (options.haste ?? HASTE) : 0;
  const clock = virtualClock({ ...(options.startMs === undefined ? {} : { startMs: options.startMs }), pick });
  const waiting: Waiting[] = [];
  const trail: string[] = [];
  let steps = 0;
  let turns = 0;
  const activity = () => clock.activity + turns;

  const happened = (name: string) => {
    steps += 1;
    trail.push(name);
    options.onStep?.(name, clock.now());
    if (trail.length > TRAIL_MAX) trail.shift();
  };
  const passTime = (): boolean => {
    const isFired = clock.fireNext();
    if (isFired) happened("time passes");
    return isFired;
  };
  const letGo = (one: Waiting): true => {
    waiting.splice(waiting.indexOf(one), 1);
    happened(one.name);
    one.go();
    return true;
  };
  const makeOneHappen = (): boolean => {
    const ready = waiting.filter(({ afterStep }) => afterStep <= steps);
    if (ready.length > 0) {
      const isHasty = haste > 0 && random.chance(haste) && passTime();
      return isHasty || letGo(ready[pick(ready.length)] as Waiting);
    }
    if (passTime()) return true;
    const early = waiting.toSorted((a, b) => a.afterStep - b.afterStep)[0];
    return early !== undefined && letGo(early);
  };
  const realWork = patienceFor(options, activity);

  return {
    clock,
    random,
    get steps() {
      return steps;
    },
    turn: (name, { afterStep = 0 } = {}) =>
      new Promise((resolve) => {
        turns += 1;
        waiting.push({ name, afterStep, go: resolve });
      }),
    async run(settled) {
      let isSettled = false;
      const note = () => {
        isSettled = true;
      };
      settled.then(note, note);
      for (const first = steps; ; ) {
        await quietEventLoop(activity);
        if (waiting.every(({ afterStep }) => afterStep > steps) && !isSettled) await realWork(() => isSettled);
        if (isSettled) return settled;
        const isStuck = !makeOneHappen();
        if (isStuck || steps - first > stepsMax) throw stuck(isStuck, trail);
      }
    },
  };
}

/** Waits for work that the clock does not decide: until it has led to something, or for as long as one is patient. */
function patienceFor({ isBusy, patienceMs = PATIENCE_MS }: SchedulerOptions, activity: () => number) {
  return async (isSettled: () => boolean): Promise<void> => {
    if (!isBusy?.()) return;
    const before = activity();
    const since = performance.now();
    for (let look = 0; isBusy() && activity() === before && !isSettled(); look += 1) {
      if (performance.now() - since > patienceMs) return;
      await new Promise<void>((resolve) => (look < 20 ? setImmediate(resolve) : setTimeout(resolve, 1)));
    }
    await quietEventLoop(activity);
  };
}

function stuck(isStuck: boolean, trail: readonly string[]): Error {
  const what = isStuck ? "nothing is left that could happen" : "too many things happened";
  return new Error(`${what}, and what was waited for did not come about; last: ${trail.join(", ")}`);
}
