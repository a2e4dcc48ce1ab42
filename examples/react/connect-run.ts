/** A run of a server, in a page: the same to React as an actor reference, fed by server-sent events. */
import type { RunActorEvent } from "safepoint";
import type { ShownRun, ShownSnapshot } from "./run-panel.ts";

/** Resolves with the first snapshot. A connection that breaks is taken up again, and goes on with what is by then. */
export async function connectRun(url: string): Promise<ShownRun> {
  const observers = new Set<{ next?: (snapshot: ShownSnapshot) => void }>();
  const first = Promise.withResolvers<ShownSnapshot>();
  let newest: ShownSnapshot;
  const source = new EventSource(`${url}/snapshots`);
  source.onmessage = ({ data }) => {
    newest = JSON.parse(data as string) as ShownSnapshot;
    first.resolve(newest);
    if (newest.status === "done") source.close();
    for (const { next } of observers) next?.(newest);
  };
  newest = await first.promise;
  return {
    id: `run:${url.split("/").at(-1)}`,
    getSnapshot: () => newest,
    subscribe(observer) {
      observers.add(observer);
      return { unsubscribe: () => void observers.delete(observer) };
    },
    // An event has no answer: what it leads to comes as a snapshot.
    send: (event: RunActorEvent) => {
      const body = JSON.stringify(event);
      void fetch(`${url}/send`, { method: "POST", headers: { "content-type": "application/json" }, body });
    },
  };
}
