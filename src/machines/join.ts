/** When a fan-out or a foreach has its answer. Pure: counts in, a word out. Source: 03 §5, §6. */
import { assert, unreachable } from "../errors.ts";
import { isFailureStatus, type JoinSettings } from "../graph/index.ts";

/** The ends so far, in the order they came: the prefix a decision is made over. What is neither is open. */
export interface JoinTally {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** The newest end's status word; absent before the first. */
  readonly newest?: string;
}

export type JoinDecision =
  | { readonly kind: "wait" }
  | {
      readonly kind: "decided";
      readonly decision: "success" | "partial_success" | "fail";
      /** The word the stage ends with: the decision, but with `any` that of the end that was taken. */
      readonly status: string;
    };

const WAIT: JoinDecision = { kind: "wait" };
const SUCCESS: JoinDecision = { kind: "decided", decision: "success", status: "success" };
const PARTIAL: JoinDecision = { kind: "decided", decision: "partial_success", status: "partial_success" };
const FAIL: JoinDecision = { kind: "decided", decision: "fail", status: "fail" };

/** Shares such as 0.07 of 100 come out of binary arithmetic a hair above the whole number they are. */
const RATIO_TOLERANCE = 1e-9;

/**
 * How many successes a join asks for, of `total` branches with `failed` failed so far. With `ignore`, failed branches
 * are none of its branches. `wait_all` asks for all of them, though it is content with less; a quorum is at least one.
 */
export function successesNeeded(join: JoinSettings, total: number, failed: number): number {
  const isIgnoring = join.errorPolicy === "ignore";
  const branches = isIgnoring ? total - failed : total;
  switch (join.policy) {
    case "wait_all":
    case "all_success":
      return branches;
    case "first_success":
    case "any":
      return 1;
    case "k_of_n":
      return isIgnoring ? Math.min(join.k ?? 1, branches) : (join.k ?? 1);
    case "quorum":
      return Math.max(1, Math.ceil((join.ratio ?? 0.5) * branches - RATIO_TOLERANCE));
    default:
      return unreachable(join.policy, "join policy");
  }
}

/**
 * What a join says of the ends so far. To be asked after each end; what it has decided stands, and is not asked again.
 *
 * A fan-out without branches is decided before any end: it succeeds where nothing may fail, and fails where something
 * must succeed.
 */
export function decideJoin(join: JoinSettings, tally: JoinTally): JoinDecision {
  const open = openOf(tally);
  if (join.errorPolicy === "ignore") return decideIgnoring(join, tally, open);
  if (join.policy === "any") return decideAny(tally, open);
  if (join.policy === "wait_all") return decideAll(join, tally, open);
  const need = successesNeeded(join, tally.total, tally.failed);
  if (tally.succeeded >= need) return SUCCESS;
  return tally.succeeded + open < need ? refuse(join, open) : WAIT;
}

/** After the last end: success, partial_success, fail, by how many failed. A failure may be the end of it at once. */
function decideAll(join: JoinSettings, { succeeded, failed }: JoinTally, open: number): JoinDecision {
  if (failed > 0 && join.errorPolicy === "fail_fast") return FAIL;
  if (open > 0) return WAIT;
  return failed === 0 ? SUCCESS : succeeded > 0 ? PARTIAL : FAIL;
}

/** The first end as it is. */
function decideAny({ succeeded, failed, newest }: JoinTally, open: number): JoinDecision {
  if (succeeded + failed > 0) return asItIs(newest);
  return open === 0 ? FAIL : WAIT;
}

/** Failed branches are out of the count: enough is enough of those that are left, and only none at all is a failure. */
function decideIgnoring(join: JoinSettings, tally: JoinTally, open: number): JoinDecision {
  const { total, succeeded, failed, newest } = tally;
  if (succeeded === 0) return open > 0 ? WAIT : FAIL;
  if (join.policy === "any") return asItIs(newest);
  return succeeded >= successesNeeded(join, total, failed) ? SUCCESS : WAIT;
}

/** It can no longer be met. */
function refuse({ errorPolicy }: JoinSettings, open: number): JoinDecision {
  return errorPolicy === "fail_fast" || open === 0 ? FAIL : WAIT;
}

/** A status fails the join where it would fail a route: `skipped` and words of the pipeline's own go on. */
function asItIs(status: string | undefined): JoinDecision {
  assert(status !== undefined, "the newest end is told with its status");
  if (isFailureStatus(status)) return { kind: "decided", decision: "fail", status };
  return { kind: "decided", decision: status === "partial_success" ? status : "success", status };
}

/**
 * What a foreach says of its iterations' ends so far; asked as {@link decideJoin} is. `stop`: the first failure fails
 * it. `continue`: after the last, partial_success where some failed, fail where all did. An empty one has succeeded.
 */
export function decideForeach(onItemFailure: "stop" | "continue", tally: JoinTally): JoinDecision {
  const { succeeded, failed } = tally;
  const open = openOf(tally);
  if (failed > 0 && onItemFailure === "stop") return FAIL;
  if (open > 0) return WAIT;
  return failed === 0 ? SUCCESS : succeeded > 0 ? PARTIAL : FAIL;
}

function openOf({ total, succeeded, failed }: JoinTally): number {
  const open = total - succeeded - failed;
  assert(open >= 0, "no more branches end than there are", { total, succeeded, failed });
  return open;
}
