/**
 * Follows a journal as it grows. Read with `fetch`, since EventSource can send no token and tells unnamed events only:
 * the server names each by its type. A lost connection goes on by the id of the newest entry, without gap or repetition.
 */
import type { Entry } from "./answers.ts";
import { apiUrl, type Query, send } from "./client.ts";
import { EventParser, type StreamEvent } from "./parse-events.ts";

export type Connection = "connecting" | "live" | "lost" | "ended";

export interface Following {
  readonly path: string;
  readonly query?: Query;
  /** Seq of one run, gseq of all: the newest that is known. Undefined: what the query says, until something comes. */
  readonly after: number | undefined;
  /** In order, each once. */
  onEntries(entries: readonly Entry[]): void;
  onConnection(connection: Connection): void;
}

const RETRY_MS = { first: 200, most: 5_000 } as const;
/** The server says something every 15 s; a connection that says nothing for long is dead. */
const SILENCE_MS = 40_000;

/** Begins to follow; ends with the function it returns. */
export function follow(following: Following): () => void {
  const leaving = new AbortController();
  void followUntil(following, leaving.signal);
  return () => leaving.abort();
}

async function followUntil(following: Following, leaving: AbortSignal): Promise<void> {
  let last = following.after;
  let waitMs: number = RETRY_MS.first;
  while (!leaving.aborted) {
    const stream = new Stream(following, last);
    const isEnded = await stream.read(leaving);
    if (stream.last !== last) waitMs = RETRY_MS.first;
    last = stream.last;
    if (leaving.aborted) return;
    following.onConnection(isEnded ? "ended" : "lost");
    if (isEnded) return;
    await pauseBefore(waitMs, leaving);
    waitMs = Math.min(waitMs * 2, RETRY_MS.most);
  }
}

class Stream {
  last: number | undefined;
  readonly #following: Following;
  #isEnded = false;

  constructor(following: Following, last: number | undefined) {
    this.#following = following;
    this.last = last;
  }

  /** Reads until the connection ends; whether the journal has. */
  async read(leaving: AbortSignal): Promise<boolean> {
    const { path, query = {}, onConnection } = this.#following;
    const silence = new AbortController();
    const signal = AbortSignal.any([leaving, silence.signal]);
    let watch = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const known: Record<string, string> = this.last === undefined ? {} : { "last-event-id": String(this.last) };
      const headers = { accept: "text/event-stream", ...known };
      const response = await send(apiUrl(path, query), { headers, signal, cache: "no-store" });
      onConnection("live");
      const parser = new EventParser();
      const chunks = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream() as never);
      for await (const chunk of readAll(chunks as ReadableStream<string>)) {
        clearTimeout(watch);
        watch = setTimeout(() => silence.abort(), SILENCE_MS);
        this.#take(parser.push(chunk));
        if (this.#isEnded) return true;
      }
    } catch {
      // Lost, or refused while the server starts: it is tried again, and the page says that it is not live.
    } finally {
      clearTimeout(watch);
      silence.abort();
    }
    return this.#isEnded;
  }

  #take(events: readonly StreamEvent[]): void {
    const entries: Entry[] = [];
    for (const { id, type, data } of events) {
      if (type === "end") this.#isEnded = true;
      if (id === "" || Number(id) <= (this.last ?? 0)) continue;
      this.last = Number(id);
      entries.push(JSON.parse(data) as Entry);
    }
    if (entries.length > 0) this.#following.onEntries(entries);
  }
}

/** Not every browser can iterate a stream. */
async function* readAll(stream: ReadableStream<string>): AsyncGenerator<string> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

/** Less when the network comes back, or the page is looked at again. */
function pauseBefore(ms: number, leaving: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      leaving.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
    leaving.addEventListener("abort", done);
  });
}
