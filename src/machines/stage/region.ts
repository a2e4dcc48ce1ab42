/**
 * The stage of a parallel node or container: it coordinates the branches of its activation.
 *
 * What it knows of them is counts and the indexes in flight, of constant size however many there are; what each came
 * to is kept in rows. Source: 02 §4, 03 §5-6.
 */
import { isFailureStatus } from "../../graph/index.ts";
import { decideForeach, decideJoin, type JoinDecision, type JoinTally } from "../join.ts";
import type { BranchEnd, RegionDecision, RegionPlan, StageEvent } from "../protocol.ts";

export interface RegionContext extends RegionPlan {
  /** The lowest index that has not begun. */
  readonly next: number;
  /** Ascending. */
  readonly inFlight: readonly number[];
  readonly succeeded: number;
  readonly failed: number;
  /** Of the first prefix of ends that satisfies the policy; ends after it do not count. Acted on when control allows. */
  readonly decision: RegionDecision | null;
}

/** A region before its first branch. One without any is decided. */
export function newRegion(plan: RegionPlan): RegionContext {
  const region: RegionContext = { ...plan, next: 0, inFlight: [], succeeded: 0, failed: 0, decision: null };
  return plan.total === 0 ? { ...region, decision: decide(region, undefined) } : region;
}

/** Whether one more branch may begin now. */
export function hasRoom({ total, next, inFlight, maxParallel, decision }: RegionContext): boolean {
  return decision === null && inFlight.length < maxParallel && (total === null || next < total);
}

export function withNext(region: RegionContext): RegionContext {
  return { ...region, next: region.next + 1, inFlight: [...region.inFlight, region.next] };
}

/** After a branch's end. */
export function withEnd(region: RegionContext, end: BranchEnd, isCounted: boolean): RegionContext {
  const inFlight = region.inFlight.filter((index) => index !== end.index);
  if (!isCounted) return { ...region, inFlight };
  const isFailed = hasFailed(end);
  const counted: RegionContext = {
    ...region,
    inFlight,
    succeeded: region.succeeded + (isFailed ? 0 : 1),
    failed: region.failed + (isFailed ? 1 : 0),
  };
  return { ...counted, decision: decide(counted, end) };
}

/** One that was skipped had nothing to do, which is no failure. */
export function hasFailed({ status, cancelled, failure }: BranchEnd): boolean {
  return cancelled || failure !== undefined || isFailureStatus(status);
}

function decide(region: RegionContext, end: BranchEnd | undefined): RegionDecision | null {
  const { total, succeeded, failed, join, onItemFailure } = region;
  // A loop goes on as its conditions say, unless an iteration fails.
  if (total === null) return end && hasFailed(end) ? failedLoop(end) : null;
  const tally: JoinTally = { total, succeeded, failed, ...(end === undefined ? {} : { newest: end.status }) };
  const found: JoinDecision = join ? decideJoin(join, tally) : decideForeach(onItemFailure ?? "stop", tally);
  if (found.kind === "wait") return null;
  const { decision, status } = found;
  if (decision !== "fail") return { decision, status };
  const code = join ? "join_failed" : "items_failed";
  return { decision, status, code, reason: failureReason(region, end) };
}

function failedLoop(end: BranchEnd): RegionDecision {
  const reason = `iteration ${end.index} failed${why(end)}`;
  return { decision: "fail", status: "fail", code: "iteration_failed", reason };
}

function failureReason({ join, total, succeeded, failed }: RegionContext, end: BranchEnd | undefined): string {
  if (!join) return `${failed} of ${total} items failed${why(end)}`;
  return `${join.policy} was not met: ${succeeded} of ${total} branches succeeded, ${failed} failed${why(end)}`;
}

function why(end: BranchEnd | undefined): string {
  const reason = end?.cancelled ? "cancelled" : (end?.failure?.message ?? end?.outcome?.failureReason);
  return reason === undefined ? "" : `; the last: ${reason}`;
}

export const branchEnd = (event: StageEvent): BranchEnd => event as Extract<StageEvent, { type: "BRANCH_ENDED" }>;
