/**
 * A journal as it grows, read once for all who follow it. Keeps the newest entries, encoded once; whoever is further
 * behind reads the store until it has caught up. So a client costs no reading, and a slow one only itself.
 */
import type { JournalEntry } from "../../journal/entry.ts";
import { FEED_BYTES_MAX, FEED_ENTRIES_MAX } from "../../limits.ts";
import type { Store } from "../../persistence/store.ts";
import { tailPages } from "../../runtime/queries/tail.ts";
import { encodeEntry } from "./encode.ts";

/** Part of a stream, and the id of its last entry. */
export interface Piece {
  readonly id: number;
  readonly bytes: Uint8Array;
}

export interface FeedQuery {
  /** Absent: all runs, by gseq. */
  readonly runId?: string;
  /** What is read begins after it; older entries are the store's to tell. */
  readonly from: number;
}

export class Feed {
  readonly #query: FeedQuery;
  readonly #store: Store;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  #kept: Piece[] = [];
  #keptBytes = 0;
  /** Everything after this id, up to the newest, is kept. */
  #from: number;
  /** Set once nothing more comes: the run has ended, or the store failed. */
  #end: { readonly failure?: unknown } | undefined;

  constructor(store: Store, query: FeedQuery) {
    this.#store = store;
    this.#query = query;
    this.#from = query.from;
    void this.#read().then(
      () => this.#finish({}),
      (failure: unknown) => this.#finish({ failure }),
    );
  }

  /** What comes after this id, up to the newest, is kept here; all before it is the store's to tell. */
  get from(): number {
    return this.#from;
  }

  get end(): { readonly failure?: unknown } | undefined {
    return this.#end;
  }

  /** Kept pieces after an id, oldest first; undefined where some that come after it are no longer kept. */
  after(id: number): readonly Piece[] | undefined {
    if (id < this.#from) return undefined;
    const at = this.#kept.findLastIndex((piece) => piece.id <= id);
    return at === -1 ? this.#kept : this.#kept.slice(at + 1);
  }

  /** Calls once when there is more, or the end. Answers with how not to. */
  onMore(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #read(): Promise<void> {
    const { runId, from } = this.#query;
    const query = { ...(runId === undefined ? {} : { runId }), after: from, signal: this.#stop.signal };
    for await (const page of tailPages(this.#store, query)) {
      for (const entry of page) this.#keep(entry);
      this.#wake();
    }
  }

  #keep(entry: JournalEntry): void {
    const id = this.#query.runId === undefined ? entry.gseq : entry.seq;
    const bytes = encodeEntry(entry, id);
    this.#kept.push({ id, bytes });
    this.#keptBytes += bytes.byteLength;
    const isFull = this.#kept.length > FEED_ENTRIES_MAX || this.#keptBytes > FEED_BYTES_MAX;
    // By halves, so that shortening the list costs next to nothing an entry.
    if (isFull) this.#forget(Math.ceil(this.#kept.length / 2));
  }

  #forget(count: number): void {
    const gone = this.#kept.slice(0, count);
    this.#kept = this.#kept.slice(count);
    this.#from = gone.at(-1)?.id ?? this.#from;
    for (const { bytes } of gone) this.#keptBytes -= bytes.byteLength;
  }

  #finish(end: { readonly failure?: unknown }): void {
    this.#end = end;
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
