/** The feeds that are followed at the moment: one a run and one of all runs, there while somebody listens. */
import { SafepointError } from "../../errors.ts";
import { SSE_CLIENTS_MAX } from "../../limits.ts";
import type { Store } from "../../persistence/store.ts";
import { Feed, type FeedQuery } from "./feed.ts";

interface Shared {
  readonly feed: Feed;
  listeners: number;
}

export interface Listener {
  readonly feed: Feed;
  /** To be called once. */
  leave(): void;
}

export class Feeds {
  readonly #store: Store;
  readonly #shared = new Map<string | undefined, Shared>();
  #clients = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Clients that follow events now. */
  get clients(): number {
    return this.#clients;
  }

  get open(): number {
    return this.#shared.size;
  }

  /** *Throws* `too_many_clients`. */
  assertRoom(): void {
    if (this.#clients < SSE_CLIENTS_MAX) return;
    throw new SafepointError("too_many_clients", `${SSE_CLIENTS_MAX} clients follow events already; try again later`);
  }

  /** A client that does not share what it reads counts all the same. Answers with how to leave, once. */
  enter(): () => void {
    this.#clients += 1;
    return () => {
      this.#clients -= 1;
    };
  }

  /** A feed that has failed or ended is no longer shared: the next to come may find more. */
  listen(query: FeedQuery): Listener {
    const key = query.runId;
    let shared = this.#shared.get(key);
    if (!shared || shared.feed.end) {
      shared = { feed: new Feed(this.#store, query), listeners: 0 };
      this.#shared.set(key, shared);
    }
    const mine = shared;
    mine.listeners += 1;
    return {
      feed: mine.feed,
      leave: () => {
        mine.listeners -= 1;
        if (mine.listeners > 0) return;
        mine.feed.stop();
        if (this.#shared.get(key) === mine) this.#shared.delete(key);
      },
    };
  }
}
