/**
 * How many runs have which status, and how much was written: counted once, then kept by reading on in the journal of all
 * runs. Begins with the first question, so that a server that nobody measures pays nothing.
 */
import type { EntryType } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { isFinalStatus, RUN_STATUSES, type RunStatus } from "../../journal/status.ts";
import { STATUS_AFTER } from "../../journal/status-after.ts";
import type { RunRow, Store } from "../../persistence/store.ts";
import { breathe, PAGE_ENTRIES } from "../../runtime/queries/journal-pages.ts";
import { newestGseq } from "../../runtime/queries/newest-gseq.ts";

const PAGE_RUNS = 1_000;
/** Clocks of processes that share a store differ by less. */
const CLOCKS_APART_MS = 60_000;
const BECOMES: Readonly<Partial<Record<EntryType, RunStatus>>> = {
  ...STATUS_AFTER,
  "run.created": "queued",
  "run.forked": "queued",
  "run.restarted": "completed",
};

export interface Census {
  readonly runs: Readonly<Record<RunStatus, number>>;
  readonly liveRuns: readonly string[];
  /** Stored since the census began. */
  readonly entries: number;
  readonly turns: number;
}

export class CensusTaker {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #live = new Map<string, RunStatus>();
  readonly #ended = new Map<RunStatus, number>();
  /** Ended while they were counted: their ends are read once more, and must not count twice. */
  readonly #justEnded = new Set<string>();
  #entries = 0;
  #turns = 0;
  #last = 0;
  #taking: Promise<void> | undefined;
  #isBegun = false;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Up to what was stored when it was called. */
  async take(): Promise<Census> {
    this.#taking ??= this.#bringUpToDate().finally(() => {
      this.#taking = undefined;
    });
    await this.#taking;
    const runs = Object.fromEntries(RUN_STATUSES.map((status) => [status, this.#ended.get(status) ?? 0]));
    for (const status of this.#live.values()) runs[status] = (runs[status] ?? 0) + 1;
    const counts = runs as Record<RunStatus, number>;
    return { runs: counts, liveRuns: [...this.#live.keys()], entries: this.#entries, turns: this.#turns };
  }

  async #bringUpToDate(): Promise<void> {
    if (!this.#isBegun) await this.#begin();
    for (;;) {
      const page = await this.#store.read("journal", { after: this.#last, limit: PAGE_ENTRIES });
      for (const entry of page) this.#follow(entry);
      if (page.length < PAGE_ENTRIES) return;
      await breathe();
    }
  }

  async #begin(): Promise<void> {
    const startedMs = this.#now();
    const newest = await newestGseq(this.#store);
    for (let cursor: string | undefined; ; ) {
      const page = await this.#store.read("runs", { limit: PAGE_RUNS, ...(cursor === undefined ? {} : { cursor }) });
      for (const row of page) this.#countRow(row, startedMs);
      cursor = page.at(-1)?.cursor;
      if (page.length < PAGE_RUNS) break;
      await breathe();
    }
    // What is written while rows are counted is read again: a status that is set twice is the same.
    this.#last = newest;
    this.#isBegun = true;
  }

  #countRow({ runId, status, finishedAtMs = 0 }: RunRow, startedMs: number): void {
    if (!isFinalStatus(status)) {
      this.#live.set(runId, status);
      return;
    }
    this.#ended.set(status, (this.#ended.get(status) ?? 0) + 1);
    if (finishedAtMs >= startedMs - CLOCKS_APART_MS) this.#justEnded.add(runId);
  }

  #follow({ runId, gseq, seq, turn, type }: JournalEntry): void {
    this.#last = gseq;
    this.#entries += 1;
    if (seq === turn) this.#turns += 1;
    const status = BECOMES[type];
    if (status === undefined || this.#justEnded.has(runId)) return;
    if (!isFinalStatus(status)) {
      this.#live.set(runId, status);
      return;
    }
    this.#live.delete(runId);
    this.#ended.set(status, (this.#ended.get(status) ?? 0) + 1);
  }
}
