/**
 * Whether the ends of branches so far settle what their region comes to: for telling what a pause holds back. What it
 * comes to, and the decision itself, is the business of the region's chart; a test holds the two against each other.
 */
import type { ContainerFold, ParallelFold } from "../fold/state.ts";

export interface Ends {
  readonly succeeded: number;
  readonly failed: number;
}

type Join = Pick<ParallelFold, "policy" | "errorPolicy" | "need" | "ratio" | "total">;

/** As the chart has it: shares such as 0.07 of 100 come out a hair above the whole number they are. */
const RATIO_TOLERANCE = 1e-9;

export function isJoinDecided(join: Join, { succeeded, failed }: Ends): boolean {
  const { errorPolicy, need, policy, total } = join;
  const open = total - succeeded - failed;
  if (open === 0) return true;
  if (errorPolicy === "ignore") return succeeded > 0 && (policy === "any" || succeeded >= neededOf(join, failed));
  if (policy === "any") return succeeded + failed > 0;
  if (policy === "wait_all") return failed > 0 && errorPolicy === "fail_fast";
  return succeeded >= need || (succeeded + open < need && errorPolicy === "fail_fast");
}

/** Where failed branches are none of its branches. A quorum whose share is not said asks for the one that `need` is of all. */
function neededOf({ need, policy, ratio, total }: Join, failed: number): number {
  const branches = total - failed;
  if (policy === "quorum") return Math.max(1, Math.ceil((ratio ?? need / total) * branches - RATIO_TOLERANCE));
  return policy === "wait_all" || policy === "all_success" ? branches : Math.min(need, branches);
}

/** A foreach that goes on after failures waits for all; a loop goes on until its condition, unless an iteration fails. */
export function isContainerDecided(
  { kind, onItemFailure, total }: Pick<ContainerFold, "kind" | "onItemFailure" | "total">,
  { succeeded, failed }: Ends,
): boolean {
  if (failed > 0 && (kind === "loop" || onItemFailure !== "continue")) return true;
  return kind === "foreach" && total !== undefined && succeeded + failed >= total;
}
