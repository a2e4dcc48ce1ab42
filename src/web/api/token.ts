/** The token of a server that wants one: kept for this tab alone, asked for when the server refuses. */
const KEY = "safepoint.token";

let waiting: { readonly promise: Promise<void>; readonly done: () => void } | undefined;
const listeners = new Set<() => void>();

export function currentToken(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

/** Resolves once another token than the refused one is there. */
export function askForToken(refused: string | undefined): Promise<void> {
  if (currentToken() !== refused) return Promise.resolve();
  if (!waiting) {
    let done = () => {};
    const promise = new Promise<void>((resolve) => {
      done = resolve;
    });
    waiting = { promise, done };
    for (const listener of listeners) listener();
  }
  return waiting.promise;
}

export function giveToken(token: string): void {
  sessionStorage.setItem(KEY, token.trim());
  const asked = waiting;
  waiting = undefined;
  asked?.done();
  for (const listener of listeners) listener();
}

export function isTokenWanted(): boolean {
  return waiting !== undefined;
}

export function onTokenWanted(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
