/**
 * A run as an XState actor reference, for `waitFor`, `@xstate/react`, RxJS `from()` and the like. A facade: what it shows
 * is what was committed, and its subscribers are called after the driver's turn, never within it.
 */
import type { Draft } from "../actors/draft.ts";
import type { HeldRun, RunSnapshot } from "../actors/held-run.ts";
import { RUN_ACTOR } from "../actors/held-run.ts";
import { SafepointError } from "../errors.ts";

type Listener = (snapshot: RunSnapshot) => void;
type Observer = { next?: Listener; error?: (error: unknown) => void; complete?: () => void };

export interface RunActorRef {
  /** `run:<runId>`. */
  readonly id: string;
  /** The run's last committed snapshot. Throws `run_not_found` for a run that this process has never driven. */
  getSnapshot(): RunSnapshot;
  getPersistedSnapshot(): { readonly value: unknown; readonly context: unknown; readonly status: string };
  subscribe(observer: Listener | Observer): { unsubscribe(): void };
  /** Commands go to `run.pause()`, `run.continue()`, `run.cancel()`: they have an answer, which an event has not. */
  readonly sessionId: string;
}

interface Kept {
  snapshot: RunSnapshot | undefined;
  isDone: boolean;
  readonly observers: Set<Observer>;
}

export function createActorRefs() {
  const kept = new Map<string, Kept>();
  const keep = (runId: string): Kept => {
    let one = kept.get(runId);
    if (!one) {
      one = { snapshot: undefined, isDone: false, observers: new Set() };
      kept.set(runId, one);
    }
    return one;
  };
  return {
    /** After a commit; costs nothing for a run that nobody refers to. */
    publish(held: HeldRun, draft: Draft): void {
      const one = kept.get(held.runId);
      if (!one) return;
      const actor = held.actors.get(RUN_ACTOR);
      const snapshot = draft.finalRun ?? (actor?.kind === "run" ? actor.snapshot : undefined);
      if (!snapshot || snapshot === one.snapshot) return;
      one.snapshot = snapshot;
      one.isDone = draft.finalRun !== undefined;
      const { isDone } = one;
      queueMicrotask(() => notify(one.observers, snapshot, isDone));
    },
    of(runId: string, heldRun: () => HeldRun | undefined): RunActorRef {
      const one = keep(runId);
      const read = (): RunSnapshot => {
        const actor = heldRun()?.actors.get(RUN_ACTOR);
        const snapshot = actor?.kind === "run" ? actor.snapshot : one.snapshot;
        if (snapshot) return snapshot;
        throw new SafepointError("run_not_found", `run ${runId} is not driven by this process; resume it here first`);
      };
      return Object.assign(
        {
          id: `run:${runId}`,
          sessionId: `run:${runId}`,
          getSnapshot: read,
          getPersistedSnapshot() {
            const { value, context, status } = read();
            return { value, context: structuredClone(context), status };
          },
          subscribe(observer: Listener | Observer) {
            const added: Observer = typeof observer === "function" ? { next: observer } : observer;
            if (one.isDone) queueMicrotask(() => added.complete?.());
            else one.observers.add(added);
            return { unsubscribe: () => void one.observers.delete(added) };
          },
        },
        {
          [OBSERVABLE]() {
            return this;
          },
        },
      ) as RunActorRef;
    },
  };
}

/** What RxJS looks for; the symbol where the platform has one. */
const OBSERVABLE = ((Symbol as { observable?: symbol }).observable ?? "@@observable") as symbol;

function notify(observers: Set<Observer>, snapshot: RunSnapshot, isDone: boolean): void {
  for (const observer of [...observers]) {
    try {
      observer.next?.(snapshot);
      if (isDone) observer.complete?.();
    } catch (error) {
      // An observer's failure is its own: reported where nobody can miss it, after the others were told.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
  if (isDone) observers.clear();
}
