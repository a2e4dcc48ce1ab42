/** Stores whose writes wait for their place in a schedule, and stores that are looked at from outside. */
import type { Store, TurnResult, TurnWrite } from "../persistence/store.ts";
import { delegateStore } from "../runtime/delegate-store.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * The same store; each write, and the answer of each commit, happens when the scheduler says so. But for renewals: one
 * that was late by a lease would hand the run to whoever asks, and that is another test.
 */
export function scheduledStore(store: Store, scheduler: Pick<Scheduler, "turn">): Store {
  const inOrder = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    await scheduler.turn(name);
    return work();
  };
  return {
    ...delegateStore(store),
    async commit(turns) {
      await scheduler.turn("commit");
      const results = await store.commit(turns);
      await scheduler.turn("answer of a commit");
      return results;
    },
    claim: (request) => inOrder("claim", () => store.claim(request)),
    release: (leases) => inOrder("release", () => store.release(leases)),
    load: (runId) => inOrder("load", () => store.load(runId)),
    submit: (command) => inOrder("submit", () => store.submit(command)),
    writeSide: (side) => inOrder("write beside a turn", () => store.writeSide(side)),
  };
}

/** The same store; tells of each turn that it took, in the moment it took it. */
export function observedStore(store: Store, onTurn: (turn: TurnWrite, result: TurnResult) => void): Store {
  return {
    ...delegateStore(store),
    async commit(turns) {
      const results = await store.commit(turns);
      for (const [index, turn] of turns.entries()) {
        const result = results[index];
        if (result?.ok) onTurn(turn, result);
      }
      return results;
    },
  };
}
