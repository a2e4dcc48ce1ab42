/**
 * A run: what operators talk to.
 *
 * `control` is the table of 03 §2, a cell a transition; every command yields exactly one reply. `execution` is the
 * progress of the main branch. Admission asks this chart alone: after the commit that moves `control` out of `running`
 * nothing starts, whether or not branches and stages have followed yet. Source: 03 §2.
 */
import type { NewEntry } from "../journal/entry.ts";
import type { Effect, Failure, RunEvent } from "./protocol.ts";
import { and, assign, emit, not, setup, stateIn } from "./xstate.ts";

export interface RunInput {
  readonly runId: string;
  readonly createdAtMs: number;
  /** Whether a slot is free: else it is queued. */
  readonly slot: boolean;
}

export interface RunContext {
  runId: string;
  createdAtMs: number;
  /** Whether a slot is kept for its arrival. */
  slot: boolean;
  /** Ms spent pausing or paused so far, without the present pause. */
  pausedMs: number;
  /** When the run clock stopped, epoch ms; null while it goes. */
  stoppedAtMs: number | null;
  pause: {
    own: boolean;
    inherited: boolean;
    mode: "drain" | "interrupt";
    deadlineMs: number | null;
    reason: string | null;
  } | null;
  cancel: { reason: string | null; graceMs: number; deadlineMs: number; force: boolean } | null;
  /** How the main branch ended; acted on when control allows. */
  end: { status: string; exit: string; failure: Failure | null; restart: string | null } | null;
}

/** Run time: ms since creation without those spent pausing or paused. Source: 03 §2. */
export function runTimeMs(
  context: Pick<RunContext, "createdAtMs" | "pausedMs" | "stoppedAtMs">,
  nowMs: number,
): number {
  return (context.stoppedAtMs ?? nowMs) - context.createdAtMs - context.pausedMs;
}

type Args = { context: RunContext; event: RunEvent };
type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

const effect = (build: (args: Args) => Effect) =>
  emit<RunContext, RunEvent, undefined, RunEvent, Effect>(({ context, event }) => build({ context, event }));
const entry = (build: (args: Args) => NewEntry) => effect((args) => ({ type: "effect.journal", entry: build(args) }));
const reasonOf = (event: RunEvent) => ("reason" in event && event.reason !== undefined ? { reason: event.reason } : {});
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
const runMs = ({ context, event }: Args) => runTimeMs(context, event.atMs);
const stoppedForMs = ({ context, event }: Args) =>
  context.stoppedAtMs === null ? 0 : Math.max(0, event.atMs - context.stoppedAtMs);

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
    accept: accept(true),
    "accept without change": accept(false),
    "refuse: not paused": refuse("not_paused", "the run is not paused; there is nothing to continue"),
    "refuse: cancelling": refuse("run_cancelling", "the run is being cancelled; start a new one from it with fork"),
    "refuse: parent paused": refuse("parent_paused", "the run is paused with its parent; continue the parent"),
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
        const { mode, source, deadlineMs, reason } = event as EventOf<"PAUSE">;
        return {
          own: source === "own",
          inherited: source === "inherited",
          mode,
          deadlineMs: deadlineMs ?? null,
          reason: reason ?? null,
        };
      },
    }),
    "note one more source": assign({
      pause: ({ context, event }) => {
        const { source } = event as EventOf<"PAUSE">;
        const pause = context.pause ?? { own: false, inherited: false, mode: "drain", deadlineMs: null, reason: null };
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
