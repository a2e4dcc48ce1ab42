/** Who looks on at the actors of the runs driven here, and what they are shown: committed steps, off the driver's stack. */
import type { Observable } from "rxjs";
import type { ActorStep, Draft } from "../../actors/draft.ts";
import type { HandlerLog } from "../../actors/handler.ts";
import type { HeldRun } from "../../actors/held-run.ts";
import { messageOf } from "../../errors.ts";
import { Contained } from "./contained.ts";
import { Feed, type SeenTurn } from "./feed.ts";
import type { InspectedEvent, Inspection, InspectOptions } from "./inspection.ts";
import { Sighting } from "./sighting.ts";

interface Deps {
  /** Runs that are driven here. */
  readonly driven: () => Iterable<HeldRun>;
  readonly now: () => number;
  readonly log: HandlerLog;
  /** Aborted when the runtime has stopped: then nothing more is to be seen. */
  readonly closing: AbortSignal;
}

type Step = Omit<ActorStep, "event"> & { readonly event: InspectedEvent | null };

export interface Inspections {
  /** Asked before each turn: whether its steps are to be noted. */
  isInspected(runId: string): boolean;
  /** After each commit, and after a turn that left nothing to commit. */
  onCommitted(held: HeldRun, draft: Draft): void;
  of(options?: InspectOptions): Observable<Inspection>;
}

export function createInspections({ driven, now, log, closing }: Deps): Inspections {
  const feeds = new Set<Feed>();
  /** Steps of turns without entries: they are committed with the next one. */
  let uncommitted = new WeakMap<HeldRun, readonly Step[]>();
  closing.addEventListener("abort", () => {
    for (const feed of feeds) feed.end();
  });
  const open = (feed: Feed): void => {
    feeds.add(feed);
    for (const held of driven()) {
      if (!uncommitted.has(held) && held.unstored.size > 0) uncommitted.set(held, unstoredOf(held));
      feed.meet(held, now());
    }
    if (closing.aborted) feed.end();
  };
  const close = (feed: Feed): void => {
    feed.close();
    feeds.delete(feed);
    if (feeds.size === 0) uncommitted = new WeakMap();
  };
  const onBroken = (failure: unknown): void => {
    log.error("a subscriber of the inspection feed failed", { message: messageOf(failure) });
  };
  return {
    isInspected(runId) {
      for (const feed of feeds) if (feed.wants(runId)) return true;
      return false;
    },
    onCommitted(held, draft) {
      if (feeds.size === 0) return;
      const steps = [...(uncommitted.get(held) ?? []), ...stepsOf(draft)];
      if (draft.entries.length === 0) {
        uncommitted.set(held, steps);
        return;
      }
      uncommitted.delete(held);
      const turn = seenTurn(held, draft, steps);
      for (const feed of feeds) feed.take(turn);
    },
    of: (options = {}) =>
      new Contained<Inspection>(onBroken, (subscriber) => {
        const feed = new Feed(options, subscriber);
        open(feed);
        return () => close(feed);
      }),
  };
}

/** Each step, where somebody looked on when the turn was made; else where it brought its actors. */
function stepsOf(draft: Draft): readonly Step[] {
  if (draft.steps) return draft.steps;
  return [...draft.actors].flatMap(([address, actor]) => (actor ? [{ address, event: null, actor }] : []));
}

function unstoredOf(held: HeldRun): readonly Step[] {
  return [...held.unstored].flatMap((address) => {
    const actor = held.actors.get(address);
    return actor ? [{ address, event: null, actor }] : [];
  });
}

function seenTurn(held: HeldRun, draft: Draft, steps: readonly Step[]): SeenTurn {
  const { runId, seq } = held;
  const at = draft.atMs;
  const ended = new Set([...draft.actors].flatMap(([address, actor]) => (actor === null ? [address] : [])));
  const sightings: Sighting[] = [];
  // From the end, where the last step of an actor is met first.
  for (const step of steps.toReversed()) {
    const isEnded = ended.delete(step.address);
    sightings.push(new Sighting({ runId, ...step, isEnded, seq, at }));
  }
  return { held, seq, at, steps: sightings.reverse(), unseenEnds: [...ended] };
}
