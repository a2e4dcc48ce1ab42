/**
 * A branch: one place in the pipeline that moves. Main path, parallel branch and iterations are this same chart.
 *
 * Where it goes is decided outside, by pure functions over graph, context and counters, and comes in with the news as
 * a {@link Hop}; the chart decides when: nothing ends and no gate is checked unless control is `running`.
 * Source: 02 §2, 03 §2 (boundaries), §4.
 */
import type { RoutingOutcome } from "../graph/index.ts";
import { formatStage, readBranchAddress } from "../journal/address.ts";
import type { BranchEnd, BranchEvent, Effect, Failure, Hop } from "./protocol.ts";
import { and, assign, emit, not, setup, stateIn } from "./xstate.ts";

export interface BranchInput {
  /** `main`, `main/fan@1/0`, … */
  readonly branch: string;
  readonly origin: "main" | "parallel" | "foreach" | "loop";
  readonly control: "running" | "pausing" | "paused" | "cancelling";
}

export interface BranchContext {
  branch: string;
  origin: BranchInput["origin"];
  node: string | null;
  visit: number;
  /** Of the newest stage that is not a conditional, start or exit. */
  outcome: RoutingOutcome | null;
  /** Address of that stage. */
  by: string | null;
  /** Where it stopped: an exit or a node without outgoing edges. */
  end: { node: string; exit: boolean } | null;
  failure: Failure | null;
  restart: string | null;
  cancelled: boolean;
  /** Seq before the input that brought the newest stage's end: held ends are taken in this order. */
  since: number;
}

type Args = { context: BranchContext; event: BranchEvent };

/** Control when the branch was entered: the first event of a chart carries its input. */
const enteredAt = (event: BranchEvent) => (event as unknown as { readonly input?: BranchInput }).input?.control;
const hopOf = (event: BranchEvent): Hop | undefined => ("hop" in event ? event.hop : undefined);
const effect = (build: (args: Args) => Effect) =>
  emit<BranchContext, BranchEvent, undefined, BranchEvent, Effect>(({ context, event }) => build({ context, event }));
const stageAddress = (context: BranchContext, hop: Extract<Hop, { kind: "enter" }>) =>
  formatStage({ branch: context.branch, node: hop.node, visit: hop.visit });

function edgeOf({ entry, edge }: Extract<Hop, { kind: "enter" }>): { readonly edge?: number } {
  const selected = entry?.type === "edge.selected" ? entry.data.edge : edge;
  return selected === undefined ? {} : { edge: selected };
}

/** The run goes as its main branch does. */
function tellRun(context: BranchContext): Effect {
  return {
    type: "effect.message",
    to: "run",
    event: {
      type: "BRANCH_ENDED",
      branch: context.branch,
      status: context.outcome?.status ?? "success",
      cancelled: context.cancelled,
      ...(context.end?.exit ? { exit: context.end.node } : {}),
      ...(context.failure ? { failure: context.failure } : {}),
      ...(context.restart === null ? {} : { restart: context.restart }),
    },
  };
}

/** All others end for the stage of their activation. */
function tellStage(context: BranchContext): Effect {
  const { branch, cancelled, failure, outcome } = context;
  const address = readBranchAddress(branch);
  const end: BranchEnd = {
    branch,
    index: address?.index ?? 0,
    status: cancelled || failure ? "fail" : (outcome?.status ?? "success"),
    cancelled,
    outcome,
    ...(failure ? { failure } : {}),
  };
  return {
    type: "effect.message",
    to: `stage:${address?.activation ?? ""}`,
    event: { type: "BRANCH_ENDED", ...end },
  };
}

