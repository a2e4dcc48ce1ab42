import { useCallback, useEffect, useRef, useState } from "react";
import type { RunStatus, RunSummary, RunsPage } from "../api/answers.ts";
import { get, getText } from "../api/client.ts";
import { isSeen } from "../api/sight.ts";
import { onStoreEvents } from "../app/store-events.ts";

type Counts = Readonly<Partial<Record<RunStatus, number>>>;

interface Wanted {
  readonly status: RunStatus | undefined;
  readonly label: string;
}

export interface Runs {
  readonly runs: readonly RunSummary[];
  readonly hasMore: boolean;
  readonly more: () => void;
  readonly failure: unknown;
  readonly isAsked: boolean;
  readonly counts: Counts;
  readonly ask: () => void;
}

const PAGE = 50;
const PAGE_MAX = 100;
/** Also where nothing is told: other processes write to the store too, and leases run out. */
const ASK_EVERY_MS = 10_000;

/** Runs, newest first, kept up to date; more of them when asked. */
export function useRuns({ status, label }: Wanted): Runs {
  const [state, setState] = useState<{
    runs: readonly RunSummary[];
    cursor?: string;
    failure?: unknown;
    isAsked: boolean;
  }>({
    runs: [],
    isAsked: false,
  });
  const [counts, setCounts] = useState<Counts>({});
  const wanted = useRef(PAGE);
  const ask = useCallback(async () => {
    try {
      const { runs, cursor } = await readRuns({ status, label }, wanted.current);
      setState({ runs, isAsked: true, ...(cursor === undefined ? {} : { cursor }) });
      setCounts(readCounts(await getText("/metrics")));
    } catch (failure) {
      setState((old) => ({ ...old, failure, isAsked: true }));
    }
  }, [status, label]);
  useEffect(() => {
    wanted.current = PAGE;
    const askHere = () => void ask();
    askHere();
    const leave = onStoreEvents((happened) => happened.runs && askHere());
    const timer = setInterval(() => isSeen() && askHere(), ASK_EVERY_MS);
    return () => {
      leave();
      clearInterval(timer);
    };
  }, [ask]);
  const more = useCallback(() => {
    wanted.current += PAGE;
    void ask();
  }, [ask]);
  return { ...state, failure: state.failure, hasMore: state.cursor !== undefined, more, counts, ask: () => void ask() };
}

async function readRuns({ status, label }: Wanted, count: number): Promise<RunsPage> {
  const runs: RunSummary[] = [];
  for (let cursor: string | undefined; ; ) {
    const limit = Math.min(PAGE_MAX, count - runs.length);
    const page = await get<RunsPage>("/runs", { status, label, limit, cursor });
    runs.push(...page.runs);
    cursor = page.cursor;
    if (cursor === undefined) return { runs };
    if (runs.length >= count) return { runs, cursor };
  }
}

/** `safepoint_runs{status="paused"} 3`. */
function readCounts(metrics: string): Counts {
  const found = metrics.matchAll(/^safepoint_runs\{status="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, status, count]) => [status, Number(count)]));
}
