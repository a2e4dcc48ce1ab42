/** Server-sent events as bytes. */
import type { JournalEntry } from "../../journal/entry.ts";
import { SSE_RETRY_MS } from "../../limits.ts";
import { outsideEntry } from "../../runtime/queries/entry-outside.ts";

const utf8 = new TextEncoder();

/** One entry as one event. Its id is where a client that comes back goes on. */
export function encodeEntry(entry: JournalEntry, id: number): Uint8Array {
  return encodeEvent({ id, event: entry.type, data: outsideEntry(entry) });
}

/** JSON has no line ends of its own. */
export function encodeEvent(sent: { readonly id?: number; readonly event: string; readonly data: object }): Uint8Array {
  const id = sent.id === undefined ? "" : `id: ${sent.id}\n`;
  return utf8.encode(`${id}event: ${sent.event}\ndata: ${JSON.stringify(sent.data)}\n\n`);
}

/** How long to wait before connecting again; sent first. */
export const GREETING = utf8.encode(`retry: ${SSE_RETRY_MS}\n\n`);
/** A comment: keeps the connection open and tells that we are there. */
export const HEARTBEAT = utf8.encode(": \n\n");

/** Nothing more comes: the run has ended. Without an id, so that the last one stands. */
export function encodeEnd(data: Readonly<Record<string, unknown>>): Uint8Array {
  return encodeEvent({ event: "end", data });
}
