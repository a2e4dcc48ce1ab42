/** Where a client's entries come from: what its feed keeps, else the store; in order, each once. */
import type { JournalEntry } from "../../journal/entry.ts";
import { type TailQuery, tailPages } from "../../runtime/queries/tail.ts";
import type { Api } from "../api.ts";
import { encodeEntry } from "./encode.ts";
import type { Piece } from "./feed.ts";

/** Read at once for a client that is behind. */
const CATCH_UP_ENTRIES = 200;

export interface SourceQuery extends Pick<TailQuery, "runId" | "within" | "stage" | "types"> {
  /** Exclusive: a seq with runId, a gseq without. */
  readonly after: number;
  /** Newest id when the client came: a feed begins there. */
  readonly newest: number;
  /** Makes what encodes entries in another way; it is fed a run's whole journal, also what comes before `after`. */
  readonly encoder?: (() => (entry: JournalEntry) => Uint8Array) | undefined;
}

export interface Source {
  /** What comes next, oldest first; none: nothing yet, or nothing more ({@link isOver}). Asked again, the same. */
  take(): Promise<readonly Piece[]>;
  /** Up to this id it has been handed on. */
  given(id: number): void;
  readonly isOver: boolean;
  hasSaidEnd: boolean;
  /** Calls once when there may be more. Answers with how not to. */
  onMore(wake: () => void): () => void;
  leave(): void;
}

export function sourceOf(api: Api, query: SourceQuery): Source {
  const { within, stage, types, encoder } = query;
  const isPlain = [within, stage, types, encoder].every((each) => each === undefined);
  return isPlain ? new SharedSource(api, query) : new OwnSource(api, query);
}

/** The whole journal: shared with everybody who follows it. */
class SharedSource implements Source {
  hasSaidEnd = false;
  readonly #api: Api;
  readonly #query: SourceQuery;
  readonly #listener: ReturnType<Api["feeds"]["listen"]>;
  #last: number;
  /** Read from the store and not yet given. */
  #page: readonly Piece[] = [];

  constructor(api: Api, query: SourceQuery) {
    const { runId, newest } = query;
    this.#api = api;
    this.#query = query;
    this.#last = query.after;
    this.#listener = api.feeds.listen({ ...(runId === undefined ? {} : { runId }), from: newest });
  }

  async take(): Promise<readonly Piece[]> {
    if (this.#page.length > 0) return this.#page;
    const { feed } = this.#listener;
    const kept = feed.after(this.#last);
    if (!kept) return this.#readPage();
    if (kept.length === 0 && feed.end && "failure" in feed.end) throw feed.end.failure;
    return kept;
  }

  given(id: number): void {
    this.#last = id;
    if (this.#page.length > 0) this.#page = this.#page.filter((piece) => piece.id > id);
  }

  get isOver(): boolean {
    const { feed } = this.#listener;
    return feed.end !== undefined && feed.after(this.#last)?.length === 0;
  }

  onMore(wake: () => void): () => void {
    return this.#listener.feed.onMore(wake);
  }

  leave(): void {
    this.#listener.leave();
  }

  /** What the feed does not keep. Never none while there is something. */
  async #readPage(): Promise<readonly Piece[]> {
    const { feed } = this.#listener;
    const { runId } = this.#query;
    for (;;) {
      const { from } = feed;
      const page = await this.#api.store.read("journal", {
        ...(runId === undefined ? {} : { runId }),
        after: this.#last,
        limit: CATCH_UP_ENTRIES,
      });
      if (page.length > 0) {
        this.#page = page.map((entry) => {
          const id = runId === undefined ? entry.gseq : entry.seq;
          return { id, bytes: encodeEntry(entry, id) };
        });
        return this.#page;
      }
      // Gone with runs that were pruned. If the feed forgot more meanwhile, that is there to be read.
      if (feed.from === from) {
        this.#last = Math.max(this.#last, from);
        return feed.after(this.#last) ?? [];
      }
    }
  }
}

/** A part of the journal, or told otherwise: read for this client alone, a page when the last one has been taken. */
class OwnSource implements Source {
  hasSaidEnd = false;
  isOver = false;
  readonly #stop = new AbortController();
  readonly #pages: AsyncGenerator<readonly Piece[]>;
  #page: readonly Piece[] = [];
  #reading: Promise<void> | undefined;
  #failure: { readonly thrown: unknown } | undefined;
  #wake: () => void = () => {};

  constructor({ store }: Api, { encoder, after, ...query }: SourceQuery) {
    const pages = tailPages(store, { ...query, after: encoder ? 0 : after, signal: this.#stop.signal });
    const idOf = (entry: JournalEntry) => (query.runId === undefined ? entry.gseq : entry.seq);
    const encode = encoder?.() ?? ((entry: JournalEntry) => encodeEntry(entry, idOf(entry)));
    this.#pages = piecesOf(pages, (entry) => ({ id: idOf(entry), bytes: encode(entry) }), after);
  }

  async take(): Promise<readonly Piece[]> {
    if (this.#failure) throw this.#failure.thrown;
    if (this.#page.length === 0 && !this.isOver) this.#reading ??= this.#read();
    return this.#page;
  }

  given(id: number): void {
    this.#page = this.#page.filter((piece) => piece.id > id);
  }

  onMore(wake: () => void): () => void {
    this.#wake = wake;
    return () => {
      this.#wake = () => {};
    };
  }

  leave(): void {
    this.#stop.abort();
    this.#pages.return(undefined).catch(() => {});
  }

  async #read(): Promise<void> {
    try {
      const next = await this.#pages.next();
      if (next.done) this.isOver = true;
      else this.#page = next.value;
    } catch (thrown) {
      this.#failure = { thrown };
    }
    this.#reading = undefined;
    this.#wake();
  }
}

async function* piecesOf(
  pages: ReturnType<typeof tailPages>,
  pieceOf: (entry: JournalEntry) => Piece,
  after: number,
): AsyncGenerator<readonly Piece[]> {
  for await (const page of pages) {
    // Every entry is encoded, because an encoder counts; what was sent before is left out.
    yield page.map(pieceOf).filter(({ id, bytes }) => id > after && bytes.byteLength > 0);
  }
}
