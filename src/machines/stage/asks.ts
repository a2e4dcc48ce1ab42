/** What the stage chart asks of the driver, and what it tells its branch. */
import type { RoutingOutcome } from "../../graph/index.ts";
import { formatBranch } from "../../journal/address.ts";
import type { Effect, StageEvent } from "../protocol.ts";
import { emit } from "../xstate.ts";
import {
  type Args,
  type EventOf,
  executionId,
  finalOutcome,
  gateId,
  retryDelayMs,
  retryTimer,
  routing,
  runMsOf,
  type StageContext,
  settledOutcome,
  waitTimer,
} from "./facts.ts";
import { branchEnd } from "./region.ts";

const effect = (build: (args: Args) => Effect) =>
  emit<StageContext, StageEvent, undefined, StageEvent, Effect>(({ context, event }) => build({ context, event }));

const tellBranch = (outcome: (args: Args) => RoutingOutcome, cancelled = false) =>
  effect((args) => ({
    type: "effect.message",
    to: `branch:${args.context.branch}`,
    event: {
      type: "STAGE_ENDED",
      stage: args.context.stage,
      node: args.context.node,
      cancelled,
      counts: args.context.kind !== "instant",
      outcome: outcome(args),
    },
  }));

export const stageAsks = {
  "start the handler": effect(({ context }) => ({
    type: "effect.execution.start",
    stage: context.stage,
    execution: executionId(context),
    attempt: context.attempt,
  })),
  "ask it to pause": effect(({ context }) => ({
    type: "effect.execution.abort",
    execution: executionId(context),
    reason: "pause",
  })),
  "ask it to cancel": effect(({ context }) => ({
    type: "effect.execution.abort",
    execution: executionId(context),
    reason: "cancel",
  })),
  "ask it to stop in time": effect(({ context }) => ({
    type: "effect.execution.abort",
    execution: executionId(context),
    reason: "timeout",
  })),
  "ask it to stop": effect(({ context, event }) => ({
    type: "effect.execution.abort",
    execution: executionId(context),
    reason: (event as EventOf<"INTERRUPT">).reason,
  })),
  "arm the back-off": effect(({ context, event }) => ({
    type: "effect.timer.set",
    timer: retryTimer(context),
    actor: `stage:${context.stage}`,
    kind: "retry",
    clock: "run",
    dueMs: event.runMs + retryDelayMs({ context, event }),
  })),
  "arm the wait": effect(({ context, event }) => ({
    type: "effect.timer.set",
    timer: waitTimer(context),
    actor: `stage:${context.stage}`,
    kind: "wait",
    clock: "run",
    dueMs: runMsOf(event) + (context.durationMs ?? 0),
  })),
  "clear the back-off": effect(({ context }) => ({ type: "effect.timer.clear", timer: retryTimer(context) })),
  "clear the wait": effect(({ context }) => ({ type: "effect.timer.clear", timer: waitTimer(context) })),
  "open the gate": effect(({ context }) => ({
    type: "effect.gate.open",
    gate: gateId(context),
    stage: context.stage,
    purpose: context.kind === "gate" ? "gate" : "interrupted",
  })),
  "withdraw the gate": effect(({ context }) => ({
    type: "effect.gate.close",
    gate: gateId(context),
    status: "withdrawn",
  })),
  "close the gate": effect(({ context, event }) => ({
    type: "effect.gate.close",
    gate: gateId(context),
    status: (event as EventOf<"ANSWER">).timedOut ? "timed_out" : "answered",
    answer: (event as EventOf<"ANSWER">).answer,
  })),
  "tell the branch its outcome": tellBranch((args) => routing(finalOutcome(args))),
  "tell the branch partial": tellBranch((args) => routing(finalOutcome(args, "partial_success"))),
  "tell the branch failed": tellBranch((args) => routing(finalOutcome(args, "fail"))),
  "tell the branch lost": tellBranch(() => ({
    status: "fail",
    failureReason: "its process was lost and on_interrupt is fail",
  })),
  "tell the branch settled": tellBranch(({ context }) => routing(settledOutcome(context))),
  "tell the branch cancelled": tellBranch(() => ({ status: "fail", failureReason: "cancelled" }), true),
  "tell the branch it holds": effect(({ context }) => ({
    type: "effect.message",
    to: `branch:${context.branch}`,
    event: { type: "STAGE_HELD" },
  })),
  "ask for the facts": effect(({ context }) => ({
    type: "effect.region.open",
    stage: context.stage,
    node: context.node,
  })),
  "begin the branch": effect(({ context }) => {
    // The one that was counted last.
    const index = (context.region?.next ?? 1) - 1;
    return { type: "effect.branch.spawn", branch: formatBranch({ activation: context.stage, index }), index };
  }),
  "keep the branch's end": effect(({ context, event }) => ({
    type: "effect.region.keep",
    stage: context.stage,
    end: branchEnd(event),
    counts: context.region?.decision === null,
  })),
  "drop the branch's end": effect(({ context, event }) => ({
    type: "effect.region.keep",
    stage: context.stage,
    end: branchEnd(event),
    counts: false,
  })),
  "ask for the outcome": effect(({ context }) => ({
    type: "effect.region.settle",
    stage: context.stage,
    node: context.node,
    decision: context.region?.decision ?? { decision: "fail", status: "fail" },
  })),
  leave: effect(({ context }) => ({ type: "effect.ended", actor: `stage:${context.stage}` })),
};
