/** Handlers that do what a script says, on the run's clock, and remember every call. */
import type { Clock } from "../actors/clock.ts";
import type { HandlerFunction, HandlerInput } from "../actors/handler.ts";
import { RetryableError, TerminalError } from "../errors.ts";
import type { Outcome } from "../graph/outcome.ts";
import { type TrackedHandlers, trackHandlers } from "./tracked-handlers.ts";

/** What one call does. */
export interface ScriptedCall {
  /** Ms of virtual time it takes. Default 0: it ends as soon as the schedule lets it. */
  readonly durationMs?: number;
  /** What it returns; a word is a status. Default `success`. */
  readonly outcome?: string | Outcome;
  /** It throws instead: an error, one that says its work may be tried again, or one that says it may not. */
  readonly throws?: "error" | "retryable" | "terminal";
  /** For `throws: "retryable"`. */
  readonly retryAfterMs?: number;
  /**
   * What it does when it is asked to stop: throws at once (`heed`, the default), goes on as if nothing had happened
   * (`ignore`), or returns this outcome after so many ms.
   */
  readonly onAbort?: "heed" | "ignore" | { readonly afterMs: number; readonly outcome: string | Outcome };
}

/**
 * What the calls for nodes do. Keys, the most telling first: `node@visit#attempt`, `node#attempt`, `node@visit`, `node`,
 * `*`. A list is one call an attempt; later attempts do as the last one says. What no key names succeeds at once.
 */
export type Script = Readonly<Record<string, ScriptedCall | readonly ScriptedCall[]>>;

/** A script that looks at the call, its stage and its context, and says what it does. */
export type CallScript = (input: HandlerInput) => ScriptedCall;

export interface ScriptedOptions {
  /** The node types that the script stands for. Default: codergen and tool. */
  readonly types?: readonly string[];
}

/** For `createRuntime({ handlers: scriptedHandlers(…).handlers, clock })`. */
export function scriptedHandlers(
  script: Script | CallScript = {},
  options: ScriptedOptions = {},
): TrackedHandlers<HandlerFunction> {
  const callOf: CallScript = typeof script === "function" ? script : (input) => scriptedCall(script, input);
  const handler: HandlerFunction = (input) => perform(callOf(input), input);
  const types = options.types ?? ["codergen", "tool"];
  return trackHandlers(Object.fromEntries(types.map((type) => [type, handler])));
}

function scriptedCall(script: Script, { node: { id }, visit, attempt }: HandlerInput): ScriptedCall {
  const keys = [`${id}@${visit}#${attempt}`, `${id}#${attempt}`, `${id}@${visit}`, id, "*"];
  const found = keys.map((key) => script[key]).find((calls) => calls !== undefined) ?? {};
  if (!isList(found)) return found;
  return found[Math.min(attempt, found.length) - 1] ?? {};
}

function isList(calls: ScriptedCall | readonly ScriptedCall[]): calls is readonly ScriptedCall[] {
  return Array.isArray(calls);
}

async function perform(call: ScriptedCall, { signal, host: { clock }, node }: HandlerInput): Promise<Outcome> {
  const { durationMs = 0, onAbort = "heed" } = call;
  const wasAsked = await waitFor(clock, durationMs, onAbort === "ignore" ? undefined : signal);
  if (wasAsked) {
    if (typeof onAbort === "string") throw signal.reason;
    await waitFor(clock, onAbort.afterMs);
    return outcomeOf(onAbort.outcome);
  }
  if (call.throws === "terminal") throw new TerminalError(`${node.id} cannot be done`);
  if (call.throws === "error") throw new Error(`${node.id} broke`);
  if (call.throws === "retryable") {
    const { retryAfterMs } = call;
    throw new RetryableError(`${node.id} is busy`, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
  return outcomeOf(call.outcome ?? "success");
}

function outcomeOf(outcome: string | Outcome): Outcome {
  return typeof outcome === "string" ? { status: outcome } : outcome;
}

/** Resolves after `ms`, or, with true, as soon as the signal is aborted. */
function waitFor(clock: Clock, ms: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve(true);
      return;
    }
    const timer = clock.setTimer(() => {
      signal?.removeEventListener("abort", stop);
      resolve(false);
    }, ms);
    const stop = () => {
      clock.clearTimer(timer);
      resolve(true);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}
