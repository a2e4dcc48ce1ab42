/**
 * A stage: a node while a branch visits it.
 *
 * Two regions. `control` follows the run. `execution` says how far the work is. Nothing begins unless control is
 * `running`; those moves are `always`, so that whatever opened the way (an answer, a timer, a continue), the same rule
 * lets it through. Source: 03 §2-3.
 */
import type { RoutingOutcome } from "../graph/index.ts";
import type { EntryOutcome } from "../journal/catalogue.ts";
import type { NewEntry } from "../journal/entry.ts";
import { CRASH_INTERRUPTIONS_MAX } from "../limits.ts";
import { backoffDelayMs, classifyFailure, decideAttempt } from "./attempt.ts";
import type { AbortReason, Effect, StageEvent, StageKind, StageLimits } from "./protocol.ts";
import { and, assign, emit, not, setup, stateIn } from "./xstate.ts";

export interface StageInput {
  readonly stage: string;
  readonly node: string;
  readonly branch: string;
  readonly visit: number;
  readonly kind: StageKind;
  readonly type: string;
  readonly limits: StageLimits;
  /** For the jitter of the back-off. */
  readonly seed: string;
  /** What a conditional carries on. */
  readonly carried: RoutingOutcome | null;
  readonly durationMs?: number;
  readonly timeoutMs?: number;
  /** Declaration index of the edge that led here. */
  readonly edge?: number;
  /** Control state of the run when the stage was entered. */
  readonly control: "running" | "pausing" | "paused" | "cancelling";
  readonly atMs: number;
  readonly runMs: number;
}

export interface StageContext {
  stage: string;
  node: string;
  branch: string;
  visit: number;
  kind: StageKind;
  type: string;
  limits: StageLimits;
  seed: string;
  durationMs?: number;
  timeoutMs?: number;
  edge?: number;
  /** Current attempt, from 1; 0 before the first. */
  attempt: number;
  /** Executions of the current attempt so far. */
  start: number;
  /** Crash interruptions of the current attempt in a row. */
  inARow: number;
  abort: AbortReason | null;
  /** Why the newest execution was interrupted. */
  cause: "crash" | "foreign_host" | "pause" | "shutdown" | null;
  /** An answer or result that waits to be acted on. */
  settled: EntryOutcome | null;
  choice: string | null;
}

export const executionId = (context: Pick<StageContext, "stage" | "attempt" | "start">): string =>
  `${context.stage}#${context.attempt}.${context.start}`;

type Args = { context: StageContext; event: StageEvent };
type EventOf<T extends StageEvent["type"]> = Extract<StageEvent, { type: T }>;

const entry = (build: (args: Args) => NewEntry) =>
  emit<StageContext, StageEvent, undefined, StageEvent, Effect>(({ context, event }) => ({
    type: "effect.journal",
    entry: build({ context, event }),
  }));
const effect = (build: (args: Args) => Effect) =>
  emit<StageContext, StageEvent, undefined, StageEvent, Effect>(({ context, event }) => build({ context, event }));

const verdict = ({ context, event }: Args) =>
  decideAttempt({
    end: (event as EventOf<"EXECUTION_ENDED">).end,
    attempt: context.attempt,
    limits: context.limits,
    abort: context.abort,
  });
const isCurrent = ({ context, event }: Args) =>
  (event as EventOf<"EXECUTION_ENDED">).execution === executionId(context);
const ended = (event: StageEvent) => event as EventOf<"EXECUTION_ENDED">;
const retryTimer = (context: StageContext) => `${context.stage}#${context.attempt}:retry`;
/** Of the wall clock, in memory only: it ends with its execution's process. */
const timeoutTimer = (context: StageContext) => `${executionId(context)}:timeout`;
const waitTimer = (context: StageContext) => `${context.stage}:wait`;
const gateId = (context: StageContext) =>
  context.kind === "gate" ? context.stage : `${executionId(context)}:interrupted`;
