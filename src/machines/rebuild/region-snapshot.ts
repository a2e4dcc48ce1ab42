/**
 * What the stage of a parallel node or container knows of its branches, from the fold. What it has decided, the same
 * pure decision says again over the same ends in the same order.
 */
import { containerSettings, type GraphNode, parallelSettings } from "../../graph/index.ts";
import { activationsAround, formatBranch, isWithin, readStageAddress } from "../../journal/address.ts";
import type { ContainerFold, IterationEnd, ParallelBranch, ParallelFold } from "../../journal/fold/state.ts";
import type { BranchEnd, RegionDecision, RegionPlan } from "../protocol.ts";
import type { Rebuild } from "../rebuild.ts";
import { hasFailed, newRegion, type RegionContext, withEnd } from "../stage/region.ts";

/** Undefined for the stages of all other nodes. */
export function regionContext(rebuild: Rebuild, activation: string): RegionContext | undefined {
  const { containers, parallels } = rebuild.fold;
  const node = rebuild.index.node(readStageAddress(activation)?.node ?? "");
  if (!node) return undefined;
  const parallel = parallels.get(activation);
  if (parallel) return parallelContext(rebuild, node, parallel);
  const container = containers.get(activation);
  return container && containerContext(rebuild, node, container);
}

/** Whether what it has decided is acted on: branches that go on are cancelled, and awaited. */
export function isWindingDown(rebuild: Rebuild, activation: string): boolean {
  const parallel = rebuild.fold.parallels.get(activation);
  if (parallel) return parallel.decided !== undefined;
  const container = rebuild.fold.containers.get(activation);
  if (!container) return false;
  if (container.aborted !== undefined) return true;
  const end = container.onItemFailure === "continue" ? container.newest : decisiveEnd(container);
  return end?.isActedOn === true && regionContext(rebuild, activation)?.decision !== null;
}

/** Whether a branch or stage is cancelled: with the run, by itself, or with something it is inside of. */
export function isCancelling(rebuild: Rebuild, path: string): boolean {
  const { status, control } = rebuild.fold;
  if (status === "cancelling" || control.cancellingScopes.some((scope) => takesAlong(scope, path))) return true;
  for (const activation of activationsAround(path)) if (isWindingDown(rebuild, activation)) return true;
  return false;
}

/** An activation whose branches are cancelled goes on itself, to fail. */
function takesAlong(scope: string, path: string): boolean {
  return isWithin(path, scope) && (path !== scope || readStageAddress(scope) === undefined);
}

function parallelContext({ graph }: Rebuild, node: GraphNode, parallel: ParallelFold): RegionContext {
  const { activation, aborted, branches, maxParallel, tally, total } = parallel;
  const { join } = parallelSettings(graph, node);
  const ended = [...branches.values()].filter(counts).sort((a, b) => a.endedSeq - b.endedSeq);
  let region = newRegion({ total, maxParallel, join });
  for (const branch of ended) region = withEnd(region, branchEnd(activation, branch), true);
  const inFlight = [...branches.values()].filter(({ status }) => status === "running").map(({ index }) => index);
  return { ...region, ...abort(aborted), next: total - tally.queued, inFlight };
}

function counts(branch: ParallelBranch): branch is ParallelBranch & Required<Pick<ParallelBranch, "endedSeq">> {
  return branch.endedSeq !== undefined && branch.status !== "superseded" && branch.cut !== true;
}

function branchEnd(activation: string, { index, outcome = "fail", reason }: ParallelBranch): BranchEnd {
  return endOf(activation, { index, status: outcome, reason });
}

function containerContext({ graph }: Rebuild, node: GraphNode, container: ContainerFold): RegionContext {
  const { aborted, items, inFlight, kind, maxParallel, next, total } = container;
  const { onItemFailure } = containerSettings(graph, node);
  const plan: RegionPlan =
    kind === "loop" || total === undefined || items === undefined
      ? { total: null, maxParallel }
      : { total, maxParallel, onItemFailure, items };
  const isStopping = plan.onItemFailure !== "continue";
  const unsuccessful = container.failed + container.cancelled - container.cut;
  const counted = {
    succeeded: container.succeeded,
    // The first one decides; what ended after it was cut.
    failed: isStopping ? Math.min(1, unsuccessful) : unsuccessful,
  };
  return { ...decided(newRegion(plan), counted, container), ...abort(aborted), next, inFlight };
}

/** The region after all ends that counted, of which the newest, or the first that failed, is known. */
function decided(
  begun: RegionContext,
  { succeeded, failed }: { readonly succeeded: number; readonly failed: number },
  container: ContainerFold,
): RegionContext {
  const end = begun.onItemFailure === "continue" ? container.newest : decisiveEnd(container);
  if (!end) return begun;
  const told = endOf(container.activation, end);
  const before = hasFailed(told) ? { succeeded, failed: failed - 1 } : { succeeded: succeeded - 1, failed };
  return withEnd({ ...begun, ...before }, told, true);
}

function decisiveEnd({ newest, unsuccessful }: ContainerFold): IterationEnd | undefined {
  return unsuccessful ?? newest;
}

/** Whoever failed or was cancelled has ended with the status `fail`. */
function endOf(
  activation: string,
  { index, status, reason }: { readonly index: number; readonly status: string; readonly reason?: string | undefined },
): BranchEnd {
  const outcome = { status, ...(reason === undefined ? {} : { failureReason: reason }) };
  return { branch: formatBranch({ activation, index }), index, status, cancelled: false, outcome };
}

function abort(aborted: string | undefined): { readonly decision?: RegionDecision } {
  if (aborted === undefined) return {};
  return { decision: { decision: "fail", status: "fail", code: "cancelled", reason: aborted } };
}
