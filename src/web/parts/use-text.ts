import { useEffect, useState } from "react";
import { getText } from "../api/client.ts";

/** The text at a path, once it is there. */
export function useText(path: string | undefined): { readonly text: string | undefined; readonly failure: unknown } {
  const [state, setState] = useState<{ of?: string; text?: string; failure?: unknown }>({});
  useEffect(() => {
    if (path === undefined) return undefined;
    const leaving = new AbortController();
    getText(path, {}, leaving.signal).then(
      (text) => setState({ of: path, text }),
      (failure: unknown) => leaving.signal.aborted || setState({ of: path, failure }),
    );
    return () => leaving.abort();
  }, [path]);
  return state.of === path ? { text: state.text, failure: state.failure } : { text: undefined, failure: undefined };
}
