/** What the run chart answers to commands and asks of the driver. */
import type { Effect, RunEvent } from "../protocol.ts";
import { emit } from "../xstate.ts";
import type { Args, EventOf, RunContext } from "./facts.ts";

const effect = (build: (args: Args) => Effect) =>
  emit<RunContext, RunEvent, undefined, RunEvent, Effect>(({ context, event }) => build({ context, event }));
const accept = (changed: boolean) =>
  effect(({ event }) => ({
    type: "effect.reply",
    commandId: (event as EventOf<"PAUSE">).commandId,
    accepted: true,
    changed,
  }));
const refuse = (code: string, hint: string) =>
  effect(({ event }) => ({
    type: "effect.reply",
    commandId: (event as EventOf<"PAUSE">).commandId,
    accepted: false,
    changed: false,
    code,
    hint,
  }));
const row = (status: string, more: { statusReason?: string | null } = {}) =>
  effect(() => ({ type: "effect.run", patch: { status, ...more } }));
const finish = (status: string) =>
  effect(({ context, event }) => ({
    type: "effect.run",
    patch: {
      status,
      statusReason: context.end?.restart != null ? "restarted" : null,
      finishedAtMs: event.atMs,
    },
  }));

export const runAsks = {
  accept: accept(true),
  "accept without change": accept(false),
  "refuse: not paused": refuse("not_paused", "the run is not paused; there is nothing to continue"),
  "refuse: cancelling": refuse("run_cancelling", "the run is being cancelled; start a new one from it with fork"),
  "refuse: parent paused": refuse("parent_paused", "the run is paused with its parent; continue the parent"),
  "start over": effect(({ context }) => ({ type: "effect.restart", node: context.end?.restart ?? "" })),
  "row: queued": row("queued"),
  "row: running": row("running", { statusReason: null }),
  "row: started": effect(({ event }) => ({
    type: "effect.run",
    patch: { status: "running", startedAtMs: event.atMs },
  })),
  "row: pausing": row("pausing"),
  "row: paused": row("paused"),
  "row: cancelling": row("cancelling"),
  "row: completed": finish("completed"),
  "row: failed": finish("failed"),
  "row: cancelled": finish("cancelled"),
  "start the main branch": effect(() => ({ type: "effect.branch.spawn", branch: "main" })),
  leave: effect(() => ({ type: "effect.ended", actor: "run" })),
};
