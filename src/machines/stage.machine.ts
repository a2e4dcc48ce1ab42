/**
 * A stage: a node while a branch visits it.
 *
 * Two regions. `control` follows the run. `execution` says how far the work is. Nothing begins unless control is
 * `running`; those moves are `always`, so that whatever opened the way (an answer, a timer, a continue), the same rule
 * lets it through. Source: 03 §2-3.
 */
import type { EntryOutcome } from "../journal/catalogue.ts";
import { CRASH_INTERRUPTIONS_MAX } from "../limits.ts";
import type { AttemptVerdict } from "./attempt.ts";
import type { Effect, StageEvent } from "./protocol.ts";
import { stageAsks } from "./stage/asks.ts";
import { childAsks, childChanges, childEntries, childGuards } from "./stage/child.ts";
import { childStates } from "./stage/child-states.ts";
import { stageEntries } from "./stage/entries.ts";
import {
  type Args,
  arrival,
  type EventOf,
  gateId,
  isCurrent,
  retryTimer,
  type StageContext,
  type StageInput,
  settledOutcome,
  verdict,
  waitTimer,
} from "./stage/facts.ts";
import { hasRoom } from "./stage/region.ts";
import { regionChanges } from "./stage/region-changes.ts";
import { regionEntries } from "./stage/region-entries.ts";
import { and, assign, not, setup, stateIn } from "./xstate.ts";

export { executionId, type StageContext, type StageInput } from "./stage/facts.ts";

/** Whether the open execution has ended, with this verdict. */
const endsBy = (wanted: AttemptVerdict) => (args: Args) => isCurrent(args) && verdict(args) === wanted;

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
    "is a region": ({ context }) =>
      context.kind === "parallel" || context.kind === "foreach" || context.kind === "loop",
    "is a child run": ({ context }) => context.kind === "child",
    ...childGuards,
    "stops here": ({ event }) => event.type === "NEXT" && event.stop !== undefined,
    "has room": ({ context }) => context.region !== undefined && hasRoom(context.region),
    "is decided": ({ context }) => context.region?.decision != null,
    "none is open": ({ context }) => (context.region?.inFlight.length ?? 0) === 0,
    "is let in": ({ event }) => (arrival(event)?.control ?? "running") === "running",
    "entered while pausing": ({ event }) => ["pausing", "paused"].includes(arrival(event)?.control ?? ""),
    "entered while cancelling": ({ event }) => arrival(event)?.control === "cancelling",
    "is live": and([
      not(stateIn({ execution: "succeeded" })),
      not(stateIn({ execution: "failed" })),
      not(stateIn({ execution: "skipped" })),
      not(stateIn({ execution: "cancelled" })),
    ]),
    "ends in success": endsBy("succeed"),
    "ends skipped": endsBy("skip"),
    "ends partial": endsBy("partial"),
    "is tried again": endsBy("retry"),
    "ends in failure": endsBy("fail"),
    "is interrupted": endsBy("interrupt"),
    "is cancelled": endsBy("cancel"),
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
    ...stageEntries,
    ...regionEntries,
    ...regionChanges,
    ...childEntries,
    ...stageAsks,
    ...childAsks,
    ...childChanges,
    "count the attempt": assign({ attempt: ({ context }) => context.attempt + 1, start: 0, inARow: 0 }),
    "open an execution": assign({
      start: ({ context }) => context.start + 1,
      abort: null,
      cause: null,
      settled: null,
      choice: null,
    }),
    "note abort pause": assign({ abort: ({ context }) => context.abort ?? "pause" }),
    "note abort cancel": assign({ abort: "cancel" }),
    "note abort timeout": assign({ abort: ({ context }) => context.abort ?? "timeout" }),
    "note abort": assign({ abort: ({ context, event }) => context.abort ?? (event as EventOf<"INTERRUPT">).reason }),
    "note the interruption": assign({
      // Without an abort it is a machine that was suspended while the run drains.
      cause: ({ context }) => (context.abort === "shutdown" ? "shutdown" : "pause"),
      inARow: 0,
      since: ({ event }) => event.baseSeq,
    }),
    "note the crash": assign({
      cause: ({ event }) => (event as EventOf<"EXECUTION_LOST">).cause,
      inARow: ({ context }) => context.inARow + 1,
      since: ({ event }) => event.baseSeq,
    }),
    "count crashes anew": assign({ inARow: 0 }),
    "forget the signal": assign({ abort: null }),
    "close the attempt": assign({ abort: null, inARow: 0 }),
    "forget the cause": assign({ cause: null }),
    "keep the answer": assign({
      settled: ({ event }) => (event as EventOf<"ANSWER">).outcome,
      choice: ({ event }) => (event as EventOf<"ANSWER">).choice,
      since: ({ event }) => event.baseSeq,
    }),
    "carry on": assign({ settled: ({ context }) => context.settled ?? { status: "success" } }),
    "settle the wait": assign({ settled: { status: "success" }, since: ({ event }) => event.baseSeq }),
    "keep the settlement": assign({ settled: ({ event }) => (event as EventOf<"SETTLED">).outcome }),
  },
});

