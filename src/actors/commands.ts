/** Commands to a run: who may do what when is the run chart's; here they are put to it and answered. Source: 03 §2. */
import type { JsonValue } from "../graph/index.ts";
import type { CommandRow } from "../persistence/store.ts";
import { decideBranchCancel } from "./branch-cancel.ts";
import { noteInherited } from "./children/news.ts";
import type { Draft } from "./draft.ts";
import { refuseClosed } from "./gates/closed-gates.ts";
import { type AnswerReading, type Question, readAnswer } from "./gates/read-answer.ts";
import { branchPathOf, RUN_ACTOR, regionOf, stageActor, stageAddressOf } from "./held-run.ts";
import { deliverSteer } from "./steer.ts";
import { deliver, type TurnContext } from "./turn.ts";

export interface CommandInput {
  readonly row: CommandRow;
  readonly isFromInbox: boolean;
  readonly hasSlot: () => boolean;
}

/** What a command came to, as it is stored and answered. */
export interface CommandResult {
  readonly runId: string;
  readonly commandId: string;
  readonly verb: string;
  readonly accepted: boolean;
  readonly changed: boolean;
  readonly before: string;
  readonly after: string;
  readonly code?: string;
  readonly hint?: string;
  /** What it takes for the command to have its effect. */
  readonly needs?: "resume";
  readonly draining: readonly string[];
  readonly held: readonly string[];
}

export function deliverCommand(
  turn: TurnContext,
  input: CommandInput,
  settings: { readonly cancelGraceMs: number },
): void {
  const { draft } = turn;
  const { row } = input;
  draft.cause = { commandId: row.commandId, actor: row.actor };
  draft.reply = {
    row,
    accepted: false,
    changed: false,
    before: draft.control,
    code: "usage",
    hint: `unknown command ${row.verb}`,
  };
  noteInherited(draft, row);
  if (row.verb === "answer") return deliverAnswer(turn, row);
  if (row.verb === "steer") return deliverSteer(draft, row);
  const part = partOf(row);
  if (part !== undefined) return cancelPart(turn, row, part);
  const event = commandEvent(draft, input, settings);
  if (event) deliver(turn, { to: RUN_ACTOR, event });
}

/** What a cancel is for, where it is not the whole run. */
function partOf({ verb, body }: CommandRow): string | undefined {
  const branch = verb === "cancel" ? (body as Record<string, unknown> | null)?.["branch"] : undefined;
  return typeof branch === "string" ? branch : undefined;
}

function cancelPart(turn: TurnContext, row: CommandRow, path: string): void {
  const { draft } = turn;
  const decision = decideBranchCancel(draft, path, row.reason);
  if (decision.kind === "refuse") {
    draft.reply = { ...replyTo(draft, row), code: decision.code, hint: decision.hint };
    return;
  }
  draft.reply = { ...replyTo(draft, row), accepted: true, changed: decision.kind === "tell" };
  if (decision.kind === "so") return;
  draft.reply = { ...draft.reply, place: decision.place };
  deliver(turn, decision.message);
}

function commandEvent(draft: Draft, { row, hasSlot }: CommandInput, settings: { readonly cancelGraceMs: number }) {
  const body = (row.body ?? {}) as Record<string, JsonValue | undefined>;
  const stamp = {
    commandId: row.commandId,
    actor: row.actor,
    ...(row.reason === undefined ? {} : { reason: row.reason }),
  };
  const source = isInherited(row) ? "inherited" : "own";
  switch (row.verb) {
    case "pause": {
      const mode = body["mode"] === "interrupt" ? "interrupt" : "drain";
      const after = body["deadlineMs"];
      const deadline = typeof after === "number" ? { deadlineMs: draft.atMs + after } : {};
      return { ...stamp, type: "PAUSE", mode, source, draining: draft.openExecutions(), ...deadline };
    }
    case "continue": {
      const { message, context } = body;
      return {
        ...stamp,
        type: "CONTINUE",
        source,
        slot: hasSlot(),
        ...(message === undefined ? {} : { message }),
        ...(context === undefined ? {} : { context }),
      };
    }
    case "cancel": {
      const force = body["force"] === true;
      const graceMs = typeof body["graceMs"] === "number" ? body["graceMs"] : settings.cancelGraceMs;
      return { ...stamp, type: "CANCEL", graceMs, force };
    }
    default:
      return undefined;
  }
}

