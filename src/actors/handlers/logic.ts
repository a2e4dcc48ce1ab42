import {
  type AnyActorLogic,
  type AnyStateMachine,
  createActor,
  createMachine,
  type EventObject,
  fromPromise,
} from "xstate";
import type { HandlerInput } from "../handler.ts";
import { kindOf, type PromiseFunction } from "./logic-kind.ts";
import { loggerOf } from "./logic-log.ts";
import { runMachine } from "./machine-run.ts";

/**
 * Runs XState actor logic as a handler and resolves with what it came to:
 * a promise's result; a machine's output; an observable's last value; of callbacks and event observables the first
 * event `{ type: "outcome", … }` they send back (an event observable that ends without one: its last event).
 */
export async function runLogic(logic: AnyActorLogic, input: HandlerInput): Promise<unknown> {
  input.signal.throwIfAborted();
  switch (kindOf(logic)) {
    case "machine":
      return runMachine(logic as AnyStateMachine, input);
    case "promise":
      return runPromise(logic, input);
    default:
      return runUnderParent(logic, input);
  }
}

/** The abort signal stops the actor, and with it aborts the promise's own signal; what counts is how the promise ends. */
function runPromise(logic: AnyActorLogic, input: HandlerInput): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const work = (logic as unknown as { config: PromiseFunction }).config;
  const watched = fromPromise((args) => {
    const result = (async () => work({ ...args, input }))();
    result.then(resolve, reject);
    return result;
  });
  const actor = createActor(watched, { logger: loggerOf(input) });
  actor.subscribe({ error: () => {} }); // told by `reject` already
  actor.start();
  return stopOnAbort(input.signal, () => actor.stop(), promise);
}

/** Callbacks and event observables talk to a parent, so there is one, which listens and does nothing else. */
function runUnderParent(logic: AnyActorLogic, input: HandlerInput): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  let last: unknown;
  const keep = (value: unknown) => {
    last = value ?? last;
  };
  const hear = (event: EventObject) => {
    if (event.type === "outcome" || event.type === "done") resolve(outcomeOfEvent(event));
    else if (event.type === "error")
      reject((event as { error?: unknown }).error ?? new Error("the handler sent an error"));
    else keep(outcomeOfEvent(event));
  };
  const parent = createMachine({
    invoke: {
      src: logic,
      input: () => input,
      onSnapshot: { actions: ({ event }) => keep((event.snapshot as { context?: unknown }).context) },
      onDone: { actions: ({ event }) => resolve(event.output ?? last) },
      onError: { actions: ({ event }) => reject(event.error) },
    },
    on: { "*": { actions: ({ event }) => hear(event) } },
  });
  const actor = createActor(parent, { logger: loggerOf(input) });
  actor.subscribe({ error: reject });
  const stop = () => {
    actor.stop();
    reject(input.signal.reason);
  };
  actor.start();
  return stopOnAbort(input.signal, stop, promise).finally(() => actor.stop());
}

/** `{ type: "outcome", outcome: { status … } }`, or the outcome's parts beside the type. */
function outcomeOfEvent(event: EventObject): unknown {
  const { type: _, ...parts } = event as EventObject & { outcome?: unknown };
  const whole = typeof parts.outcome === "object" && parts.outcome !== null;
  if (whole) return parts.outcome;
  return Object.keys(parts).length > 0 ? parts : undefined;
}

async function stopOnAbort<T>(signal: AbortSignal, stop: () => void, result: Promise<T>): Promise<T> {
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  try {
    return await result;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
