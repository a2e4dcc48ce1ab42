// Not from "rxjs": the whole of it is a quarter of what importing this package takes.
import { Observable } from "rxjs/internal/Observable";
import type { JournalEntry } from "../../journal/entry.ts";
import type { Store } from "../../persistence/store.ts";
import { newestGseq } from "./newest-gseq.ts";
import type { TailQuery } from "./tail.ts";
import { tailPages } from "./tail.ts";
import { tailChain } from "./tail-chain.ts";

interface EntriesQuery extends Omit<TailQuery, "signal"> {
  /** Of all runs: begins with what is written after the subscription. Counts where `after` is absent. */
  readonly live?: boolean;
}

/**
 * The journal as a cold observable of entries, of one run and those that it starts over as, or of all: each subscriber reads
 * for itself, from its own place. Unsubscribing stops the reading, also in the middle of a page. Once `closing`, it
 * completes with what can still be read: a store that is closed by then ends it, and is no error.
 */
export function tailEntries(store: Store, { live, ...query }: EntriesQuery = {}): Observable<JournalEntry> {
  return new Observable<JournalEntry>((subscriber) => {
    const stop = new AbortController();
    const pump = async () => {
      const after = query.after ?? (live ? await newestGseq(store) : 0);
      const asked = { ...query, after, signal: stop.signal };
      const pages =
        query.runId === undefined ? tailPages(store, asked) : tailChain(store, { ...asked, runId: query.runId });
      for await (const page of pages) {
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
