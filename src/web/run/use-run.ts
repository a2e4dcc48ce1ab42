import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { RunStatus, View } from "../api/answers.ts";
import { Problem, runPath } from "../api/client.ts";
import { standIn } from "../app/store-events.ts";
import type { History } from "../model/history.ts";
import { RunFeed, type RunState } from "../model/run-feed.ts";
import { isFinal } from "../model/tracks.ts";
import { useNow } from "../parts/times.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { useSettled } from "../parts/use-settled.ts";

/** A run as it is shown: now, or at a seq of its past. */
export interface Moment {
  readonly runId: string;
  readonly history: History;
  /** Grows when the history does. */
  readonly version: number;
  /** What is shown is the run after this entry. */
  readonly seq: number;
  readonly isPast: boolean;
  readonly status: RunStatus | undefined;
  /** Of this moment; undefined while a view of the past is on its way. */
  readonly view: View | undefined;
  /** The newest view there is of any moment, for what never changes. */
  readonly known: View | undefined;
  /** Until when spans that have not ended are drawn. Epoch ms. */
  readonly nowMs: number;
}

const NOTHING = () => () => {};

export function useRunFeed(runId: string): {
  readonly feed: RunFeed | undefined;
  readonly state: RunState | undefined;
} {
  const [feed, setFeed] = useState<RunFeed>();
  useEffect(() => {
    const opened = new RunFeed(runId);
    setFeed(opened);
    const leave = passOn(opened);
    opened.open();
    return () => {
      leave();
      opened.close();
    };
  }, [runId]);
  const state = useSyncExternalStore(feed?.subscribe ?? NOTHING, () => feed?.current());
  return { feed, state };
}

/** What this run's stream says stands in for the store's, for as long as there is such a stream. */
function passOn(feed: RunFeed): () => void {
  const instead = standIn();
  let passed: number | undefined;
  feed.subscribe(() => {
    const { history, connection, failure, isLoaded } = feed.current();
    const isRefused = failure instanceof Problem && failure.code !== "unreachable";
    if (connection === "ended" || isRefused) return instead.leave();
    if (!isLoaded) return;
    instead.onConnection(connection);
    instead.onEntries(history.entries.slice(passed ?? history.seq));
    passed = history.seq;
  });
  return instead.leave;
}

/** Quick enough to slide through the past, without a question for every pixel. */
const SETTLE_MS = 120;

export function useMoment(state: RunState, at: number | undefined): Moment {
  const { runId, history, version } = state;
  const isPast = at !== undefined && at < history.seq;
  const seq = isPast ? history.turnAt(at) : history.seq;
  const asked = useSettled(isPast ? seq : undefined, SETTLE_MS);
  const past = useAnswer<View>(asked === undefined ? undefined : runPath(runId), { at: asked });
  const status = isPast ? history.statusAt(seq) : state.status;
  const isLive = !isPast && status !== undefined && !isFinal(status);
  const now = useNow(1_000, isLive);
  return useMemo(() => {
    const endedMs = history.timeAt(seq);
    const nowMs = isLive ? Math.max(now, endedMs) : endedMs;
    const pastView = past.answer?.seq === seq ? past.answer : undefined;
    const known = state.view ?? past.answer;
    return { runId, history, version, seq, isPast, status, view: isPast ? pastView : state.view, known, nowMs };
  }, [runId, history, version, seq, isPast, status, past.answer, state.view, isLive, now]);
}
