// Not from "rxjs": the whole of it is a quarter of what importing this package takes.
import { Observable } from "rxjs/internal/Observable";
import type { JournalEntry } from "../../journal/entry.ts";
import type { Store } from "../../persistence/store.ts";
import type { TailQuery } from "./tail.ts";
import { tailPages } from "./tail.ts";

/**
 * {@link tailPages} as a cold observable of entries: each subscriber reads for itself, from its own place. Unsubscribing
 * stops the reading, also in the middle of a page. Once `closing`, it completes with what can still be read: a store that
 * is closed by then ends it, and is no error.
 */
export function tailEntries(store: Store, query: Omit<TailQuery, "signal"> = {}): Observable<JournalEntry> {
  return new Observable<JournalEntry>((subscriber) => {
    const stop = new AbortController();
    const pump = async () => {
      for await (const page of tailPages(store, { ...query, signal: stop.signal })) {
        for (const entry of page) {
          if (subscriber.closed) return;
          subscriber.next(entry);
        }
      }
      subscriber.complete();
    };
    pump().catch((error: unknown) => {
      if (query.closing?.aborted) subscriber.complete();
      else subscriber.error(error);
    });
    return () => stop.abort();
  });
}
