/**
 * Every enumeration of the run view, once. docs/reference/run-view.md is compared with this file.
 * Source: 03 §2, 05 §1.
 */

export const RUN_STATUSES = [
  "queued",
  "running",
  "pausing",
  "paused",
  "cancelling",
  "cancelled",
  "completed",
  "failed",
] as const;

export const BRANCH_STATUSES = [
  "running",
  "pausing",
  "paused",
  "cancelling",
  "succeeded",
  "failed",
  "cancelled",
  "superseded",
] as const;

export const BRANCH_ORIGINS = ["main", "parallel", "foreach", "loop"] as const;

export const STAGE_STATUSES = [
  "entered",
  "running",
  "backing_off",
  "waiting",
  "held",
  "succeeded",
  "partial",
  "failed",
  "skipped",
  "cancelled",
  "interrupted",
] as const;

export const ATTEMPT_STATUSES = [
  "running",
  "succeeded",
  "failed",
  "retried",
  "interrupted",
  "cancelled",
  "abandoned",
  "lost",
] as const;

export const WAITING_KINDS = ["gate", "timer", "child"] as const;

/** What is ready to go on and does not while the run is pausing or paused. */
export const HELD_KINDS = [
  "run",
  "stage",
  "execution",
  "retry",
  "end",
  "branch",
  "join",
  "iteration",
  "container",
] as const;

export const CONTAINER_KINDS = ["foreach", "loop"] as const;

export type RunStatus = (typeof RUN_STATUSES)[number];
export type BranchStatus = (typeof BRANCH_STATUSES)[number];
export type BranchOrigin = (typeof BRANCH_ORIGINS)[number];
export type StageStatus = (typeof STAGE_STATUSES)[number];
export type AttemptStatus = (typeof ATTEMPT_STATUSES)[number];
export type HeldKind = (typeof HELD_KINDS)[number];

/** Of a stage that has not ended. */
export type LiveStageStatus = "entered" | "running" | "backing_off" | "waiting" | "held" | "interrupted";
export type EndedStageStatus = Exclude<StageStatus, LiveStageStatus>;
export type EndedBranchStatus = "succeeded" | "failed" | "cancelled" | "superseded";
/** How an execution ended. */
export type ExecutionEnd = Exclude<AttemptStatus, "running">;

/** Whether a run has ended for good: what follows in its journal is audit only. */
export function isFinalStatus(status: RunStatus): status is "completed" | "failed" | "cancelled" {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** Whether a stage of this kind only routes: it has no executions and leaves the engine's context keys alone. */
export function isPassThrough(kind: string | undefined): boolean {
  return kind === "start" || kind === "exit" || kind === "conditional";
}
