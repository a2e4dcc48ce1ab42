/** What the run chart writes into the journal. */
import type { NewEntry } from "../../journal/entry.ts";
import type { Effect, RunEvent } from "../protocol.ts";
import { emit } from "../xstate.ts";
import { type Args, type EventOf, type RunContext, runMs, stoppedForMs } from "./facts.ts";

const entry = (build: (args: Args) => NewEntry) =>
  emit<RunContext, RunEvent, undefined, RunEvent, Effect>(({ context, event }) => ({
    type: "effect.journal",
    entry: build({ context, event }),
  }));
const reasonOf = (event: RunEvent) => ("reason" in event && event.reason !== undefined ? { reason: event.reason } : {});

export const runEntries = {
  "record queued": entry(() => ({ type: "run.queued", data: {} })),
  "record started": entry(() => ({ type: "run.started", data: {} })),
  "record pausing": entry(({ context, event }) => {
    const { mode, source, deadlineMs, draining } = event as EventOf<"PAUSE">;
    return {
      type: "run.pausing",
      data: {
        mode,
        source,
        draining: [...draining],
        ...(deadlineMs === undefined ? {} : { deadlineMs }),
        ...reasonOf(event),
        runTimeMs: runMs({ context, event }),
      },
    } as NewEntry;
  }),
  "record paused": entry(({ context, event }) => ({
    type: "run.paused",
    data: {
      runTimeMs: runMs({ context, event }),
      ...(context.pause?.reason ? { reason: context.pause.reason } : {}),
    },
  })),
  "record continued": entry(({ context, event }) => {
    const { message, context: updates } = event as EventOf<"CONTINUE">;
    return {
      type: "run.continued",
      data: {
        runTimeMs: runMs({ context, event }),
        pausedMs: stoppedForMs({ context, event }),
        ...(message === undefined ? {} : { message }),
        ...(updates === undefined ? {} : { context: updates }),
        ...reasonOf(event),
      },
    } as NewEntry;
  }),
  "record withdrawn": entry(({ context, event }) => {
    const { message, context: updates } = event as EventOf<"CONTINUE">;
    return {
      type: "run.continued",
      data: {
        runTimeMs: runMs({ context, event }),
        pausedMs: stoppedForMs({ context, event }),
        withdrawn: true,
        ...(message === undefined ? {} : { message }),
        ...(updates === undefined ? {} : { context: updates }),
        ...reasonOf(event),
      },
    } as NewEntry;
  }),
  "record escalated": entry(({ event }) => ({
    type: "pause.escalated",
    data: { draining: [...(event as EventOf<"ESCALATE">).draining] },
  })),
  "record cancelling": entry(({ event }) => {
    const { graceMs, force, atMs } = event as EventOf<"CANCEL">;
    return {
      type: "run.cancelling",
      data: { graceMs, deadlineMs: atMs + (force ? 0 : graceMs), ...(force ? { force } : {}), ...reasonOf(event) },
    };
  }),
  "record forced": entry(({ context, event }) => ({
    type: "run.cancelling",
    data: {
      graceMs: context.cancel?.graceMs ?? 0,
      deadlineMs: event.atMs,
      force: true,
      ...(context.cancel?.reason ? { reason: context.cancel.reason } : {}),
    },
  })),
  "record cancelled": entry(({ context, event }) => ({
    type: "run.cancelled",
    data: {
      abandoned: event.type === "QUIET" ? [...event.abandoned] : [],
      ...(context.cancel?.reason ? { reason: context.cancel.reason } : {}),
      ...(event.type === "CANCEL" ? reasonOf(event) : {}),
    },
  })),
  "record completed": entry(({ context }) => ({
    type: "run.completed",
    data: { status: context.end?.status ?? "success", exit: context.end?.exit ?? "" },
  })),
  "record failed": entry(({ context }) => {
    const failure = context.end?.failure ?? { code: "internal", message: "the run ended without an outcome" };
    return { type: "run.failed", data: { ...failure } };
  }),
};
