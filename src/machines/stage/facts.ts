/** What the stage chart knows, and what its guards and actions read from it. */
import type { RoutingOutcome } from "../../graph/index.ts";
import type { EntryOutcome } from "../../journal/catalogue.ts";
import { CRASH_INTERRUPTIONS_MAX } from "../../limits.ts";
import { backoffDelayMs, decideAttempt } from "../attempt.ts";
import type { AbortReason, StageEvent, StageKind, StageLimits } from "../protocol.ts";
import type { ChildContext } from "./child.ts";
import type { RegionContext } from "./region.ts";

export interface StageInput {
  readonly stage: string;
  readonly node: string;
  readonly branch: string;
  readonly visit: number;
  readonly kind: StageKind;
  readonly type: string;
  readonly limits: StageLimits;
  /** For the jitter of the back-off. */
  readonly seed: string;
  /** What a conditional carries on. */
  readonly carried: RoutingOutcome | null;
  readonly durationMs?: number;
  readonly timeoutMs?: number;
  /** Between two looks of a supervisor at its child. */
  readonly pollMs?: number;
  /** Declaration index of the edge that led here. */
  readonly edge?: number;
  /** Control state of the run when the stage was entered. */
  readonly control: "running" | "pausing" | "paused" | "cancelling";
  readonly atMs: number;
  readonly runMs: number;
  readonly baseSeq: number;
}

export interface StageContext {
  stage: string;
  node: string;
  branch: string;
  visit: number;
  kind: StageKind;
  type: string;
  limits: StageLimits;
  seed: string;
  durationMs?: number;
  timeoutMs?: number;
  pollMs?: number;
  edge?: number;
  /** Current attempt, from 1; 0 before the first. */
  attempt: number;
  /** Executions of the current attempt so far. */
  start: number;
  /** Crash interruptions of the current attempt in a row. */
  inARow: number;
  abort: AbortReason | null;
  /** Why the newest execution was interrupted. */
  cause: "crash" | "foreign_host" | "pause" | "shutdown" | null;
  /** An answer or result that waits to be acted on. */
  settled: EntryOutcome | null;
  choice: string | null;
  /** Of a parallel node or container, once its facts are gathered. */
  region?: RegionContext;
  /** Of a node that starts a child run, once it has. */
  child?: ChildContext;
  /** Seq before the input since which it holds; held stages go on in this order. Absent where it never held. */
  since?: number;
}

export const executionId = (context: Pick<StageContext, "stage" | "attempt" | "start">): string =>
  `${context.stage}#${context.attempt}.${context.start}`;

export type Args = { context: StageContext; event: StageEvent };
export type EventOf<T extends StageEvent["type"]> = Extract<StageEvent, { type: T }>;

export const verdict = ({ context, event }: Args) =>
  decideAttempt({
    end: (event as EventOf<"EXECUTION_ENDED">).end,
    attempt: context.attempt,
    limits: context.limits,
    abort: context.abort,
  });
export const isCurrent = ({ context, event }: Args) =>
  (event as EventOf<"EXECUTION_ENDED">).execution === executionId(context);
export const ended = (event: StageEvent) => event as EventOf<"EXECUTION_ENDED">;
export const retryTimer = (context: StageContext) => `${context.stage}#${context.attempt}:retry`;
/** Of the wall clock, in memory only: it ends with its execution's process. */
export const timeoutTimer = (context: StageContext) => `${executionId(context)}:timeout`;
export const waitTimer = (context: StageContext) => `${context.stage}:wait`;
export const gateId = (context: StageContext) =>
  context.kind === "gate" ? context.stage : `${executionId(context)}:interrupted`;
export const where = (context: StageContext) => ({ branch: context.branch, stage: context.stage });
export const which = (context: StageContext) => ({
  ...where(context),
  attempt: context.attempt,
  execution: executionId(context),
});
export const retryDelayMs = ({ context, event }: Args) =>
  ended(event).end.thrown?.retryAfterMs ?? backoffDelayMs(context.limits.backoff, context.attempt, context.seed);

/** The outcome as the entry has it; a time-out overrides whatever the handler said. */
export function finalOutcome({ context, event }: Args, status?: string) {
  const { outcome } = ended(event);
  if (context.abort === "timeout") {
    const { contextUpdates: _late, ...rest } = outcome;
    return { ...rest, status: status ?? "fail", failureReason: `timed out after ${context.timeoutMs ?? 0} ms` };
  }
  return status ? { ...outcome, status } : outcome;
}

export const abandonedMark = (event: StageEvent) => (ended(event).end?.abandoned ? { abandoned: true } : {});
export const routing = ({ contextUpdates: _updates, ...rest }: EntryOutcome) => rest as RoutingOutcome;

export function policyAfterCrash(context: StageContext): "retry" | "ask" | "fail" {
  if (context.cause === "foreign_host") return "ask";
  if (context.limits.onInterrupt === "retry" && context.inARow >= CRASH_INTERRUPTIONS_MAX) return "ask";
  return context.limits.onInterrupt;
}

/** What an answered or instant stage came to. A `retry` that is no word here asks for what cannot be: a failure. */
export function settledOutcome({ kind, settled, choice, limits }: StageContext): EntryOutcome {
  const outcome = settled ?? { status: "success" };
  if (kind === "instant" || outcome.status === "fail") return outcome;
  const isRefused = outcome.status === "retry" && limits.retryIsWord !== true;
  return isRefused || (kind === "execution" && choice === "fail") ? { ...outcome, status: "fail" } : outcome;
}

/** The first event of a chart carries its input. */
export function arrival(event: StageEvent): StageInput | undefined {
  return (event as unknown as { readonly input?: StageInput }).input;
}

export function runMsOf(event: StageEvent): number {
  return arrival(event)?.runMs ?? event.runMs;
}
