/** What the run chart knows, and its clock. */
import type { Failure, RunEvent } from "../protocol.ts";

export interface RunInput {
  readonly runId: string;
  readonly createdAtMs: number;
  /** Whether a slot is free: else it is queued. */
  readonly slot: boolean;
}

export interface RunContext {
  runId: string;
  createdAtMs: number;
  /** Whether a slot is kept for its arrival. */
  slot: boolean;
  /** Ms spent pausing or paused so far, without the present pause. */
  pausedMs: number;
  /** When the run clock stopped, epoch ms; null while it goes. */
  stoppedAtMs: number | null;
  pause: {
    own: boolean;
    inherited: boolean;
    mode: "drain" | "interrupt";
    deadlineMs: number | null;
    reason: string | null;
    /** Base seq of the turn in which it began: tells it from other pauses of the run. */
    since: number;
  } | null;
  cancel: { reason: string | null; graceMs: number; deadlineMs: number; force: boolean } | null;
  /** How the main branch ended; acted on when control allows. */
  end: { status: string; exit: string; failure: Failure | null; restart: string | null } | null;
}

/** Run time: ms since creation without those spent pausing or paused. Source: 03 §2. */
export function runTimeMs(
  context: Pick<RunContext, "createdAtMs" | "pausedMs" | "stoppedAtMs">,
  nowMs: number,
): number {
  return (context.stoppedAtMs ?? nowMs) - context.createdAtMs - context.pausedMs;
}

export type Args = { context: RunContext; event: RunEvent };
export type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

export const runMs = ({ context, event }: Args) => runTimeMs(context, event.atMs);
export const stoppedForMs = ({ context, event }: Args) =>
  context.stoppedAtMs === null ? 0 : Math.max(0, event.atMs - context.stoppedAtMs);
