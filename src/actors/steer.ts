/** Steering: a message for the stages of a run that start later. It moves nothing and is in force at once. Source: 03 §8. */
import { STEER_MESSAGE_CHARS_MAX } from "../limits.ts";
import type { CommandRow } from "../persistence/store.ts";
import type { CommandReply, Draft } from "./draft.ts";

/** Puts the message into the main scope of any live run that is not being cancelled, and answers. */
export function deliverSteer(draft: Draft, row: CommandRow): void {
  const reply = { row, accepted: false, changed: false, before: draft.control };
  const refusal = draft.control === "cancelling" ? CANCELLING : faultOf(messageIn(row));
  draft.reply = refusal ? { ...reply, ...refusal } : { ...reply, accepted: true, changed: true };
  if (refusal) return;
  const reason = row.reason === undefined ? {} : { reason: row.reason };
  draft.record({ type: "run.steered", data: { message: messageIn(row) as string, ...reason } });
}

type Refusal = Required<Pick<CommandReply, "code" | "hint">>;

const CANCELLING: Refusal = { code: "run_cancelling", hint: "the run is being cancelled: no stage starts any more" };

function messageIn({ body }: CommandRow): unknown {
  return (body as { readonly message?: unknown } | null)?.message;
}

function faultOf(message: unknown): Refusal | undefined {
  if (typeof message !== "string" || message === "")
    return { code: "usage", hint: "expected a message, found none; say what the stages that start later are to know" };
  if (message.length <= STEER_MESSAGE_CHARS_MAX) return undefined;
  const hint = `expected a message of ${STEER_MESSAGE_CHARS_MAX} characters at most, found ${message.length}`;
  return { code: "usage", hint };
}
