import type { JournalEntry } from "../../journal/entry.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { Store, Topics } from "../../persistence/store.ts";
import { findRun } from "./find-run.ts";
import { breathe, PAGE_ENTRIES } from "./journal-pages.ts";

export interface TailQuery extends Pick<Topics["journal"]["query"], "branch" | "within" | "stage" | "types"> {
  /** Absent: the entries of all runs, by gseq; never ends. */
  readonly runId?: string;
  /** Exclusive; a seq with runId, a gseq without. */
  readonly after?: number;
  /** Once aborted: nothing more, at once. */
  readonly signal?: AbortSignal;
  /** Once aborted: what is stored by then, and then the end. */
  readonly closing?: AbortSignal;
}

/**
 * A journal as it grows, whoever writes it: what is there, then what comes, page by page, without gap or duplicate.
 * One read at a time, and none before the last page was taken. Ends once the run has ended and all of it was given, or
 * as the signals say.
 *
 * The watch is set before the first read and re-armed before each further one, so that nothing can fall in between.
 * *Throws* `run_not_found`.
 */
export async function* tailPages(store: Store, query: TailQuery): AsyncGenerator<readonly JournalEntry[]> {
  const { signal, closing, after: first = 0, ...filter } = query;
  const bell = createBell();
  const unwatch = store.watch(bell.ring);
  for (const each of [signal, closing]) each?.addEventListener("abort", bell.ring);
  try {
    let after = first;
    while (!signal?.aborted) {
      bell.arm();
      // Asked before the page: a run that had ended by then has all its entries in what is read next.
      const isRunOver = filter.runId !== undefined && isFinalStatus((await findRun(store, filter.runId)).status);
      const isLast = isRunOver || closing?.aborted === true;
      const page = await store.read("journal", { ...filter, after, limit: PAGE_ENTRIES });
      const last = page.at(-1);
      if (signal?.aborted) return;
      if (last) {
        after = filter.runId === undefined ? last.gseq : last.seq;
        yield page;
      }
      if (page.length === PAGE_ENTRIES) await breathe();
      else if (isLast) return;
      else await bell.rung();
    }
  } finally {
    unwatch();
    for (const each of [signal, closing]) each?.removeEventListener("abort", bell.ring);
  }
}

/** Remembers one ring: a ring after `arm` is never lost, many are one. */
function createBell() {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    arm() {
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
    ring: () => resolve(),
    rung: () => promise,
  };
}