const where = (context: StageContext) => ({ branch: context.branch, stage: context.stage });
const which = (context: StageContext) => ({
  ...where(context),
  attempt: context.attempt,
  execution: executionId(context),
});
const retryDelayMs = ({ context, event }: Args) =>
  ended(event).end.thrown?.retryAfterMs ?? backoffDelayMs(context.limits.backoff, context.attempt, context.seed);

/** The outcome as the entry has it; a time-out overrides whatever the handler said. */
function finalOutcome({ context, event }: Args, status?: string) {
  const { outcome } = ended(event);
  if (context.abort === "timeout") {
    const { contextUpdates: _late, ...rest } = outcome;
    return { ...rest, status: status ?? "fail", failureReason: `timed out after ${context.timeoutMs ?? 0} ms` };
  }
  return status ? { ...outcome, status } : outcome;
}

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

const abandonedMark = (event: StageEvent) => (ended(event).end?.abandoned ? { abandoned: true } : {});
const routing = ({ contextUpdates: _updates, ...rest }: EntryOutcome) => rest as RoutingOutcome;

const stage = setup({
  types: {
    context: {} as StageContext,
    events: {} as StageEvent,
    input: {} as StageInput,
    emitted: {} as Effect,
  },
  guards: {
    "control is running": stateIn({ control: "running" }),
    "is an execution": ({ context }) => context.kind === "execution",
    "is instant": ({ context }) => context.kind === "instant",
    "is a wait": ({ context }) => context.kind === "wait",
    "entered while pausing": ({ event }) => ["pausing", "paused"].includes(arrival(event)?.control ?? ""),
    "entered while cancelling": ({ event }) => arrival(event)?.control === "cancelling",
    "is live": and([
      not(stateIn({ execution: "succeeded" })),
      not(stateIn({ execution: "failed" })),
      not(stateIn({ execution: "skipped" })),
      not(stateIn({ execution: "cancelled" })),
    ]),
    "ends in success": ({ context, event }) =>
      isCurrent({ context, event }) && verdict({ context, event }) === "succeed",
    "ends skipped": ({ context, event }) => isCurrent({ context, event }) && verdict({ context, event }) === "skip",
    "ends partial": ({ context, event }) => isCurrent({ context, event }) && verdict({ context, event }) === "partial",
    "is tried again": ({ context, event }) => isCurrent({ context, event }) && verdict({ context, event }) === "retry",
    "ends in failure": ({ context, event }) => isCurrent({ context, event }) && verdict({ context, event }) === "fail",
    "is interrupted": ({ context, event }) =>
      isCurrent({ context, event }) && verdict({ context, event }) === "interrupt",
    "is cancelled": ({ context, event }) => isCurrent({ context, event }) && verdict({ context, event }) === "cancel",
    "is the open execution": isCurrent,
    "is late": ({ context, event }) => isCurrent({ context, event }) && context.abort !== "timeout",
    "was shut down": ({ context }) => context.cause === "shutdown",
    "is asked to interrupt": ({ event }) => event.type === "PAUSE" && event.mode === "interrupt",
    "is its timer": ({ context, event }) =>
      event.type === "TIMER_FIRED" &&
      event.timer === (context.kind === "wait" ? waitTimer(context) : retryTimer(context)),
    "is its gate": ({ context, event }) => event.type === "ANSWER" && event.gate === gateId(context),
    "may go on": ({ context }) => context.cause !== "shutdown",
    "asks after a crash": ({ context }) =>
      (context.cause === "crash" && context.limits.onInterrupt === "ask") ||
      context.cause === "foreign_host" ||
      (context.cause === "crash" &&
        context.inARow >= CRASH_INTERRUPTIONS_MAX &&
        context.limits.onInterrupt === "retry"),
    "fails after a crash": ({ context }) => context.cause === "crash" && context.limits.onInterrupt === "fail",
    // The options of a person's gate are the author's words, whatever they are.
    "chose retry": ({ context }) => context.kind === "execution" && context.choice === "retry",
    "chose fail": ({ context }) => settledOutcome(context).status === "fail",
    "carries a skip": ({ context }) => context.settled?.status === "skipped",
  },
  actions: {
    "count the attempt": assign({ attempt: ({ context }) => context.attempt + 1, start: 0, inARow: 0 }),
    "open an execution": assign({
      start: ({ context }) => context.start + 1,
      abort: null,
      cause: null,
      settled: null,
      choice: null,
    }),
    "record started": entry(({ context }) => ({
      type: "stage.started",
      ...which(context),
      data: context.timeoutMs === undefined ? {} : { timeoutMs: context.timeoutMs },
    })),
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
    "note abort pause": assign({ abort: ({ context }) => context.abort ?? "pause" }),
    "note abort cancel": assign({ abort: "cancel" }),
    "note abort timeout": assign({ abort: ({ context }) => context.abort ?? "timeout" }),
    "note abort": assign({ abort: ({ context, event }) => context.abort ?? (event as EventOf<"INTERRUPT">).reason }),
    "note the interruption": assign({
      // Without an abort it is a machine that was suspended while the run drains.
      cause: ({ context }) => (context.abort === "shutdown" ? "shutdown" : "pause"),
      inARow: 0,
    }),
    "note the crash": assign({
      cause: ({ event }) => (event as EventOf<"EXECUTION_LOST">).cause,
      inARow: ({ context }) => context.inARow + 1,
    }),
    "count crashes anew": assign({ inARow: 0 }),
    "forget the signal": assign({ abort: null }),
    "close the attempt": assign({ abort: null, inARow: 0 }),
    "forget the cause": assign({ cause: null }),
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
    "arm the back-off": effect(({ context, event }) => ({
      type: "effect.timer.set",
      timer: retryTimer(context),
      actor: `stage:${context.stage}`,
      kind: "retry",
      clock: "run",
      dueMs: event.runMs + retryDelayMs({ context, event }),
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
    "arm the wait": effect(({ context, event }) => ({
      type: "effect.timer.set",
      timer: waitTimer(context),
      actor: `stage:${context.stage}`,
      kind: "wait",
      clock: "run",
      dueMs: runMsOf(event) + (context.durationMs ?? 0),
    })),
    "record fired": entry(({ context, event }) => ({
      type: "timer.fired",
      ...where(context),
      data: { timer: (event as EventOf<"TIMER_FIRED">).timer },
    })),
    "clear the back-off": effect(({ context }) => ({ type: "effect.timer.clear", timer: retryTimer(context) })),
    "clear the wait": effect(({ context }) => ({ type: "effect.timer.clear", timer: waitTimer(context) })),
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
    "record the withdrawal": entry(({ context }) => ({
      type: "gate.withdrawn",
      ...where(context),
      data: { gate: gateId(context), reason: "cancelled" },
    })),
    "close the gate": effect(({ context, event }) => ({
      type: "effect.gate.close",
      gate: gateId(context),
      status: (event as EventOf<"ANSWER">).timedOut ? "timed_out" : "answered",
      answer: (event as EventOf<"ANSWER">).answer,
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
    "keep the answer": assign({
      settled: ({ event }) => (event as EventOf<"ANSWER">).outcome,
      choice: ({ event }) => (event as EventOf<"ANSWER">).choice,
    }),
    "carry on": assign({ settled: ({ context }) => context.settled ?? { status: "success" } }),
    "settle the wait": assign({ settled: { status: "success" } }),
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
    "record settled": entry(({ context }): NewEntry => {
      const outcome = settledOutcome(context);
      const place = context.kind === "execution" ? which(context) : where(context);
      if (outcome.status === "fail") return { type: "stage.failed", ...place, data: { outcome, code: "fail" } };
      if (outcome.status === "skipped") return { type: "stage.skipped", ...place, data: { outcome } };
      return { type: "stage.succeeded", ...place, data: { outcome } };
    }),
    "record cancelled": entry(({ context, event }) => ({
      type: "stage.cancelled",
      ...(context.attempt > 0 ? which(context) : where(context)),
      data: { reason: "cancel", ...(event.type === "EXECUTION_ENDED" ? abandonedMark(event) : {}) },
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
    leave: effect(({ context }) => ({ type: "effect.ended", actor: `stage:${context.stage}` })),
  },
});

function policyAfterCrash(context: StageContext): "retry" | "ask" | "fail" {
  if (context.cause === "foreign_host") return "ask";
  if (context.limits.onInterrupt === "retry" && context.inARow >= CRASH_INTERRUPTIONS_MAX) return "ask";
  return context.limits.onInterrupt;
}

/** What an answered or instant stage came to. A `retry` that is no word here asks for what cannot be: a failure. */
function settledOutcome({ kind, settled, choice, limits }: StageContext): EntryOutcome {
  const outcome = settled ?? { status: "success" };
  if (kind === "instant" || outcome.status === "fail") return outcome;
  const isRefused = outcome.status === "retry" && limits.retryIsWord !== true;
  return isRefused || (kind === "execution" && choice === "fail") ? { ...outcome, status: "fail" } : outcome;
}

/** The first event of a chart carries its input. */
function arrival(event: StageEvent): StageInput | undefined {
  return (event as unknown as { readonly input?: StageInput }).input;
}

function runMsOf(event: StageEvent): number {
  return arrival(event)?.runMs ?? event.runMs;
}

export const stageMachine = stage.createMachine({
  id: "stage",
  version: "1",
  type: "parallel",
  context: ({ input }) => ({
    stage: input.stage,
    node: input.node,
    branch: input.branch,
    visit: input.visit,
    kind: input.kind,
    type: input.type,
    limits: input.limits,
    seed: input.seed,
    ...(input.durationMs === undefined ? {} : { durationMs: input.durationMs }),
    ...(input.timeoutMs === undefined ? {} : { timeoutMs: input.timeoutMs }),
    ...(input.edge === undefined ? {} : { edge: input.edge }),
    attempt: 0,
    start: 0,
    inARow: 0,
    abort: null,
    cause: null,
    settled: input.carried as EntryOutcome | null,
    choice: null,
  }),
  states: {
    control: {
      initial: "entering",
      states: {
        entering: {
          always: [
            { guard: "entered while cancelling", target: "cancelling" },
            { guard: "entered while pausing", target: "paused" },
            { target: "running" },
          ],
        },
        running: {
          on: { PAUSE: { guard: "is live", target: "pausing" }, CANCEL: { guard: "is live", target: "cancelling" } },
        },
        pausing: {
          on: { CONTINUE: { guard: "is live", target: "running" }, CANCEL: { guard: "is live", target: "cancelling" } },
          always: { guard: and(["is live", not(stateIn({ execution: "executing" }))]), target: "paused" },
        },
        paused: { entry: "tell the branch it holds", on: { CONTINUE: "running", CANCEL: "cancelling" } },
        cancelling: { always: { guard: stateIn({ execution: "cancelled" }), target: "cancelled" } },
        cancelled: {},
      },
    },
    execution: {
      initial: "ready",
      states: {
        ready: {
          always: [
            { guard: stateIn({ control: "cancelling" }), target: "cancelled" },
            { guard: stateIn({ control: "running" }), target: "beginning" },
          ],
        },
        beginning: {
          always: [
            { guard: "is an execution", target: "executing", actions: "count the attempt" },
            {
              guard: "is instant",
              target: "succeeded",
              actions: ["record entered", "record passed", "carry on", "tell the branch settled"],
            },
            {
              guard: "is a wait",
              target: "waiting",
              actions: ["record entered", "record the timer", "arm the wait"],
            },
            { target: "asking", actions: ["record entered", "open the gate"] },
          ],
        },
        executing: {
          entry: ["open an execution", "record started", "start the handler"],
          on: {
            EXECUTION_ENDED: [
              { guard: "is cancelled", target: "cancelled" },
              {
                guard: "is interrupted",
                target: "interrupted",
                actions: ["note the interruption", "record interrupted"],
              },
              {
                guard: "ends in success",
                target: "succeeded",
                actions: ["record success", "tell the branch its outcome"],
              },
              { guard: "ends partial", target: "succeeded", actions: ["record partial", "tell the branch partial"] },
              { guard: "ends skipped", target: "skipped", actions: ["record skip", "tell the branch its outcome"] },
              { guard: "is tried again", target: "backing_off", actions: ["record the retry", "arm the back-off"] },
              { guard: "ends in failure", target: "failed", actions: ["record failure", "tell the branch failed"] },
            ],
            EXECUTION_LOST: [
              { guard: and([stateIn({ control: "cancelling" }), "is the open execution"]), target: "cancelled" },
              {
                guard: "is the open execution",
                target: "interrupted",
                actions: ["note the crash", "record interrupted"],
              },
            ],
            TIME_OUT: {
              guard: "is late",
              actions: ["note abort timeout", "record the time-out", "ask it to stop in time"],
            },
            PAUSE: { guard: "is asked to interrupt", actions: ["note abort pause", "ask it to pause"] },
            INTERRUPT: { actions: ["note abort", "ask it to stop"] },
            CANCEL: { actions: ["note abort cancel", "ask it to cancel"] },
          },
        },
        backing_off: {
          entry: "close the attempt",
          on: {
            TIMER_FIRED: { guard: "is its timer", target: "ready", actions: ["record fired"] },
            CANCEL: { target: "cancelled", actions: ["clear the back-off", "record the cleared back-off"] },
          },
        },
        interrupted: {
          entry: "forget the signal",
          on: {
            PROCEED: { guard: "was shut down", actions: "forget the cause" },
            CANCEL: "cancelled",
          },
          always: [
            { guard: stateIn({ control: "cancelling" }), target: "cancelled" },
            { guard: and([stateIn({ control: "running" }), "may go on"]), target: "reconsidering" },
          ],
        },
        reconsidering: {
          always: [
            { guard: "asks after a crash", target: "asking", actions: "open the gate" },
            {
              guard: "fails after a crash",
              target: "failed",
              actions: ["record the crash failure", "tell the branch lost"],
            },
            { target: "executing" },
          ],
        },
        asking: {
          on: {
            ANSWER: {
              guard: "is its gate",
              target: "answered",
              actions: ["record the answer", "close the gate", "keep the answer"],
            },
            CANCEL: { target: "cancelled", actions: ["withdraw the gate", "record the withdrawal"] },
          },
        },
        answered: {
          on: { CANCEL: "cancelled" },
          always: { guard: stateIn({ control: "running" }), target: "acting" },
        },
        acting: {
          always: [
            { guard: "chose retry", target: "executing", actions: "count crashes anew" },
            { guard: "chose fail", target: "failed", actions: ["record settled", "tell the branch settled"] },
            { guard: "carries a skip", target: "skipped", actions: ["record settled", "tell the branch settled"] },
            { target: "succeeded", actions: ["record settled", "tell the branch settled"] },
          ],
        },
        waiting: {
          on: {
            TIMER_FIRED: { guard: "is its timer", target: "answered", actions: ["record fired", "settle the wait"] },
            CANCEL: { target: "cancelled", actions: ["clear the wait", "record the cleared wait"] },
          },
        },
        succeeded: { entry: "leave" },
        failed: { entry: "leave" },
        skipped: { entry: "leave" },
        cancelled: { entry: ["record cancelled", "tell the branch cancelled", "leave"] },
      },
    },
  },
});
