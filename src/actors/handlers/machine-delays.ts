import type { ActorSystem, AnyActor, AnyActorRef, EventObject } from "xstate";
import type { Clock } from "../clock.ts";
import type { HandlerInput } from "../handler.ts";

/** A delayed event as it is stored: who sends what to whom, and when by the run's clock. */
export interface StoredDelay {
  readonly id: string;
  /** Ids of children from the machine down; empty for the machine itself. */
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly event: EventObject;
  /** Run time, ms. */
  readonly dueMs: number;
}

type Scheduled = ReturnType<ActorSystem<never>["getSnapshot"]>["_scheduledEvents"][string];

interface Armed {
  timer?: ReturnType<Clock["setTimer"]>;
}

/** Between two looks at whether the run still is being paused. Ms. */
const HELD_POLL_MS = 50;

/**
 * The delays of a machine (`after`, delayed `raise` and `sendTo`), on the run's clock. XState arms a timer for each and
 * forgets it with the process; this knows when each is due, so that it can be stored and armed again.
 */
export class MachineDelays {
  readonly #input: HandlerInput;
  readonly #due = new WeakMap<Scheduled, number>();
  #actor: AnyActor | undefined;
  #arming = true;

  constructor(input: HandlerInput) {
    this.#input = input;
  }

  /** For `createActor`. */
  readonly clock = {
    setTimeout: (fire: () => void, delayMs: number): Armed => this.#set(fire, delayMs),
    clearTimeout: (armed: Armed): void => {
      if (armed.timer) this.#input.host.clock.clearTimer(armed.timer);
    },
  };

  attach(actor: AnyActor): void {
    this.#actor = actor;
  }

  /**
   * Puts stored delays back into an actor that has not been started. Starting it schedules again whatever is on its
   * system's list, before anything else happens; so they only have to be on the list, overdue ones first.
   */
  restore(delays: readonly StoredDelay[]): void {
    const system = (this.#actor as AnyActor).system;
    const now = this.#input.host.runTimeMs();
    this.#arming = false;
    for (const delay of [...delays].sort((a, b) => a.dueMs - b.dueMs)) {
      const source = this.#find(delay.source);
      const target = this.#find(delay.target);
      if (source && target)
        system.scheduler.schedule(source, target, delay.event, Math.max(0, delay.dueMs - now), delay.id);
      else this.#input.log.warn("a delayed event lost its actor", { event: delay.event.type, target: delay.target });
    }
    this.#arming = true;
  }

  /** What has not fired yet. */
  pending(): readonly StoredDelay[] {
    const paths = new Map<unknown, readonly string[]>();
    collectPaths(this.#actor as AnyActor, [], paths);
    return this.#scheduled().flatMap((scheduled) => {
      const source = paths.get(scheduled.source);
      const target = paths.get(scheduled.target);
      const dueMs = this.#due.get(scheduled);
      if (!source || !target || dueMs === undefined) return []; // of an actor that has ended
      return [{ id: scheduled.id, source, target, event: scheduled.event, dueMs }];
    });
  }

  #set(fire: () => void, delayMs: number): Armed {
    const armed: Armed = {};
    if (!this.#arming) return armed;
    const dueMs = this.#input.host.runTimeMs() + Math.max(0, delayMs);
    // XState puts an event on its list before it arms the timer, so the one without a due time is this one.
    for (const scheduled of this.#scheduled()) if (!this.#due.has(scheduled)) this.#due.set(scheduled, dueMs);
    this.#arm(armed, dueMs, fire);
    return armed;
  }

  #arm(armed: Armed, dueMs: number, fire: () => void): void {
    const { host, control } = this.#input;
    const look = () => {
      const leftMs = dueMs - host.runTimeMs();
      // Nothing new begins while the run is being paused; should the pause be withdrawn, this goes on.
      if (control.pausing) armed.timer = host.clock.setTimer(look, Math.max(leftMs, HELD_POLL_MS));
      else if (leftMs > 0) armed.timer = host.clock.setTimer(look, Math.ceil(leftMs));
      else fire();
    };
    armed.timer = host.clock.setTimer(look, Math.max(0, Math.ceil(dueMs - host.runTimeMs())));
  }

  #scheduled(): readonly Scheduled[] {
    return Object.values((this.#actor as AnyActor).system.getSnapshot()._scheduledEvents);
  }

  #find(path: readonly string[]): AnyActorRef | undefined {
    let found: AnyActorRef | undefined = this.#actor;
    for (const id of path) found = childrenOf(found)[id];
    return found;
  }
}

function collectPaths(actor: AnyActorRef, path: readonly string[], paths: Map<unknown, readonly string[]>): void {
  paths.set(actor, path);
  for (const [id, child] of Object.entries(childrenOf(actor))) if (child) collectPaths(child, [...path, id], paths);
}

function childrenOf(actor: AnyActorRef | undefined): Record<string, AnyActorRef | undefined> {
  return (actor?.getSnapshot() as { children?: Record<string, AnyActorRef | undefined> } | undefined)?.children ?? {};
}
