/**
 * The stage of a child run: it has it started, attends it, and comes to what the run came to. A supervisor also looks at
 * it from time to time, and may dismiss it.
 *
 * `held` is what a pause of the parent waits for: the child has taken the pause that it inherits, and nothing of it is
 * in flight any more. Source: 03 §8.
 */
import type { EntryOutcome } from "../../journal/catalogue.ts";
import type { NewEntry } from "../../journal/entry.ts";
import type { ChildEnd, Dismissal, Effect, StageEvent } from "../protocol.ts";
import { assign, emit } from "../xstate.ts";
import { type Args, type EventOf, runMsOf, type StageContext, where } from "./facts.ts";

export interface ChildContext {
  /** Id of the run; the newest of its chain where it was started over. */
  readonly run: string;
  /** By its own pause or by ours. */
  readonly paused: boolean;
  readonly held: boolean;
  /** Times a supervisor has looked at it. */
  readonly cycle: number;
  /** What a supervisor said to it last. */
  readonly steered?: string;
  /** Why a supervisor has it cancelled: what the stage then comes to, however the run ends. */
  readonly dismissal?: Dismissal;
  /** Of the failure it came to. */
  readonly code?: string;
}

export const pollTimer = ({ stage }: Pick<StageContext, "stage">): string => `${stage}:poll`;

/** What the stage comes to by the end of its run. */
export function outcomeOfChild(run: string, end: ChildEnd): { readonly outcome: EntryOutcome; readonly code?: string } {
  const { status, outcome: word = "success", reason, context } = end;
  const contextUpdates = {
    ...context,
    "stack.child.id": run,
    "stack.child.status": status,
    "stack.child.outcome": status === "completed" ? word : "fail",
  };
  const why = reason === undefined ? "" : `: ${reason}`;
  if (status === "completed") {
    const failure = word === "fail" ? { failureReason: `child run ${run} completed with fail${why}` } : {};
    return { outcome: { status: word, contextUpdates, ...failure }, code: "child_failed" };
  }
  const failureReason = `child run ${run} ${status === "failed" ? "failed" : "was cancelled"}${why}`;
  const code = status === "failed" ? "child_failed" : "child_cancelled";
  return { outcome: { status: "fail", contextUpdates, failureReason }, code };
}

/** Of a supervisor that had it cancelled. */
export function outcomeOfDismissal(run: string, { status, reason }: Dismissal, end: ChildEnd): EntryOutcome {
  const { contextUpdates = {} } = outcomeOfChild(run, end).outcome;
  return { status, contextUpdates, ...(status === "fail" ? { failureReason: reason } : { notes: reason }) };
}

const child = (context: StageContext): ChildContext => context.child as ChildContext;
const effect = (build: (args: Args) => Effect) =>
  emit<StageContext, StageEvent, undefined, StageEvent, Effect>(({ context, event }) => build({ context, event }));
const entry = (build: (args: Args) => NewEntry) => effect((args) => ({ type: "effect.journal", entry: build(args) }));
const control = (verb: "pause" | "continue" | "cancel") =>
  effect(({ context: { stage, child } }) => ({ type: "effect.child.control", stage, run: child?.run ?? "", verb }));

const change = (build: (args: Args & { readonly child: ChildContext }) => Partial<ChildContext>) =>
  assign<StageContext, StageEvent, undefined, StageEvent, never>({
    child: ({ context, event }) => ({ ...child(context), ...build({ context, event, child: child(context) }) }),
  });

export const childGuards = {
  "is of its child": ({ context, event }: Args) => "run" in event && event.run === context.child?.run,
  "is its poll": ({ context, event }: Args) => event.type === "TIMER_FIRED" && event.timer === pollTimer(context),
  "looks at it": ({ context }: Args) => context.pollMs !== undefined,
  "dismisses it": ({ event }: Args) => event.type === "CHILD_OBSERVED" && event.dismissal !== undefined,
  /** Of a stage that waits for no child it is none. */
  "nothing of its child is in flight": ({ context }: Args) => context.child?.held !== false,
};

