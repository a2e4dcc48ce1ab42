/** A run as React shows it. Written without JSX, so that Node runs it as it is. */
import { useSelector } from "@xstate/react";
import { createElement as h } from "react";
import type { RunActorEvent, RunActorSnapshot } from "safepoint";

/** What of a snapshot is shown; all of it is plain JSON, so that it can be sent. */
export type ShownSnapshot = Pick<RunActorSnapshot, "status" | "value" | "output">;

/** A run to be shown: `runtime.actorRef(id)` where the runtime is, `connectRun(url)` in a page. */
export interface ShownRun {
  readonly id: string;
  getSnapshot(): ShownSnapshot;
  subscribe(observer: { next?: (snapshot: ShownSnapshot) => void }): { unsubscribe(): void };
  send(event: RunActorEvent): void;
}

export function RunPanel({ run }: { readonly run: ShownRun }) {
  const control = useSelector(run as SelectableRun, (snapshot) => snapshot.value.control);
  const outcome = useSelector(run as SelectableRun, (snapshot) => snapshot.output?.status);
  const isStopped = control === "pausing" || control === "paused";
  const isOver = outcome !== undefined || control === "cancelling";
  const button = (label: string, event: RunActorEvent) =>
    h("button", { key: label, type: "button", disabled: isOver, onClick: () => run.send(event) }, label);
  return h(
    "section",
    { "aria-label": run.id },
    h("h2", null, run.id),
    h("p", { role: "status" }, outcome ?? control),
    isStopped ? button("Continue", { type: "CONTINUE" }) : button("Pause", { type: "PAUSE" }),
    button("Cancel", { type: "CANCEL" }),
  );
}

/** As `useSelector` wants it: with all the ways of subscribing that XState has. It uses the one with an observer. */
type SelectableRun = Omit<ShownRun, "subscribe"> & Pick<import("xstate").AnyActorRef, "subscribe">;
