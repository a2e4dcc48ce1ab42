import type { JournalEntry } from "../../journal/entry.ts";
import type { Store, Topics } from "../../persistence/store.ts";

/** Entries read at once: large enough to be quick, small enough that other work gets its turn in between. */
export const PAGE_ENTRIES = 1_000;

export type JournalQuery = Omit<Topics["journal"]["query"], "limit">;

/**
 * A journal, or what the query leaves of it, page by page in order (with `descending`, newest first; of one run only).
 * Holds one page at a time.
 */
export async function* journalPages(store: Store, query: JournalQuery): AsyncGenerator<readonly JournalEntry[]> {
  let next = query;
  for (;;) {
    const page = await store.read("journal", { ...next, limit: PAGE_ENTRIES });
    const last = page.at(-1);
    if (!last) return;
    yield page;
    if (page.length < PAGE_ENTRIES) return;
    if (query.descending) next = { ...query, until: last.seq - 1 };
    else next = { ...query, after: query.runId === undefined ? last.gseq : last.seq };
    await breathe();
  }
}

/** Lets timers and sockets have their turn: a store may answer without ever leaving the microtask queue. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
