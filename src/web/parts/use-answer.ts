import { useCallback, useEffect, useRef, useState } from "react";
import { get, Problem, type Query } from "../api/client.ts";

export interface Answered<T> {
  readonly answer: T | undefined;
  readonly failure: unknown;
  readonly isAsking: boolean;
  readonly ask: () => void;
}

const RETRY_MS = 2_000;

/**
 * What the server answers to a GET; asked again when what is asked changes, or with `ask`. The old answer stays until the
 * new one is there. An undefined path asks nothing; a server that is away is asked until it is back.
 */
export function useAnswer<T>(path: string | undefined, query: Query = {}): Answered<T> {
  const key = path === undefined ? undefined : `${path}?${JSON.stringify(query)}`;
  const [state, setState] = useState<{ answer?: T; failure?: unknown; of?: string }>({});
  const [round, setRound] = useState(0);
  const [isAsking, setAsking] = useState(false);
  const asked = useRef(query);
  asked.current = query;
  const ask = useCallback(() => setRound((count) => count + 1), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is the path and the query, the round asks again
  useEffect(() => {
    if (path === undefined) return undefined;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    setAsking(true);
    get<T>(path, asked.current, leaving.signal)
      .then((answer) => setState({ answer, ...(key === undefined ? {} : { of: key }) }))
      .catch((failure: unknown) => {
        if (leaving.signal.aborted) return;
        setState((old) => ({ ...old, failure }));
        if (failure instanceof Problem && failure.code === "unreachable") timer = setTimeout(ask, RETRY_MS);
      })
      .finally(() => setAsking(false));
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [key, round]);
  return { answer: state.answer, failure: state.failure, isAsking, ask };
}
