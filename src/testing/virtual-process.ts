/** A process within this one that can die at any moment: its store refuses, its timers and its handlers fall silent. */
import type { Clock } from "../actors/clock.ts";
import type { Store } from "../persistence/store.ts";
import type { Runtime, RuntimeOptions } from "../runtime/api.ts";
import { createRuntime } from "../runtime/create-runtime.ts";
import { delegateStore } from "../runtime/delegate-store.ts";
import { crashBefore, type FaultPlan, faultStore } from "./fault-store.ts";
import { scheduledStore } from "./scheduled-store.ts";
import type { Scheduler } from "./scheduler.ts";
import { bearOwner, ownedStore } from "./virtual-owner.ts";

export interface VirtualProcess {
  readonly runtime: Runtime;
  readonly isDead: boolean;
  /** Resolves when it dies; for a race with what it will then never answer. */
  readonly died: Promise<void>;
  /** No stop, no last words: from now on nothing that it does reaches the store, and none of its timers fires. */
  kill(): void;
}

export interface VirtualProcessOptions {
  /** What outlives the process, and what other processes share with it. */
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
  const { scheduler, plan, store } = options;
  const death = Promise.withResolvers<void>();
  const identity = bearOwner(store);
  let isDead = false;
  const die = () => {
    if (isDead) return;
    isDead = true;
    identity.die();
    options.onDeath?.();
    death.resolve();
  };
  // At the medium, so that a write which waits when its process dies is never made; and at the process, see below.
  const medium = mortalStore(ownedStore(store, identity.owner), () => isDead);
  const faulty = faultStore(medium, {
    faultAt: (n, operation) => (isDead ? crashBefore : plan?.faultAt(n, operation)),
    onCrash: () => {
      plan?.onCrash?.();
      die();
    },
  });
  const runtime = await createRuntime({
    actor: "tester",
    ...options.runtime,
    store: mortalStore(scheduledStore(faulty, scheduler), () => isDead),
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

/** The same store, which does nothing for a process that is dead, nor answers one that died meanwhile. */
function mortalStore(store: Store, isDead: () => boolean): Store {
  const unlessDead = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead()) return never();
    return work().finally(() => (isDead() ? never() : undefined));
  };
  return {
    ...delegateStore(store),
    commit: (turns) => unlessDead(() => store.commit(turns)),
    claim: (request) => unlessDead(() => store.claim(request)),
    renew: (leases, untilMs) => unlessDead(() => store.renew(leases, untilMs)),
    release: (leases) => unlessDead(() => store.release(leases)),
    load: (runId) => unlessDead(() => store.load(runId)),
    read: (topic, query) => unlessDead(() => store.read(topic, query)),
    submit: (command) => unlessDead(() => store.submit(command)),
    writeSide: (side) => unlessDead(() => store.writeSide(side)),
    putPipeline: (pipeline) => unlessDead(() => store.putPipeline(pipeline)),
    putBlob: (bytes) => unlessDead(() => store.putBlob(bytes)),
    getBlob: (hash) => unlessDead(() => store.getBlob(hash)),
    watch: (onChange) => store.watch(() => isDead() || onChange()),
  };
}

function never(): Promise<never> {
  return new Promise(() => {});
}
