/**
 * Every error code, with the HTTP status and the exit code it becomes and whether trying again later may help.
 * A test compares this table with docs/reference/errors.md.
 */
export const ERROR_CODES = {
  usage: { http: 400, exit: 2, retryable: false },
  pipeline_invalid: { http: 422, exit: 65, retryable: false },
  input_invalid: { http: 422, exit: 65, retryable: false },
  file_not_found: { http: 404, exit: 66, retryable: false },
  run_not_found: { http: 404, exit: 66, retryable: false },
  gate_not_found: { http: 404, exit: 66, retryable: false },
  pipeline_not_found: { http: 404, exit: 66, retryable: false },
  artifact_not_found: { http: 404, exit: 66, retryable: false },
  branch_not_found: { http: 404, exit: 66, retryable: false },
  key_not_found: { http: 404, exit: 66, retryable: false },
  run_exists: { http: 409, exit: 5, retryable: false },
  not_paused: { http: 409, exit: 5, retryable: false },
  pause_withdrawn: { http: 409, exit: 5, retryable: false },
  parent_paused: { http: 409, exit: 5, retryable: false },
  run_paused: { http: 409, exit: 4, retryable: false },
  run_cancelling: { http: 409, exit: 5, retryable: false },
  run_finished: { http: 409, exit: 5, retryable: false },
  run_cancelled: { http: 409, exit: 5, retryable: false },
  run_cancelled_new_run_required: { http: 409, exit: 5, retryable: false },
  run_restarted: { http: 409, exit: 5, retryable: false },
  use_run_cancel: { http: 409, exit: 5, retryable: false },
  branch_finished: { http: 409, exit: 5, retryable: false },
  join_decided: { http: 409, exit: 5, retryable: false },
  answer_invalid: { http: 422, exit: 5, retryable: false },
  gate_answered: { http: 409, exit: 5, retryable: false },
  command_id_reused: { http: 409, exit: 5, retryable: false },
  unauthorized: { http: 401, exit: 2, retryable: false },
  forbidden: { http: 403, exit: 2, retryable: false },
  route_not_found: { http: 404, exit: 66, retryable: false },
  method_not_allowed: { http: 405, exit: 2, retryable: false },
  not_acceptable: { http: 406, exit: 2, retryable: false },
  request_timeout: { http: 408, exit: 75, retryable: true },
  body_too_large: { http: 413, exit: 65, retryable: false },
  media_type_unsupported: { http: 415, exit: 2, retryable: false },
  headers_too_large: { http: 431, exit: 65, retryable: false },
  too_many_clients: { http: 503, exit: 75, retryable: true },
  run_owned: { http: 409, exit: 75, retryable: true },
  lease_lost: { http: 409, exit: 75, retryable: true },
  timed_out: { http: 504, exit: 75, retryable: true },
  runtime_stopped: { http: 503, exit: 75, retryable: true },
  store_busy: { http: 503, exit: 75, retryable: true },
  store_full: { http: 507, exit: 75, retryable: true },
  store_unavailable: { http: 503, exit: 75, retryable: true },
  store_read_only: { http: 500, exit: 78, retryable: false },
  store_not_found: { http: 500, exit: 66, retryable: false },
  store_corrupt: { http: 500, exit: 78, retryable: false },
  store_schema_newer: { http: 500, exit: 78, retryable: false },
  journal_entry_invalid: { http: 500, exit: 78, retryable: false },
  checkpoint_incompatible: { http: 500, exit: 78, retryable: false },
  configuration: { http: 500, exit: 78, retryable: false },
  handler_missing: { http: 409, exit: 78, retryable: false },
  handler_invalid: { http: 422, exit: 78, retryable: false },
  not_json: { http: 422, exit: 65, retryable: false },
  limit_exceeded: { http: 422, exit: 65, retryable: false },
  verification_failed: { http: 500, exit: 1, retryable: false },
  internal: { http: 500, exit: 70, retryable: false },
} as const satisfies Record<string, { http: number; exit: number; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

const KIND = Symbol.for("safepoint.error");

/**
 * The one error class of Safepoint. Tell errors apart by `code` (see {@link isSafepointError}), not by `instanceof`:
 * two copies of the package in one process are two classes.
 */
export class SafepointError extends Error {
  override readonly name: string = "SafepointError";
  readonly [KIND] = true;
  readonly code: ErrorCode;
  /** Plain JSON that a program can act on. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  get httpStatus(): number {
    return ERROR_CODES[this.code].http;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** A promise the code makes to itself was broken: the driver gives up the run and reloads it from committed rows. */
export class InvariantError extends SafepointError {
  override readonly name = "InvariantError";

  constructor(message: string, details: Record<string, unknown> = {}) {
    super("internal", message, { details });
  }
}

/** Thrown by a handler: the attempt failed for good, no retry. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
}

/** Thrown by a handler: the failure is transient. `retryAfterMs` overrides the back-off of the retry policy. */
export class RetryableError extends Error {
  override readonly name = "RetryableError";
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

export function isSafepointError(value: unknown): value is SafepointError {
  return typeof value === "object" && value !== null && (value as { [KIND]?: unknown })[KIND] === true;
}

/** Throws InvariantError unless `condition` holds. */
export function assert(condition: unknown, message: string, details?: Record<string, unknown>): asserts condition {
  if (!condition) throw new InvariantError(message, details);
}

/** For the `default` of a switch that names every case: fails to compile, and to run, when one is missing. */
export function unreachable(value: never, what = "value"): never {
  throw new InvariantError(`unexpected ${what}: ${JSON.stringify(value)}`);
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
