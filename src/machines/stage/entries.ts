/** What the stage chart writes into the journal. */
import type { NewEntry } from "../../journal/entry.ts";
import { classifyFailure } from "../attempt.ts";
import type { Effect, StageEvent } from "../protocol.ts";
import { emit } from "../xstate.ts";
import {
  type Args,
  abandonedMark,
  type EventOf,
  ended,
  finalOutcome,
  gateId,
  policyAfterCrash,
  retryDelayMs,
  retryTimer,
  runMsOf,
  type StageContext,
  settledOutcome,
  timeoutTimer,
  waitTimer,
  where,
  which,
} from "./facts.ts";

const entry = (build: (args: Args) => NewEntry) =>
  emit<StageContext, StageEvent, undefined, StageEvent, Effect>(({ context, event }) => ({
    type: "effect.journal",
    entry: build({ context, event }),
  }));

/** What comes with the outcome of an activation. */
function settlement(event: StageEvent) {
  if (event.type !== "SETTLED") return {};
  const { code, removed, provenance } = event;
  return {
    ...(code === undefined ? {} : { code }),
    ...(removed === undefined ? {} : { removed: [...removed] }),
    ...(provenance === undefined ? {} : { provenance: { ...provenance } }),
  };
}

export const stageEntries = {
  "record started": entry(({ context }) => ({
    type: "stage.started",
    ...which(context),
    data: context.timeoutMs === undefined ? {} : { timeoutMs: context.timeoutMs },
  })),
  "record the time-out": entry(({ context }) => ({
    type: "timer.fired",
    ...which(context),
    data: { timer: timeoutTimer(context) },
  })),
  "record interrupted": entry(({ context, event }) => ({
    type: "stage.interrupted",
    ...which(context),
    data: {
      cause: context.cause ?? "shutdown",
      inARow: context.inARow,
      policy: event.type === "EXECUTION_LOST" ? policyAfterCrash(context) : "retry",
      ...(event.type === "EXECUTION_LOST" && event.detail !== undefined ? { detail: event.detail } : {}),
      ...(event.type === "EXECUTION_ENDED" ? abandonedMark(event) : {}),
    },
  })),
  "record the retry": entry(({ context, event }) => ({
    type: "stage.retry_scheduled",
    ...which(context),
    data: {
      outcome: finalOutcome({ context, event }),
      failureClass: classifyFailure(ended(event).end, context.abort),
      nextAttempt: context.attempt + 1,
      delayMs: retryDelayMs({ context, event }),
      timer: retryTimer(context),
      dueMs: event.runMs + retryDelayMs({ context, event }),
      ...abandonedMark(event),
    },
  })),
  "record the timer": entry(({ context, event }) => ({
    type: "timer.set",
    ...where(context),
    data: {
      timer: waitTimer(context),
      actor: `stage:${context.stage}`,
      kind: "wait",
      clock: "run",
      dueMs: runMsOf(event) + (context.durationMs ?? 0),
    },
  })),
  "record fired": entry(({ context, event }) => ({
    type: "timer.fired",
    ...where(context),
    data: { timer: (event as EventOf<"TIMER_FIRED">).timer },
  })),
  "record the cleared back-off": entry(({ context }) => ({
    type: "timer.cleared",
    ...where(context),
    data: { timer: retryTimer(context) },
  })),
  "record the cleared wait": entry(({ context }) => ({
    type: "timer.cleared",
    ...where(context),
    data: { timer: waitTimer(context) },
  })),
  "record entered": entry(({ context }) => ({
    type: "stage.entered",
    ...where(context),
    data: { kind: context.type },
  })),
  "record the withdrawal": entry(({ context }) => ({
    type: "gate.withdrawn",
    ...where(context),
    data: { gate: gateId(context), reason: "cancelled" },
  })),
  "record the answer": entry(({ context, event }) => {
    const { timedOut, choice, answer, by, outcome } = event as EventOf<"ANSWER">;
    return timedOut
      ? {
          type: "gate.timed_out",
          ...where(context),
          data: { gate: gateId(context), ...(choice ? { defaultChoice: choice } : {}), choice, outcome },
        }
      : { type: "gate.answered", ...where(context), data: { gate: gateId(context), answer, by, choice, outcome } };
  }),
  "record success": entry((args) => ({
    type: "stage.succeeded",
    ...which(args.context),
    data: { outcome: finalOutcome(args) },
  })),
  "record partial": entry((args) => ({
    type: "stage.succeeded",
    ...which(args.context),
    data: { outcome: finalOutcome(args, "partial_success"), partialFrom: ended(args.event).outcome.status },
  })),
  "record skip": entry((args) => ({
    type: "stage.skipped",
    ...which(args.context),
    data: { outcome: finalOutcome(args) },
  })),
  "record failure": entry((args) => ({
    type: "stage.failed",
    ...which(args.context),
    data: {
      outcome: finalOutcome(args, "fail"),
      code: args.context.abort === "timeout" ? "timeout" : ended(args.event).end.thrown ? "exception" : "fail",
      failureClass: classifyFailure(ended(args.event).end, args.context.abort),
      ...abandonedMark(args.event),
    },
  })),
  "record the crash failure": entry(({ context }) => ({
    type: "stage.failed",
    ...which(context),
    data: {
      outcome: { status: "fail", failureReason: "its process was lost and on_interrupt is fail" },
      code: "interrupted",
      failureClass: "transient",
    },
  })),
  "record passed": entry(({ context }) => ({
    type: "stage.succeeded",
    ...where(context),
    data: { outcome: { status: "success" }, kind: context.type },
  })),
  "record settled": entry(({ context, event }): NewEntry => {
    const outcome = settledOutcome(context);
    const place = context.kind === "execution" ? which(context) : where(context);
    const { code = context.child?.code ?? "fail", ...merged } = settlement(event);
    if (outcome.status === "fail") return { type: "stage.failed", ...place, data: { outcome, code, ...merged } };
    if (outcome.status === "skipped") return { type: "stage.skipped", ...place, data: { outcome, ...merged } };
    return { type: "stage.succeeded", ...place, data: { outcome, ...merged } };
  }),
  "record cancelled": entry(({ context, event }) => ({
    type: "stage.cancelled",
    ...(context.attempt > 0 ? which(context) : where(context)),
    data: { reason: "cancel", ...(event.type === "EXECUTION_ENDED" ? abandonedMark(event) : {}) },
  })),
};
