/** Commands and what they come to. */
import { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../../errors.ts";
import { RUN_STATUSES } from "../../journal/status.ts";
import { COMMAND_NAME_CHARS_MAX, COMMAND_REASON_CHARS_MAX } from "../../limits.ts";
import { json, place, text } from "./basics.ts";
import { named } from "./named.ts";

const status = z.enum(RUN_STATUSES);
const ms = z.number().int().nonnegative();
/** The longest a request may wait for the run's owner to take a command. */
const TIMEOUT_MS_MAX = 60_000;

export const controlResult = named(
  "ControlResult",
  z.strictObject({
    runId: text,
    commandId: text,
    verb: text,
    /** Null: not taken yet, stays in force. */
    accepted: z.boolean().nullable(),
    pending: z.boolean().exactOptional(),
    changed: z.boolean(),
    before: status.exactOptional(),
    after: status.exactOptional(),
    code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]).exactOptional(),
    hint: text.exactOptional(),
    needs: z.literal("resume").exactOptional(),
    draining: z.array(text),
    held: z.array(text),
  }),
);

/** What every command may say. */
const order = {
  reason: text.max(COMMAND_REASON_CHARS_MAX).exactOptional(),
  /** Who gives it, for the audit entries. */
  actor: text.min(1).max(COMMAND_NAME_CHARS_MAX).exactOptional(),
  /** The same id again: the same result. Default: the header `idempotency-key`, else a new one. */
  commandId: text.min(1).max(COMMAND_NAME_CHARS_MAX).exactOptional(),
  timeoutMs: ms.max(TIMEOUT_MS_MAX).exactOptional(),
};

export const pauseBody = z.strictObject({
  ...order,
  mode: z.enum(["drain", "interrupt"]).exactOptional(),
  deadlineMs: ms.exactOptional(),
});
export const continueBody = z.strictObject({
  ...order,
  message: text.exactOptional(),
  context: z.record(text, json).exactOptional(),
});
export const cancelBody = z.strictObject({
  ...order,
  branch: place.exactOptional(),
  graceMs: ms.exactOptional(),
  force: z.boolean().exactOptional(),
});
export const steerBody = z.strictObject({ ...order, message: text.min(1) });
export const answerBody = z.strictObject({ ...order, answer: json });

export const bulkBody = z.strictObject({
  ...order,
  verb: z.enum(["pause", "continue", "cancel"]),
  all: z.literal(true).exactOptional(),
  labels: z.record(text, text).exactOptional(),
  status: z.array(status).exactOptional(),
  /** Only say which runs are meant. */
  dryRun: z.boolean().exactOptional(),
  mode: pauseBody.shape.mode,
  deadlineMs: pauseBody.shape.deadlineMs,
  message: continueBody.shape.message,
  context: continueBody.shape.context,
  graceMs: cancelBody.shape.graceMs,
  force: cancelBody.shape.force,
});
export const bulkResult = z.strictObject({ results: z.array(controlResult) });

export const forkBody = z.strictObject({
  /** A seq, or the address of a stage to do anew. */
  at: z.union([z.number().int().positive(), text.min(1)]).exactOptional(),
  runId: text.exactOptional(),
  context: z.record(text, json).exactOptional(),
  labels: z.record(text, text).exactOptional(),
  drive: z.boolean().exactOptional(),
});
export const forkResult = z.strictObject({
  runId: text,
  from: text,
  status,
  /** Of the run that it was forked from. */
  at: z.number().int().exactOptional(),
  needs: z.literal("resume").exactOptional(),
});