const branch = setup({
  types: {
    context: {} as BranchContext,
    events: {} as BranchEvent,
    input: {} as BranchInput,
    emitted: {} as Effect,
  },
  guards: {
    "entered while pausing": ({ event }) => enteredAt(event) === "pausing" || enteredAt(event) === "paused",
    "entered while cancelling": ({ event }) => enteredAt(event) === "cancelling",
    "is live": and([
      not(stateIn({ execution: "succeeded" })),
      not(stateIn({ execution: "failed" })),
      not(stateIn({ execution: "restarted" })),
      not(stateIn({ execution: "cancelled" })),
    ]),
    "goes on": ({ event }) => hopOf(event)?.kind === "enter",
    "comes to an end": ({ event }) => hopOf(event)?.kind === "end",
    "starts over": ({ event }) => hopOf(event)?.kind === "restart",
    "was cancelled": ({ event }) => event.type === "STAGE_ENDED" && event.cancelled,
    passes: ({ event }) => hopOf(event)?.kind === "end",
  },
  actions: {
    "note the outcome": assign({
      outcome: ({ context, event }) => (event.type === "STAGE_ENDED" && event.counts ? event.outcome : context.outcome),
      by: ({ context, event }) => (event.type === "STAGE_ENDED" && event.counts ? event.stage : context.by),
      since: ({ event }) => event.baseSeq,
    }),
    "record the hop": effect(({ event }) => {
      const hop = hopOf(event);
      const entry = hop?.entry;
      return entry ? { type: "effect.journal", entry } : { type: "effect.none" };
    }),
    "take the hop": assign({
      node: ({ event }) => (hopOf(event) as { node: string }).node,
      visit: ({ event }) => (hopOf(event) as { visit: number }).visit,
      end: null,
    }),
    "enter the stage": effect(({ context, event }) => {
      const hop = hopOf(event) as Extract<Hop, { kind: "enter" }>;
      return {
        type: "effect.stage.spawn",
        stage: stageAddress(context, hop),
        node: hop.node,
        visit: hop.visit,
        branch: context.branch,
        carried: context.outcome,
        ...edgeOf(hop),
      };
    }),
    "note the end": assign({
      end: ({ event }) => {
        const hop = hopOf(event) as Extract<Hop, { kind: "end" }>;
        return { node: hop.node, exit: hop.exit };
      },
    }),
    "note the failure": assign({
      failure: ({ context, event }) => {
        const hop = hopOf(event) as Extract<Hop, { kind: "fail" }>;
        const stage = event.type === "STAGE_ENDED" ? event.stage : context.by;
        return { code: hop.code, message: hop.message, ...(stage === null ? {} : { stage }) };
      },
    }),
    "note the restart": assign({ restart: ({ event }) => (hopOf(event) as { node: string }).node }),
    "note the cancellation": assign({ cancelled: true }),
    "ask for the check": effect(({ context }) => ({
      type: "effect.check",
      branch: context.branch,
      node: context.end?.node ?? "",
      exit: context.end?.exit ?? false,
    })),
    "tell the owner": effect(({ context }) => (context.origin === "main" ? tellRun(context) : tellStage(context))),
    leave: effect(({ context }) => ({ type: "effect.ended", actor: `branch:${context.branch}` })),
  },
});

/** Where news with a hop lead. The order does not matter: a hop is of one kind. */
const byHop = [
  {
    guard: "goes on",
    target: "visiting",
    actions: ["note the outcome", "record the hop", "take the hop", "enter the stage"],
  },
  { guard: "comes to an end", target: "ending", actions: ["note the outcome", "record the hop", "note the end"] },
  { guard: "starts over", target: "restarting", actions: ["note the outcome", "record the hop", "note the restart"] },
  { target: "failing", actions: ["note the outcome", "record the hop", "note the failure"] },
] as const;

export const branchMachine = branch.createMachine({
  id: "branch",
  version: "1",
  type: "parallel",
  context: ({ input }) => ({
    branch: input.branch,
    origin: input.origin,
    node: null,
    visit: 0,
    outcome: null,
    by: null,
    end: null,
    failure: null,
    restart: null,
    cancelled: false,
    since: 0,
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
          on: { CONTINUE: "running", CANCEL: "cancelling", STAGE_HELD: "paused" },
          always: { guard: not(stateIn({ execution: "visiting" })), target: "paused" },
        },
        paused: {
          on: {
            CONTINUE: { guard: "is live", target: "running" },
            CANCEL: { guard: "is live", target: "cancelling" },
          },
        },
        cancelling: { always: { guard: stateIn({ execution: "cancelled" }), target: "cancelled" } },
        cancelled: {},
      },
    },
    execution: {
      initial: "starting",
      states: {
        starting: {
          on: { HEAD: byHop },
          always: { guard: stateIn({ control: "cancelling" }), target: "cancelled" },
        },
        visiting: {
          on: { STAGE_ENDED: [{ guard: "was cancelled", target: "cancelled" }, ...byHop] },
        },
        ending: {
          always: [
            { guard: stateIn({ control: "cancelling" }), target: "cancelled" },
            { guard: stateIn({ control: "running" }), target: "checking" },
          ],
        },
        checking: {
          entry: "ask for the check",
          // A check that was asked for and not answered before a pause is asked for again after it.
          always: { guard: not(stateIn({ control: "running" })), target: "ending" },
          on: {
            CHECKED: [
              { guard: "passes", target: "succeeded" },
              { guard: "goes on", target: "visiting", actions: ["record the hop", "take the hop", "enter the stage"] },
              { target: "failing", actions: ["note the failure"] },
            ],
          },
        },
        failing: {
          always: [
            { guard: stateIn({ control: "cancelling" }), target: "cancelled" },
            { guard: stateIn({ control: "running" }), target: "failed" },
          ],
        },
        restarting: {
          always: [
            { guard: stateIn({ control: "cancelling" }), target: "cancelled" },
            { guard: stateIn({ control: "running" }), target: "restarted" },
          ],
        },
        succeeded: { entry: ["tell the owner", "leave"] },
        failed: { entry: ["tell the owner", "leave"] },
        restarted: { entry: ["tell the owner", "leave"] },
        cancelled: { entry: ["note the cancellation", "tell the owner", "leave"] },
      },
    },
  },
});
