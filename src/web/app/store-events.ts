/**
 * What happens in the store as a whole, followed once for all parts of the page that want to know. A page that follows a run
 * goes without this stream, so that a tab takes one connection of the few a browser has: it passes on what it hears.
 */
import type { Entry, EntryType } from "../api/answers.ts";
import { type Connection, follow } from "../api/follow.ts";
import { isSeen } from "../api/sight.ts";

const TYPES: readonly EntryType[] = [
  "run.created",
  "run.queued",
  "run.started",
  "run.resumed",
  "run.pausing",
  "run.paused",
  "run.continued",
  "run.cancelling",
  "run.cancelled",
  "run.completed",
  "run.failed",
  "run.forked",
  "run.restarted",
  "gate.opened",
  "gate.answered",
  "gate.timed_out",
  "gate.withdrawn",
];
/** However much happens, listeners ask the server again at most as often. */
const TELL_EVERY_MS = 250;
/** Where the store is not followed, what other runs ask is asked for this often. */
const ASK_EVERY_MS = 10_000;

export type Listener = (what: { readonly runs: boolean; readonly questions: boolean }) => void;

/** What stands in for the store's stream. */
export interface StandIn {
  onEntries(entries: readonly Pick<Entry, "type">[]): void;
  onConnection(connection: Connection): void;
  /** The store is followed again, unless another stands in. */
  leave(): void;
}

const listeners = new Set<Listener>();
const watchers = new Set<() => void>();
const standIns = new Set<StandIn>();
let connection: Connection = "connecting";
let source: { readonly how: "none" | "follow" | "ask"; end(): void } = { how: "none", end: () => {} };
let isTellingSoon = false;
let happened = { runs: false, questions: false };

/** Called after runs began, moved or ended, or questions opened or closed; and after the connection was lost. */
export function onStoreEvents(listener: Listener): () => void {
  listeners.add(listener);
  queueMicrotask(choose);
  return () => {
    listeners.delete(listener);
    queueMicrotask(choose);
  };
}

/** For a page with a stream of its own: the store's is let go until it leaves. */
export function standIn(): StandIn {
  const instead: StandIn = {
    onEntries: (entries) => {
      if (standIns.has(instead)) noteEntries(entries);
    },
    onConnection: (now) => {
      if (standIns.has(instead) && now !== connection) noteConnection(now);
    },
    leave: () => {
      standIns.delete(instead);
      queueMicrotask(choose);
    },
  };
  standIns.add(instead);
  queueMicrotask(choose);
  return instead;
}

export function watchConnection(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function storeConnection(): Connection {
  return connection;
}

/** Once all parts of a page have come and gone, so that a step from run to run opens no stream between them. */
function choose(): void {
  const how = listeners.size === 0 ? "none" : standIns.size > 0 ? "ask" : "follow";
  if (how === source.how) return;
  source.end();
  source = { how, end: how === "follow" ? followStore() : how === "ask" ? askNowAndThen() : () => {} };
}

function followStore(): () => void {
  return follow({
    path: "/events",
    query: { type: TYPES, live: true },
    after: undefined,
    onEntries: noteEntries,
    onConnection: noteConnection,
  });
}

function askNowAndThen(): () => void {
  const timer = setInterval(() => isSeen() && note({ runs: true, questions: true }), ASK_EVERY_MS);
  return () => clearInterval(timer);
}

function noteEntries(entries: readonly Pick<Entry, "type">[]): void {
  const runs = entries.some(({ type }) => type.startsWith("run."));
  const questions = runs || entries.some(({ type }) => type.startsWith("gate."));
  if (questions) note({ runs, questions });
}

function noteConnection(now: Connection): void {
  connection = now;
  for (const watcher of watchers) watcher();
  if (now === "live") note({ runs: true, questions: true });
}

function note(what: typeof happened): void {
  happened = { runs: happened.runs || what.runs, questions: happened.questions || what.questions };
  if (isTellingSoon) return;
  isTellingSoon = true;
  setTimeout(() => {
    isTellingSoon = false;
    const told = happened;
    happened = { runs: false, questions: false };
    for (const listener of listeners) listener(told);
  }, TELL_EVERY_MS);
}
