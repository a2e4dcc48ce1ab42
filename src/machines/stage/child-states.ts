/** States of the execution of a stage that has a child run: see child.ts. */
import { and, stateIn } from "../xstate.ts";

const newsOfChild = {
  CHILD_PAUSED: { guard: "is of its child", actions: ["record that it is paused", "note that it is paused"] },
  CHILD_CONTINUED: { guard: "is of its child", actions: ["record that it goes on", "note that it goes on"] },
} as const;

export const childStates = {
  /** Asked and answered within one turn. */
  engaging: {
    entry: "ask for the child",
    on: {
      CHILD_STARTED: [
        {
          guard: "looks at it",
          target: "attending",
          actions: ["note the child", "record the poll", "arm the poll"],
        },
        { target: "attending", actions: "note the child" },
      ],
      SETTLED: { target: "acting", actions: "keep the settlement" },
    },
  },
  /** Its child run goes on by itself, and tells how it stands. */
  attending: {
    on: {
      ...newsOfChild,
      CHILD_MOVED: [
        {
          guard: and(["is of its child", stateIn({ control: "running" })]),
          actions: ["record its restart", "note its successor", "record its successor"],
        },
        {
          guard: "is of its child",
          actions: ["record its restart", "note its successor", "record its successor", "pause the child"],
        },
      ],
      CHILD_ENDED: {
        guard: "is of its child",
        target: "answered",
        actions: ["clear the poll", "record the cleared poll", "record its end", "keep what it came to"],
      },
      TIMER_FIRED: { guard: "is its poll", actions: ["record fired", "look at the child"] },
      CHILD_OBSERVED: [
        { guard: "dismisses it", target: "dismissing", actions: ["note what was seen", "cancel the child"] },
        { actions: ["note what was seen", "record the poll", "arm the poll"] },
      ],
      PAUSE: { actions: "pause the child" },
      CONTINUE: { actions: ["note that it may go on", "continue the child"] },
      CANCEL: {
        target: "dismissing",
        actions: ["clear the poll", "record the cleared poll", "cancel the child"],
      },
    },
  },
  /** Its child run is being cancelled, and awaited. */
  dismissing: {
    on: {
      ...newsOfChild,
      CHILD_MOVED: {
        guard: "is of its child",
        actions: ["record its restart", "note its successor", "record its successor", "cancel the child"],
      },
      CHILD_ENDED: [
        {
          guard: and(["is of its child", stateIn({ control: "cancelling" })]),
          target: "cancelled",
          actions: "record its end",
        },
        { guard: "is of its child", target: "answered", actions: ["record its end", "keep what it came to"] },
      ],
    },
  },
} as const;
