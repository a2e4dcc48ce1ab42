import type { ActorLogic, AnyActorLogic, AnyStateMachine, EventObject, NonReducibleUnknown, Snapshot } from "xstate";
import { checkMachineHandler, isMachine } from "./machine-check.ts";

export type LogicKind = "machine" | "promise" | "callback" | "observable" | "transition" | "other";

/** What XState makes of a promise function: the function is its `config`. */
export type PromiseFunction = (args: Record<string, unknown>) => unknown;

/**
 * Which of XState's makers an actor logic comes from. XState does not say, so this asks the logic: what its first
 * snapshot looks like, and whether the event by which a promise ends ends it.
 */
export function kindOf(logic: AnyActorLogic): LogicKind {
  if (isMachine(logic)) return "machine";
  const first = firstSnapshot(logic);
  if (first === undefined) return "other";
  if ("_subscription" in first) return "observable";
  if ("input" in first) return endsAsPromise(logic, first) ? "promise" : "callback";
  return "context" in first ? "transition" : "other";
}

/** What keeps a logic from being a handler; one sentence a problem. */
export function checkLogic(logic: AnyActorLogic): readonly string[] {
  switch (kindOf(logic)) {
    case "machine":
      return checkMachineHandler(logic as AnyStateMachine);
    case "transition":
      return ["logic from `fromTransition` never ends by itself; use a machine with a final state"];
    default:
      return [];
  }
}

/** Unknown logic may want more of its scope than there is outside of an actor; it then is of no kind that we know. */
function firstSnapshot(logic: AnyActorLogic): object | undefined {
  try {
    return logic.getInitialSnapshot(NO_SCOPE, {}) as object;
  } catch {
    return undefined;
  }
}

function endsAsPromise(logic: AnyActorLogic, first: object): boolean {
  try {
    const end = { type: "xstate.promise.resolve", data: 1 };
    return (logic as Probed).transition(first as Snapshot<unknown>, end, NO_SCOPE).status === "done";
  } catch {
    return false; // callback logic looks for the actor it belongs to
  }
}

type Probed = ActorLogic<Snapshot<unknown>, EventObject, NonReducibleUnknown>;
const NO_SCOPE = { self: {}, system: {} } as never;
