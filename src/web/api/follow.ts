/**
 * Follows a journal as it grows. Read with `fetch`, since EventSource can send no token and tells unnamed events only:
 * the server names each by its type. A connection that was lost, or let go while nobody saw the page, goes on by the id of the
 * newest entry, without gap or repetition.
 */
import type { Entry } from "./answers.ts";
import type { Query } from "./client.ts";
import type { StreamEvent } from "./parse-events.ts";
import { pauseBefore, RETRY_MS, readStream } from "./read-stream.ts";
import { whileSeen } from "./sight.ts";

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
    const wasHidden = await whileSeen(leaving, (signal) => stream.read(signal));
    if (stream.last !== last) waitMs = RETRY_MS.first;
    last = stream.last;
    if (leaving.aborted) return;
    if (stream.isEnded) return following.onConnection("ended");
    following.onConnection(wasHidden ? "connecting" : "lost");
    if (wasHidden) continue;
    await pauseBefore(waitMs, leaving);
    waitMs = Math.min(waitMs * 2, RETRY_MS.most);
  }
}

class Stream {
  last: number | undefined;
  /** Whether the journal has ended. */
  isEnded = false;
  readonly #following: Following;

  constructor(following: Following, last: number | undefined) {
    this.#following = following;
    this.last = last;
  }

  /** Reads until the connection ends. */
  async read(leaving: AbortSignal): Promise<void> {
    const { path, query = {}, onConnection } = this.#following;
    const known: Record<string, string> = this.last === undefined ? {} : { "last-event-id": String(this.last) };
    await readStream({
      path,
      query,
      headers: known,
      leaving,
      onOpen: () => onConnection("live"),
      onEvents: (events) => {
        this.#take(events);
        return this.isEnded;
      },
    });
  }

  #take(events: readonly StreamEvent[]): void {
    const entries: Entry[] = [];
    for (const { id, type, data } of events) {
      if (type === "end") this.isEnded = true;
      if (id === "" || Number(id) <= (this.last ?? 0)) continue;
      this.last = Number(id);
      entries.push(JSON.parse(data) as Entry);
    }
    if (entries.length > 0) this.#following.onEntries(entries);
  }
}
