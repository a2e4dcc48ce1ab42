/**
 * One client that follows a journal, as the body of a response. Nothing is read before the client reads, and nothing more
 * than a chunk waits for it; what it cannot take in time it reads from the store later. Whoever takes nothing at all for
 * long is closed, and goes on by the id of what it had last.
 */
import { isFinalStatus } from "../../journal/status.ts";
import { SSE_CHUNK_BYTES_MAX, SSE_HEARTBEAT_MS, SSE_STALL_MS } from "../../limits.ts";
import { successorOf } from "../../runtime/queries/tail-chain.ts";
import type { Api } from "../api.ts";
import { encodeEnd, GREETING, HEARTBEAT } from "./encode.ts";
import type { Piece } from "./feed.ts";
import { type Source, type SourceQuery, sourceOf } from "./source.ts";

export interface Cut {
  /** Cuts the connection of a client that takes nothing. Default: the stream fails, for whoever hosts it to see to that. */
  readonly cut?: (() => void) | undefined;
}

/** Of what is no journal, opened when the client first reads. */
export interface OtherQuery {
  /** Absent: of all runs, and without an end. */
  readonly runId?: string;
  open(): Source;
}

export type StreamQuery = (SourceQuery | OtherQuery) & Cut;

/** *Throws* `too_many_clients`. */
export function eventStream(api: Api, query: StreamQuery): ReadableStream<Uint8Array> {
  api.feeds.assertRoom();
  const client = new Client(api, query);
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => client.pull(controller),
      cancel: () => client.leave(),
    },
    // Nothing is asked for before somebody reads: an answer to HEAD, whose body nobody does, costs nothing.
    { highWaterMark: 0 },
  );
}

type Controller = ReadableStreamDefaultController<Uint8Array>;

class Client {
  readonly #api: Api;
  readonly #query: StreamQuery;
  #source: Source | undefined;
  #exit: (() => void) | undefined;
  #beat: NodeJS.Timeout | undefined;
  #stall: NodeJS.Timeout | undefined;
  #isBeatDue = false;
  #wake: () => void = () => {};
  #isOver = false;

  constructor(api: Api, query: StreamQuery) {
    this.#api = api;
    this.#query = query;
  }

  async pull(controller: Controller): Promise<void> {
    clearTimeout(this.#stall);
    if (!this.#source) {
      this.#enter();
      controller.enqueue(GREETING);
      this.#watchForStall(controller);
      return;
    }
    try {
      const bytes = await this.#next();
      if (this.#isOver) return;
      if (bytes) {
        controller.enqueue(bytes);
        this.#watchForStall(controller);
        return;
      }
      this.leave();
      controller.close();
    } catch (failure) {
      this.leave();
      throw failure;
    }
  }

  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#beat);
    clearTimeout(this.#stall);
    this.#api.closing.removeEventListener("abort", this.#ring);
    this.#source?.leave();
    this.#exit?.();
    this.#wake();
  }

  #enter(): void {
    const { options, closing, feeds } = this.#api;
    this.#exit = feeds.enter();
    this.#source = "open" in this.#query ? this.#query.open() : sourceOf(this.#api, this.#query);
    this.#beat = setInterval(() => {
      this.#isBeatDue = true;
      this.#wake();
    }, options.heartbeatMs ?? SSE_HEARTBEAT_MS);
    closing.addEventListener("abort", this.#ring);
  }

  readonly #ring = () => this.#wake();

  /** Undefined: the stream ends here. */
  async #next(): Promise<Uint8Array | undefined> {
    const source = this.#source as Source;
    for (;;) {
      if (this.#isOver || this.#api.closing.aborted) return undefined;
      const rung = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      // Before it is asked what there is: what comes in between rings.
      const forget = source.onMore(this.#wake);
      try {
        const pieces = await source.take();
        if (this.#isOver) return undefined;
        if (pieces.length > 0) return this.#chunkOf(source, pieces);
        if (source.isOver) return await this.#lastWord(source);
        if (this.#isBeatDue) {
          this.#isBeatDue = false;
          return HEARTBEAT;
        }
        await rung;
      } finally {
        forget();
      }
    }
  }

  /** As many pieces as one chunk holds, at least one. */
  #chunkOf(source: Source, pieces: readonly Piece[]): Uint8Array {
    this.#isBeatDue = false;
    let size = 0;
    let count = 0;
    for (const { bytes } of pieces) {
      if (count > 0 && size + bytes.byteLength > SSE_CHUNK_BYTES_MAX) break;
      size += bytes.byteLength;
      count += 1;
    }
    const taken = pieces.slice(0, count);
    source.given((taken.at(-1) as Piece).id);
    return taken.length === 1 ? (taken[0] as Piece).bytes : Buffer.concat(taken.map(({ bytes }) => bytes));
  }

  async #lastWord(source: Source): Promise<Uint8Array | undefined> {
    const { runId } = this.#query;
    if (source.hasSaidEnd || runId === undefined) return undefined;
    const [run] = await this.#api.store.read("run", { runId });
    if (!run || !isFinalStatus(run.status)) return undefined;
    source.hasSaidEnd = true;
    const reason = run.statusReason === undefined ? {} : { statusReason: run.statusReason };
    const next = run.statusReason === "restarted" ? await successorOf(this.#api.store, runId) : undefined;
    const successor = next === undefined ? {} : { restartedAs: next };
    return encodeEnd({ runId, status: run.status, ...reason, seq: run.seq, ...successor });
  }

  /** From when something was given to when more is asked for. */
  #watchForStall(controller: Controller): void {
    const ms = this.#api.options.stallMs ?? SSE_STALL_MS;
    this.#stall = setTimeout(() => {
      this.leave();
      if (this.#query.cut) this.#query.cut();
      else controller.error(new Error(`nothing was read for ${ms} ms`));
    }, ms);
  }
}
