/** Refusals and faults as `application/problem+json` (RFC 9457). */
import { ERROR_CODES, type ErrorCode, isSafepointError, SafepointError } from "../../errors.ts";

export interface Problem {
  /** `urn:safepoint:error:<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** What happened this time, for people. */
  readonly detail: string;
  readonly code: ErrorCode;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly [extension: string]: unknown;
}

/** Whoever should wait is told how long. Seconds. */
const RETRY_AFTER_S = 1;

export function problemOf(error: SafepointError): Problem {
  const { code, message, details, httpStatus, retryable } = error;
  return {
    type: `urn:safepoint:error:${code}`,
    title: titleOf(code),
    status: httpStatus,
    detail: message,
    code,
    retryable,
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

/** `run_not_found` in words. */
function titleOf(code: ErrorCode): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What is not ours is a fault: it is for the log, and only its being one is for the client. */
export function asSafepointError(thrown: unknown): SafepointError {
  if (isSafepointError(thrown)) return thrown;
  return new SafepointError("internal", "a fault of the server; its log says more", { cause: thrown });
}

export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  const { status } = problem;
  return new Response(`${JSON.stringify(problem)}\n`, {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      ...(status === 503 ? { "retry-after": String(RETRY_AFTER_S) } : {}),
      ...headers,
    },
  });
}

export function statusOf(code: ErrorCode): number {
  return ERROR_CODES[code].http;
}
