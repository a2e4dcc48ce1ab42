import type { Outcome } from "../../graph/index.ts";
import { NOTES_CHARS_MAX } from "../../limits.ts";
import type { HandlerDefinition, HandlerInput } from "../handler.ts";
import { truncateMiddle } from "../processes/kept-output.ts";
import { runLogic } from "./logic.ts";
import { readOutcome } from "./outcome-reading.ts";
import { Suspended } from "./suspended.ts";
import { classifyThrown, type ThrownFailure } from "./thrown.ts";

/** How an execution ended. */
export interface HandlerEnd {
  /** Of a throw and of a result that is no outcome: `fail`, with the reason. */
  readonly outcome: Outcome;
  readonly thrown?: ThrownFailure;
  /**
   * A machine that stopped where it can go on: its snapshot is stored, the outcome says nothing, and the next
   * execution of the attempt continues.
   */
  readonly suspended?: true;
}

/**
 * Calls a handler and waits for its end. Never rejects. What the end means under an abort (03 §2) is up to the caller:
 * a handler that heeds its signal throws, and that is reported like any throw.
 */
export async function runHandler(definition: HandlerDefinition, input: HandlerInput): Promise<HandlerEnd> {
  const { handler } = definition;
  try {
    const result: unknown = typeof handler === "function" ? await handler(input) : await runLogic(handler, input);
    return { outcome: outcomeOf(result, input) };
  } catch (error) {
    if (error instanceof Suspended) return { outcome: { status: "fail", failureReason: "suspended" }, suspended: true };
    const thrown = classifyThrown(error);
    return { outcome: { status: "fail", failureReason: thrown.failureReason }, thrown };
  }
}

function outcomeOf(result: unknown, input: HandlerInput): Outcome {
  if (result === undefined || result === null) return { status: "success" };
  if (typeof result === "string") return { status: "success", notes: truncateMiddle(result, NOTES_CHARS_MAX) };
  if (typeof result !== "object" || Array.isArray(result)) {
    const found = Array.isArray(result) ? "a list" : `a ${typeof result}`;
    return { status: "fail", failureReason: `a handler returns an outcome, a text or nothing, not ${found}` };
  }
  const reading = readOutcome(result);
  if (!reading.ok) return { status: "fail", failureReason: `the handler's result is no outcome: ${reading.problem}` };
  if (reading.ignored.length > 0)
    input.log.warn("the handler's result has parts that mean nothing", { ignored: reading.ignored });
  return reading.outcome;
}
