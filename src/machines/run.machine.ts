/**
 * A run: what operators talk to.
 *
 * `control` is the table of 03 §2, a cell a transition; every command yields exactly one reply. `execution` is the
 * progress of the main branch. Admission asks this chart alone: after the commit that moves `control` out of `running`
 * nothing starts, whether or not branches and stages have followed yet. Source: 03 §2.
 */
import type { Effect, RunEvent } from "./protocol.ts";
import { runAsks } from "./run/asks.ts";
import { runEntries } from "./run/entries.ts";
import type { EventOf, RunContext, RunInput } from "./run/facts.ts";
import { and, assign, not, setup, stateIn } from "./xstate.ts";

export { type RunContext, type RunInput, runTimeMs } from "./run/facts.ts";

const run = setup({
  types: {
    context: {} as RunContext,
    events: {} as RunEvent,
    input: {} as RunInput,
    emitted: {} as Effect,
  },
  guards: {
    "has a slot": ({ context }) => context.slot,
    "gets a slot": ({ event }) => event.type === "CONTINUE" && event.slot,
    "stays paused by the other source": ({ context, event }) =>
      event.type === "CONTINUE" &&
      context.pause !== null &&
      (event.source === "own" ? context.pause.inherited : context.pause.own),
    "has this source already": ({ context, event }) =>
      (event.type === "PAUSE" || event.type === "CONTINUE") && context.pause?.[event.source] === true,
    "is held by its parent": ({ context, event }) =>
      event.type === "CONTINUE" && event.source === "own" && context.pause?.inherited === true,
    "ended well": ({ context }) => context.end !== null && context.end.failure === null && context.end.restart === null,
    "ended badly": ({ context }) => context.end?.failure != null,
    "starts over": ({ context }) => context.end?.restart != null,
    "was cancelled": ({ event }) => event.type === "BRANCH_ENDED" && event.cancelled,
    "is forced": ({ context, event }) => event.type === "CANCEL" && event.force && context.cancel?.force !== true,
    "has not begun": stateIn({ execution: "waiting" }),
    /** The driver answers for ended runs; the chart then takes nothing. */
    "is live": and([
      not(stateIn({ execution: "completed" })),
      not(stateIn({ execution: "failed" })),
      not(stateIn({ execution: "restarted" })),
    ]),
  },
  actions: {
    ...runAsks,
    ...runEntries,
    "stop the clock": assign({ stoppedAtMs: ({ context, event }) => context.stoppedAtMs ?? event.atMs }),
    "use the slot": assign({ slot: false }),
    "start the clock": assign({
      // Signed: should the wall clock have been set back meanwhile, run time still goes on where it stopped.
      pausedMs: ({ context, event }) => context.pausedMs + event.atMs - (context.stoppedAtMs ?? event.atMs),
      stoppedAtMs: null,
      pause: null,
    }),
    "note the pause": assign({
      pause: ({ event }) => {
        const { mode, source, deadlineMs, reason, baseSeq } = event as EventOf<"PAUSE">;
        return {
          own: source === "own",
          inherited: source === "inherited",
          mode,
          deadlineMs: deadlineMs ?? null,
          reason: reason ?? null,
          since: baseSeq,
        };
      },
    }),
    "note one more source": assign({
      pause: ({ context, event }) => {
        const { source, baseSeq } = event as EventOf<"PAUSE">;
        const none = {
          own: false,
          inherited: false,
          mode: "drain",
          deadlineMs: null,
          reason: null,
          since: baseSeq,
        } as const;
        const pause = context.pause ?? none;
        return { ...pause, own: pause.own || source === "own", inherited: pause.inherited || source === "inherited" };
      },
    }),
    "note one source less": assign({
      pause: ({ context, event }) => {
        const { source } = event as EventOf<"CONTINUE">;
        return context.pause && { ...context.pause, ...(source === "own" ? { own: false } : { inherited: false }) };
      },
    }),
    "drop the deadline": assign({ pause: ({ context }) => context.pause && { ...context.pause, deadlineMs: null } }),
    "note the escalation": assign({
      pause: ({ context }) => context.pause && { ...context.pause, mode: "interrupt", deadlineMs: null },
    }),
    "note the cancel": assign({
      cancel: ({ event }) => {
        const { graceMs, force, reason, atMs } = event as EventOf<"CANCEL">;
        return { reason: reason ?? null, graceMs, deadlineMs: atMs + (force ? 0 : graceMs), force };
      },
    }),
    "force the cancel": assign({
      cancel: ({ context, event }) => context.cancel && { ...context.cancel, force: true, deadlineMs: event.atMs },
    }),
    "note the end": assign({
      end: ({ event }) => {
        const { status, exit, failure, restart } = event as EventOf<"BRANCH_ENDED">;
        return { status, exit: exit ?? "", failure: failure ?? null, restart: restart ?? null };
      },
    }),
  },
});

const pausingMoves = {
  PAUSE: [
    { guard: "has this source already", actions: "accept without change" },
    { actions: ["note one more source", "accept"] },
  ],
  CANCEL: {
    target: "cancelling",
    actions: ["start the clock", "note the cancel", "record cancelling", "row: cancelling", "accept"],
  },
} as const;

