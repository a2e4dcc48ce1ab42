import { isSafepointError, messageOf } from "../../errors.ts";
import { FAILURE_REASON_CHARS_MAX } from "../../limits.ts";
import { truncateMiddle } from "../processes/kept-output.ts";

/** What a thrown value means for the attempt. Source: 03 §3. */
export interface ThrownFailure {
  readonly name: string;
  readonly failureReason: string;
  readonly failureClass: "transient" | "deterministic";
  /** No retry. */
  readonly terminal: boolean;
  /** Instead of the back-off of the retry policy. */
  readonly retryAfterMs?: number;
  /** For the log; not stored. */
  readonly stack?: string;
}

/** Causes named in a failure reason. */
const CAUSES_MAX = 4;

/**
 * Classifies anything a handler may throw. TerminalError and RetryableError are told by name: a handler may have
 * another copy of this package.
 */
export function classifyThrown(thrown: unknown): ThrownFailure {
  const error = (typeof thrown === "object" && thrown !== null ? thrown : {}) as Partial<Error> & {
    readonly retryAfterMs?: unknown;
  };
  const name = typeof error.name === "string" ? error.name : typeof thrown;
  const coded = isSafepointError(thrown);
  const transient = name === "RetryableError" || (coded && thrown.retryable);
  const after = error.retryAfterMs;
  return {
    name: coded ? thrown.code : name,
    failureReason: truncateMiddle(describe(thrown), FAILURE_REASON_CHARS_MAX),
    failureClass: transient ? "transient" : "deterministic",
    // What is wrong with a handler, a configuration or a checkpoint is as wrong at the next attempt.
    terminal: name === "TerminalError" || (coded && !thrown.retryable),
    ...(name === "RetryableError" &&
      typeof after === "number" &&
      after >= 0 &&
      after < Infinity && { retryAfterMs: after }),
    ...(typeof error.stack === "string" && { stack: error.stack }),
  };
}

/** The message, with those of its causes; something to read also for an error without one. */
function describe(thrown: unknown): string {
  const messages = [messageOfAnything(thrown)];
  for (let error = causeOf(thrown); error !== undefined && messages.length <= CAUSES_MAX; error = causeOf(error)) {
    const message = messageOfAnything(error);
    if (!messages.some((earlier) => earlier.includes(message))) messages.push(message);
  }
  return messages.join(": caused by: ");
}

function causeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null ? (error as { cause?: unknown }).cause : undefined;
}

function messageOfAnything(error: unknown): string {
  if (error instanceof Error || typeof error !== "object" || error === null) {
    const message = messageOf(error);
    return message === "" ? `${(error as Error).name ?? "error"} without a message` : message;
  }
  const { message } = error as { message?: unknown };
  if (typeof message === "string" && message !== "") return message;
  try {
    return JSON.stringify(error);
  } catch {
    return "an object that cannot be shown";
  }
}
