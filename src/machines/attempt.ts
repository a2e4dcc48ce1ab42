/** What the end of an execution means for its stage. Pure. Source: 03 §2 (interrupt), §3 (retries). */
import { isSuccessStatus } from "../graph/index.ts";
import type { Backoff } from "../graph/settings.ts";
import type { AbortReason, ExecutionEnd, StageLimits } from "./protocol.ts";

export type AttemptVerdict = "succeed" | "skip" | "partial" | "retry" | "fail" | "interrupt" | "cancel";

export interface AttemptFacts {
  readonly end: ExecutionEnd;
  readonly attempt: number;
  readonly limits: StageLimits;
  /** The first abort reason the execution was given. */
  readonly abort: AbortReason | null;
}

/** Decides what follows an execution's end. Total: every end has a verdict. */
export function decideAttempt({ end, attempt, limits, abort }: AttemptFacts): AttemptVerdict {
  const { status } = end.outcome;
  if (abort === "cancel") return "cancel";
  if (end.suspended) return "interrupt";
  if (abort === "timeout") return retryOr(attempt, limits);
  const isRetry = status === "retry" && limits.retryIsWord !== true;
  const failed = end.thrown !== undefined || status === "fail" || isRetry;
  if (abort !== null && failed) return "interrupt";
  if (end.thrown) return end.thrown.terminal ? "fail" : retryOr(attempt, limits);
  if (status === "skipped") return "skip";
  if (status === "retry") return isRetry ? retryOr(attempt, limits) : "succeed";
  if (status === "fail") return limits.retryOnFail ? retryOr(attempt, limits) : "fail";
  return isSuccessStatus(status) ? "succeed" : "fail";
}

function retryOr(attempt: number, limits: StageLimits): AttemptVerdict {
  if (attempt < limits.attempts) return "retry";
  return limits.allowPartial ? "partial" : "fail";
}

/** `transient`: worth another try by its nature (RetryableError, time-out, lost process). Source: 03 §3. */
export function classifyFailure(end: ExecutionEnd, abort: AbortReason | null): "transient" | "deterministic" {
  return abort === "timeout" || end.thrown?.transient ? "transient" : "deterministic";
}

/**
 * How long to wait before attempt `attempt + 1`. Ms.
 *
 * The jitter comes from a hash, so that a replay, a fork and a second process agree on it.
 */
export function backoffDelayMs(backoff: Backoff | undefined, attempt: number, seed: string): number {
  if (!backoff) return 0;
  const delay = Math.min(backoff.initialMs * backoff.factor ** (attempt - 1), backoff.maxMs);
  return Math.round(backoff.jitter ? delay * (0.5 + unitHash(`${seed}#${attempt}`)) : delay);
}

/** FNV-1a over the text's code units, as a number from 0 to 1. */
export function unitHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash ^= text.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) / 2 ** 32;
}