/** Nothing is in flight and nothing will begin by itself. */
const queuedMoves = {
  PAUSE: {
    target: "paused",
    actions: ["note the pause", "stop the clock", "record pausing", "record paused", "row: paused", "accept"],
  },
  CONTINUE: { actions: "refuse: not paused" },
  CANCEL: [
    {
      guard: "has not begun",
      target: "cancelled",
      actions: ["note the cancel", "record cancelled", "row: cancelled", "accept"],
    },
    // Queued again after a pause: branches and stages have to follow first.
    { target: "cancelling", actions: ["note the cancel", "record cancelling", "row: cancelling", "accept"] },
  ],
} as const;

export const runMachine = run.createMachine({
  id: "run",
  version: "1",
  type: "parallel",
  context: ({ input }) => ({
    runId: input.runId,
    createdAtMs: input.createdAtMs,
    slot: input.slot,
    pausedMs: 0,
    stoppedAtMs: null,
    pause: null,
    cancel: null,
    end: null,
  }),
  states: {
    control: {
      initial: "arriving",
      states: {
        arriving: {
          on: {
            ...queuedMoves,
            PROCEED: [
              { guard: "has a slot", target: "running", actions: "use the slot" },
              { target: "queued", actions: ["record queued", "row: queued"] },
            ],
          },
        },
        queued: {
          on: {
            ...queuedMoves,
            SLOT: [
              { guard: "has not begun", target: "running", actions: "row: running" },
              { target: "running", actions: ["record started", "row: running"] },
            ],
          },
        },
        running: {
          on: {
            PAUSE: {
              guard: "is live",
              target: "pausing",
              actions: ["note the pause", "stop the clock", "record pausing", "row: pausing", "accept"],
            },
            CONTINUE: { guard: "is live", actions: "refuse: not paused" },
            CANCEL: {
              guard: "is live",
              target: "cancelling",
              actions: ["note the cancel", "record cancelling", "row: cancelling", "accept"],
            },
          },
        },
        pausing: {
          on: {
            ...pausingMoves,
            CONTINUE: [
              { guard: "is held by its parent", actions: "refuse: parent paused" },
              {
                guard: and(["stays paused by the other source", "has this source already"]),
                actions: ["note one source less", "accept"],
              },
              { guard: "stays paused by the other source", actions: "accept without change" },
              { target: "running", actions: ["record withdrawn", "start the clock", "row: running", "accept"] },
            ],
            ESCALATE: { actions: ["note the escalation", "record escalated"] },
            QUIET: { target: "paused", actions: ["record paused", "row: paused"] },
          },
        },
        paused: {
          entry: "drop the deadline",
          on: {
            ...pausingMoves,
            CONTINUE: [
              { guard: "is held by its parent", actions: "refuse: parent paused" },
              {
                guard: and(["stays paused by the other source", "has this source already"]),
                actions: ["note one source less", "accept"],
              },
              { guard: "stays paused by the other source", actions: "accept without change" },
              {
                guard: "gets a slot",
                target: "running",
                actions: ["record continued", "start the clock", "row: running", "accept"],
              },
              {
                target: "queued",
                actions: ["record continued", "start the clock", "record queued", "row: queued", "accept"],
              },
            ],
          },
        },
        cancelling: {
          on: {
            PAUSE: { actions: "refuse: cancelling" },
            CONTINUE: { actions: "refuse: cancelling" },
            CANCEL: [
              { guard: "is forced", actions: ["force the cancel", "record forced", "accept without change"] },
              { actions: "accept without change" },
            ],
            QUIET: { target: "cancelled", actions: ["record cancelled", "row: cancelled"] },
          },
        },
        cancelled: { entry: "leave" },
      },
    },
    execution: {
      initial: "waiting",
      states: {
        /** Not begun: created or queued. */
        waiting: {
          always: { guard: stateIn({ control: "running" }), target: "active" },
        },
        active: {
          entry: ["record started", "row: started", "start the main branch"],
          always: { guard: stateIn({ control: "cancelled" }), target: "stopped" },
          on: {
            BRANCH_ENDED: [
              { guard: "was cancelled", target: "stopped" },
              { target: "ending", actions: "note the end" },
            ],
          },
        },
        /** The main branch has ended; nothing is decided unless control is running. */
        ending: {
          always: [
            { guard: stateIn({ control: "cancelled" }), target: "stopped" },
            { guard: and([stateIn({ control: "running" }), "ended well"]), target: "completed" },
            { guard: and([stateIn({ control: "running" }), "ended badly"]), target: "failed" },
            { guard: and([stateIn({ control: "running" }), "starts over"]), target: "restarted" },
          ],
        },
        stopped: {},
        completed: { entry: ["record completed", "row: completed", "leave"] },
        failed: { entry: ["record failed", "row: failed", "leave"] },
        restarted: { entry: ["start over", "row: completed", "leave"] },
      },
    },
  },
});
