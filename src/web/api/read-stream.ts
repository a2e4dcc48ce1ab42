/** One connection to an event stream, from its first event to its end, and how long to wait for the next. */
import { apiUrl, type Query, send } from "./client.ts";
import { EventParser, type StreamEvent } from "./parse-events.ts";

export interface Reading {
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly leaving: AbortSignal;
  onOpen(): void;
  /** In order. True: nothing more is wanted. */
  onEvents(events: readonly StreamEvent[]): boolean;
}

export const RETRY_MS = { first: 200, most: 5_000 } as const;
/** The server says something every 15 s; a connection that says nothing for long is dead. */
const SILENCE_MS = 40_000;

/** Resolves when the connection has ended, however it has. */
export async function readStream({
  path,
  query = {},
  headers = {},
  leaving,
  onOpen,
  onEvents,
}: Reading): Promise<void> {
  const silence = new AbortController();
  const signal = AbortSignal.any([leaving, silence.signal]);
  let watch = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const accept = { accept: "text/event-stream", ...headers };
    const response = await send(apiUrl(path, query), { headers: accept, signal, cache: "no-store" });
    onOpen();
    const parser = new EventParser();
    const chunks = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream() as never);
    for await (const chunk of readAll(chunks as ReadableStream<string>)) {
      clearTimeout(watch);
      watch = setTimeout(() => silence.abort(), SILENCE_MS);
      if (onEvents(parser.push(chunk))) return;
    }
  } catch {
    // Lost, or refused while the server starts: it is tried again, and the page says that it is not live.
  } finally {
    clearTimeout(watch);
    silence.abort();
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
export function pauseBefore(ms: number, leaving: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      document.removeEventListener("visibilitychange", done);
      leaving.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
    document.addEventListener("visibilitychange", done);
    leaving.addEventListener("abort", done);
  });
}
