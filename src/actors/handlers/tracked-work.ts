import { type AnyActorLogic, type AnyStateMachine, fromPromise } from "xstate";
import { kindOf, type PromiseFunction } from "./logic-kind.ts";
import { isMachine } from "./machine-check.ts";

/**
 * The promises that a machine's actors work on. XState forgets a promise when its actor stops; who has to know that
 * nothing goes on any more needs them all.
 */
export class TrackedWork {
  readonly #open = new Set<Promise<unknown>>();

  /** The same machine with the promises of its registered actors, and of their machines, in sight. */
  track(machine: AnyStateMachine): AnyStateMachine {
    const actors = (machine.implementations as { actors: Record<string, AnyActorLogic> }).actors;
    const tracked = Object.entries(actors).map(([name, logic]) => [name, this.#trackLogic(logic)]);
    return machine.provide({ actors: Object.fromEntries(tracked) as Record<string, never> }) as AnyStateMachine;
  }

  #trackLogic(logic: AnyActorLogic): AnyActorLogic {
    if (isMachine(logic)) return this.track(logic);
    if (kindOf(logic) !== "promise") return logic;
    const work = (logic as unknown as { config: PromiseFunction }).config;
    return fromPromise((args) => this.add((async () => work(args))()));
  }

  add<T>(promise: Promise<T>): Promise<T> {
    this.#open.add(promise);
    const remove = () => void this.#open.delete(promise);
    promise.then(remove, remove);
    return promise;
  }

  /** Resolves when all of it has ended, in whatever way. */
  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.allSettled(this.#open);
  }
}
