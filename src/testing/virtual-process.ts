/** A process within this one that can die at any moment: its store refuses, its timers and its handlers fall silent. */
import type { Clock } from "../actors/clock.ts";
import type { Store } from "../persistence/store.ts";
import type { Runtime, RuntimeOptions } from "../runtime/api.ts";
import { createRuntime } from "../runtime/create-runtime.ts";
import { crashBefore, type FaultPlan, faultStore } from "./fault-store.ts";
import { scheduledStore } from "./scheduled-store.ts";
import type { Scheduler } from "./scheduler.ts";

export interface VirtualProcess {
  readonly runtime: Runtime;
  readonly isDead: boolean;
  /** Resolves when it dies; for a race with what it will then never answer. */
  readonly died: Promise<void>;
  /** No stop, no last words: from now on nothing that it does reaches the store, and none of its timers fires. */
  kill(): void;
}

export interface VirtualProcessOptions {
  /** What outlives the process. */
  readonly store: Store;
  readonly scheduler: Scheduler;
  /** What goes wrong with its writes. A crash of the plan kills the process. */
  readonly plan?: FaultPlan;
  readonly runtime?: Omit<RuntimeOptions, "store" | "clock" | "random">;
  /** Called once, in the moment it dies. */
  readonly onDeath?: () => void;
}

/** Starts a runtime whose writes wait for the scheduler, on the scheduler's clock and with ids from its seed. */
export async function virtualProcess(options: VirtualProcessOptions): Promise<VirtualProcess> {
  const { scheduler, plan } = options;
  const death = Promise.withResolvers<void>();
  let isDead = false;
  const die = () => {
    if (isDead) return;
    isDead = true;
    options.onDeath?.();
    death.resolve();
  };
  const mortal = faultStore(options.store, {
    faultAt: (n, operation) => (isDead ? crashBefore : plan?.faultAt(n, operation)),
    onCrash: () => {
      plan?.onCrash?.();
      die();
    },
  });
  const runtime = await createRuntime({
    actor: "tester",
    ...options.runtime,
    store: scheduledStore(mortal, scheduler),
    clock: mortalClock(scheduler.clock, () => isDead),
    random: scheduler.random,
  });
  return {
    runtime,
    get isDead() {
      return isDead;
    },
    died: death.promise,
    kill: die,
  };
}

/** The same clock, whose timers do not fire once their process is dead. */
function mortalClock(clock: Clock, isDead: () => boolean): Clock {
  return {
    now: () => clock.now(),
    setTimer: (callback, delayMs) => clock.setTimer(() => isDead() || callback(), delayMs),
    clearTimer: (handle) => clock.clearTimer(handle),
  };
}
