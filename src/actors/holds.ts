/**
 * Which runs this process holds, for whom. A store lets a process take a lease of its own again, since after a fault it
 * may have to; so that two runtimes in one process do not take each other's runs that way, they ask here first.
 */
import { resolve } from "node:path";
import type { Store } from "../persistence/store.ts";

/** A claim on a run by somebody in this process, from before its lease was asked for until after it was given back. */
export interface Hold {
  /** For the moment of one command; else as long as a driver lives. */
  readonly isBrief: boolean;
  /** Resolves when it is given up. */
  readonly freed: Promise<void>;
  /** Whether whoever holds it can still reach the store. */
  isAlive(): Promise<boolean>;
  free(): void;
}

/** A file may be opened many times and is one place; what lives in memory is a place of its own. */
const files = new Map<string, Map<string, Hold>>();
const memories = new WeakMap<Store, Map<string, Hold>>();

function holdsOf(store: Store): Map<string, Hold> {
  const isFile = store.kind === "sqlite" && store.location !== ":memory:";
  const place = isFile ? resolve(store.location) : undefined;
  const known = place === undefined ? memories.get(store) : files.get(place);
  if (known) return known;
  const holds = new Map<string, Hold>();
  if (place === undefined) memories.set(store, holds);
  else files.set(place, holds);
  return holds;
}

/** Holds a run that nobody holds. Undefined when a driver has it; waits for brief holds to end. */
export async function holdFor(
  store: Store,
  runId: string,
  { isBrief }: { readonly isBrief: boolean },
): Promise<Hold | undefined> {
  const holds = holdsOf(store);
  for (let other = holds.get(runId); other; other = holds.get(runId)) {
    if (other.isBrief) await other.freed;
    else if (await other.isAlive()) return undefined;
    else other.free();
  }
  const { promise: freed, resolve: tell } = Promise.withResolvers<void>();
  const mine: Hold = {
    isBrief,
    freed,
    isAlive: () =>
      store.read("run", { runId }).then(
        () => true,
        () => false,
      ),
    free() {
      if (holds.get(runId) === mine) holds.delete(runId);
      tell();
    },
  };
  holds.set(runId, mine);
  return mine;
}