export const childChanges = {
  "note the child": assign<StageContext, StageEvent, undefined, StageEvent, never>({
    child: ({ event }) => ({ run: (event as EventOf<"CHILD_STARTED">).run, paused: false, held: false, cycle: 0 }),
  }),
  "note that it is paused": change(({ event, child }) => ({
    paused: true,
    held: child.held || (event as EventOf<"CHILD_PAUSED">).inherited,
  })),
  "note that it goes on": change(() => ({ paused: false, held: false })),
  "note that it may go on": change(() => ({ held: false })),
  "note its successor": change(({ event }) => ({
    run: (event as EventOf<"CHILD_MOVED">).next,
    paused: false,
    held: false,
  })),
  "note what was seen": change(({ event, child }) => {
    const { steered, dismissal } = event as EventOf<"CHILD_OBSERVED">;
    return {
      cycle: child.cycle + 1,
      ...(steered === undefined ? {} : { steered }),
      ...(dismissal === undefined ? {} : { dismissal }),
    };
  }),
  "keep what it came to": assign<StageContext, StageEvent, undefined, StageEvent, never>({
    settled: ({ context, event }) => {
      const { run, dismissal } = child(context);
      const end = event as EventOf<"CHILD_ENDED">;
      return dismissal ? outcomeOfDismissal(run, dismissal, end) : outcomeOfChild(run, end).outcome;
    },
    child: ({ context, event }) => {
      const { run, dismissal, ...rest } = child(context);
      const { code } = dismissal ?? outcomeOfChild(run, event as EventOf<"CHILD_ENDED">);
      // Its end is in: nothing of it is in flight.
      return { ...rest, run, held: true, ...(dismissal && { dismissal }), ...(code === undefined ? {} : { code }) };
    },
    since: ({ event }) => event.baseSeq,
  }),
};

export const childEntries = {
  "record that it is paused": entry(({ context, event }) => {
    const inherited = (event as EventOf<"CHILD_PAUSED">).inherited ? { inherited: true as const } : {};
    return { type: "child.paused", ...where(context), data: { child: child(context).run, ...inherited } };
  }),
  "record that it goes on": entry(({ context }) => ({
    type: "child.continued",
    ...where(context),
    data: { child: child(context).run },
  })),
  "record its end": entry(({ context, event }) => {
    const { status, outcome, reason, context: updates } = event as EventOf<"CHILD_ENDED">;
    return {
      type: "child.finished",
      ...where(context),
      data: {
        child: child(context).run,
        status,
        ...(outcome === undefined ? {} : { outcome }),
        ...(reason === undefined ? {} : { reason }),
        ...(updates === undefined ? {} : { context: { ...updates } }),
      },
    };
  }),
  "record its restart": entry(({ context }) => ({
    type: "child.finished",
    ...where(context),
    data: { child: child(context).run, status: "restarted" },
  })),
  "record its successor": entry(({ context, event }) => {
    const { next, pipeline } = event as EventOf<"CHILD_MOVED">;
    return { type: "child.started", ...where(context), data: { child: next, pipeline } };
  }),
  "record the poll": entry(({ context, event }) => ({
    type: "timer.set",
    ...where(context),
    data: {
      timer: pollTimer(context),
      actor: `stage:${context.stage}`,
      kind: "poll",
      clock: "run",
      dueMs: runMsOf(event) + (context.pollMs ?? 0),
    },
  })),
  "record the cleared poll": effect(({ context }) =>
    context.pollMs === undefined
      ? { type: "effect.none" }
      : {
          type: "effect.journal",
          entry: { type: "timer.cleared", ...where(context), data: { timer: pollTimer(context) } },
        },
  ),
};

export const childAsks = {
  "ask for the child": effect(({ context: { stage, node } }) => ({ type: "effect.child.start", stage, node })),
  "pause the child": control("pause"),
  "continue the child": control("continue"),
  "cancel the child": control("cancel"),
  "look at the child": effect(({ context: { stage, node, child } }) => ({
    type: "effect.child.observe",
    stage,
    node,
    run: child?.run ?? "",
    cycle: (child?.cycle ?? 0) + 1,
    steered: child?.steered ?? null,
  })),
  "arm the poll": effect(({ context, event }) => ({
    type: "effect.timer.set",
    timer: pollTimer(context),
    actor: `stage:${context.stage}`,
    kind: "poll",
    clock: "run",
    dueMs: runMsOf(event) + (context.pollMs ?? 0),
  })),
  "clear the poll": effect(({ context }) =>
    context.pollMs === undefined ? { type: "effect.none" } : { type: "effect.timer.clear", timer: pollTimer(context) },
  ),
};