/** An end counts unless the whole activation is being cancelled. It is written down before it is counted. */
const endsOfBranches = [
  {
    guard: stateIn({ control: "cancelling" }),
    actions: ["record the branch's end", "drop the branch's end", "forget the branch"],
  },
  { actions: ["record the branch's end", "keep the branch's end", "count the branch's end"] },
] as const;

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
    ...(input.pollMs === undefined ? {} : { pollMs: input.pollMs }),
    ...(input.edge === undefined ? {} : { edge: input.edge }),
    attempt: 0,
    start: 0,
    inARow: 0,
    abort: null,
    cause: null,
    settled: input.carried as EntryOutcome | null,
    choice: null,
    ...(input.control === "running" ? {} : { since: input.baseSeq }),
  }),
  states: {
    control: {
      initial: "running",
      states: {
        running: {
          on: { PAUSE: { guard: "is live", target: "pausing" }, CANCEL: { guard: "is live", target: "cancelling" } },
          // Where the run was when the stage was entered; only the event that creates it says so.
          always: [
            { guard: "entered while cancelling", target: "cancelling" },
            { guard: "entered while pausing", target: "paused" },
          ],
        },
        pausing: {
          on: { CONTINUE: { guard: "is live", target: "running" }, CANCEL: { guard: "is live", target: "cancelling" } },
          always: {
            guard: and(["is live", not(stateIn({ execution: "executing" })), "nothing of its child is in flight"]),
            target: "paused",
          },
        },
        paused: {
          entry: "tell the branch it holds",
          on: { CONTINUE: { guard: "is live", target: "running" }, CANCEL: { guard: "is live", target: "cancelling" } },
        },
        cancelling: { always: { guard: stateIn({ execution: "cancelled" }), target: "cancelled" } },
        cancelled: {},
      },
    },
    execution: {
      initial: "ready",
      states: {
        ready: {
          always: [
            // What most stages are comes first, here and below: a guard is a third of a step's cost.
            {
              guard: and(["is an execution", stateIn({ control: "running" }), "is let in"]),
              target: "executing",
              actions: "count the attempt",
            },
            { guard: and([stateIn({ control: "running" }), "is let in"]), target: "beginning" },
            { guard: stateIn({ control: "cancelling" }), target: "cancelled" },
          ],
        },
        beginning: {
          always: [
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
            { guard: "is a region", target: "opening", actions: "record entered" },
            { guard: "is a child run", target: "engaging", actions: "record entered" },
            { target: "asking", actions: ["record entered", "open the gate"] },
          ],
        },
        /** Asked and answered within one turn. */
        opening: {
          entry: "ask for the facts",
          on: {
            OPENED: { target: "working", actions: "note the region" },
            SETTLED: { target: "acting", actions: ["record the exit", "keep the settlement"] },
          },
        },
        /** Its branches come and go; what was decided is acted upon when control allows. */
        working: {
          on: {
            NEXT: [
              { guard: and([stateIn({ control: "running" }), "stops here"]), actions: "decide to stop" },
              {
                guard: and([stateIn({ control: "running" }), "has room"]),
                actions: ["count the beginning", "begin the branch"],
              },
            ],
            BRANCH_ENDED: endsOfBranches,
            ABORT: { target: "winding_down", actions: ["decide to abort", "record the decision"] },
          },
          always: [
            { guard: and([stateIn({ control: "cancelling" }), "none is open"]), target: "cancelled" },
            {
              guard: and(["is decided", stateIn({ control: "running" })]),
              target: "winding_down",
              actions: "record the decision",
            },
          ],
        },
        /** Branches that are still open are cancelled, and awaited. */
        winding_down: {
          on: { BRANCH_ENDED: endsOfBranches },
          always: [
            { guard: and([stateIn({ control: "cancelling" }), "none is open"]), target: "cancelled" },
            { guard: and(["none is open", stateIn({ control: "running" })]), target: "settling" },
          ],
        },
        settling: {
          entry: "ask for the outcome",
          // What was asked for and not answered before a pause is asked for again after it.
          always: { guard: not(stateIn({ control: "running" })), target: "winding_down" },
          on: { SETTLED: { target: "acting", actions: ["record the exit", "keep the settlement"] } },
        },
        ...childStates,
        executing: {
          entry: ["open an execution", "record started", "start the handler"],
          on: {
            EXECUTION_ENDED: [
              {
                guard: "ends in success",
                target: "succeeded",
                actions: ["record success", "tell the branch its outcome"],
              },
              { guard: "is cancelled", target: "cancelled" },
              {
                guard: "is interrupted",
                target: "interrupted",
                actions: ["note the interruption", "record interrupted"],
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
