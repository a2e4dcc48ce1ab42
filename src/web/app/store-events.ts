/** What happens in the store as a whole, followed once for all parts of the page that want to know. */
import type { EntryType } from "../api/answers.ts";
import { type Connection, follow } from "../api/follow.ts";

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

export type Listener = (what: { readonly runs: boolean; readonly questions: boolean }) => void;

const listeners = new Set<Listener>();
const watchers = new Set<() => void>();
let connection: Connection = "connecting";
let unfollow: (() => void) | undefined;
let isTellingSoon = false;
let happened = { runs: false, questions: false };

/** Called after runs began, moved or ended, or questions opened or closed; and after the connection was lost. */
export function onStoreEvents(listener: Listener): () => void {
  listeners.add(listener);
  unfollow ??= begin();
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    unfollow?.();
    unfollow = undefined;
  };
}

export function watchConnection(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function storeConnection(): Connection {
  return connection;
}

function begin(): () => void {
  return follow({
    path: "/events",
    query: { type: TYPES, live: true },
    after: undefined,
    onEntries: (entries) => {
      note({
        runs: entries.some(({ type }) => type.startsWith("run.")),
        questions: entries.some(({ type }) => type.startsWith("gate.") || type.startsWith("run.")),
      });
    },
    onConnection: (now) => {
      connection = now;
      for (const watcher of watchers) watcher();
      if (now === "live") note({ runs: true, questions: true });
    },
  });
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