/** A parent pauses and continues its children in its own name. */
function isInherited(row: CommandRow): boolean {
  return (row.body as Record<string, unknown> | null)?.["source"] === "inherited";
}

function deliverAnswer(turn: TurnContext, row: CommandRow): void {
  const { draft } = turn;
  const { gate: id, answer } = row.body as { gate: string; answer: JsonValue };
  const gate = draft.gate(id);
  const refusal = refuseAnswer(draft, id);
  if (refusal || !gate) {
    draft.reply = { ...replyTo(draft, row), code: refusal?.code ?? "gate_not_found", hint: refusal?.hint ?? "" };
    return;
  }
  const reading: AnswerReading = readAnswer(gate.question as unknown as Question, answer);
  if (!reading.ok) {
    draft.reply = { ...replyTo(draft, row), code: "answer_invalid", hint: reading.problem };
    return;
  }
  draft.reply = { ...replyTo(draft, row), accepted: true, changed: true };
  const { choice, outcome } = reading;
  deliver(turn, {
    to: stageActor(gate.stage),
    event: { type: "ANSWER", gate: id, choice, outcome, answer, by: row.actor },
  });
}

function replyTo(draft: Draft, row: CommandRow) {
  return { row, accepted: false, changed: false, before: draft.control };
}

function refuseAnswer(draft: Draft, gate: string): { code: string; hint: string } | undefined {
  if (draft.control === "cancelling") return { code: "run_cancelling", hint: "the run is being cancelled" };
  if (draft.gate(gate)?.status === "open") return undefined;
  const closed = draft.held.closedGates.get(gate);
  if (closed) return refuseClosed(gate, closed);
  return { code: "gate_not_found", hint: `no gate ${gate} is open; \`questions\` lists those that are` };
}

/** The audit entry of the turn's command, and the result that is stored with it. Called when the turn is complete. */
export function answerCommand(draft: Draft): CommandResult | undefined {
  const { reply } = draft;
  if (!reply) return undefined;
  const { row, accepted, changed, before, code, hint, place } = reply;
  const after = statusOf(draft);
  const reason = row.reason === undefined ? {} : { reason: row.reason };
  draft.record(
    accepted
      ? {
          type: "control.accepted",
          ...place,
          data: {
            verb: row.verb,
            before: before as "running",
            after: after as "running",
            changed,
            ...(isInherited(row) ? { source: "inherited" as const } : {}),
            ...reason,
          },
        }
      : {
          type: "control.rejected",
          data: {
            verb: row.verb,
            state: before as "running",
            code: code ?? "usage",
            ...(hint ? { hint } : {}),
            ...reason,
          },
        },
  );
  return {
    runId: draft.held.runId,
    commandId: row.commandId,
    verb: row.verb,
    accepted,
    changed,
    before,
    after,
    ...(accepted || code === undefined ? {} : { code }),
    ...(accepted || !hint ? {} : { hint }),
    draining: draft.control === "pausing" || draft.control === "cancelling" ? draft.openExecutions() : [],
    held: heldActors(draft),
  };
}

function statusOf(draft: Draft): string {
  return draft.patch.status ?? draft.held.row.status;
}

/** Stages, branches and the run that would go on if it were continued, by the addresses that views have. */
function heldActors(draft: Draft): string[] {
  if (draft.control !== "pausing" && draft.control !== "paused") return [];
  return [...draft.addresses()]
    .filter((address) => HELD_STATES.has(executionOf(draft, address)))
    .map((address) => stageAddressOf(address) ?? branchPathOf(address) ?? address);
}

const HELD_STATES: ReadonlySet<string> = new Set(["ready", "interrupted", "answered", "ending", "failing", "starting"]);

function executionOf(draft: Draft, address: string): string {
  const actor = draft.actor(address);
  return actor ? regionOf(actor, "execution") : "";
}
