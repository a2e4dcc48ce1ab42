/** A branch's chart, from the fold. What the journal does not say of a held hop, the same pure decision says again. */
import type { RoutingOutcome } from "../../graph/index.ts";
import { isWithin, readStageAddress } from "../../journal/address.ts";
import type { BranchFold, FoldState } from "../../journal/fold/state.ts";
import type { BranchContext } from "../branch.machine.ts";
import { decideHop } from "../hop.ts";
import type { Hop } from "../protocol.ts";
import type { Rebuild } from "../rebuild.ts";

/** Where a branch is, and what waits there. */
export interface Place extends Pick<BranchContext, "node" | "visit" | "end" | "failure" | "restart"> {
  readonly execution: "visiting" | "ending" | "failing" | "restarting";
}

const nothingWaits = { end: null, failure: null, restart: null } as const;

/** Undefined for a branch that is gone, though the journal does not say so yet: cancelled and with nothing in flight. */
export function placeOf(rebuild: Rebuild, branch: BranchFold): Place | undefined {
  const { fold } = rebuild;
  const newest = branch.stage === undefined ? undefined : readStageAddress(branch.stage);
  if (newest && fold.stages.has(branch.stage ?? "")) return visiting(newest.node, newest.visit);
  if (isCancelling(fold, branch.path)) return undefined;
  if (branch.next && !startsOver(rebuild, branch.next.edge)) {
    return visiting(branch.next.node, visitsOf(rebuild, branch.path, branch.next.node) + 1);
  }
  if (!newest) {
    const head = branch.head ?? rebuild.index.start?.id ?? "";
    return visiting(head, visitsOf(rebuild, branch.path, head) + 1);
  }
  return { node: newest.node, visit: newest.visit, ...waitingFor(hopOf(rebuild, branch, newest.node), branch) };
}

/** With the run, or with something it is inside of. */
export function isCancelling({ status, control }: FoldState, path: string): boolean {
  return status === "cancelling" || control.cancellingScopes.some((scope) => isWithin(path, scope));
}

function visiting(node: string, visit: number): Place {
  return { execution: "visiting", node, visit, ...nothingWaits };
}

function waitingFor(hop: Hop, { stage }: BranchFold): Omit<Place, "node" | "visit"> {
  switch (hop.kind) {
    case "end":
      return { execution: "ending", ...nothingWaits, end: { node: hop.node, exit: hop.exit } };
    case "restart":
      return { execution: "restarting", ...nothingWaits, restart: hop.node };
    case "fail":
      return {
        execution: "failing",
        ...nothingWaits,
        failure: { code: hop.code, message: hop.message, ...(stage === undefined ? {} : { stage }) },
      };
    case "enter":
      return { execution: "visiting", ...nothingWaits };
  }
}

function hopOf(rebuild: Rebuild, branch: BranchFold, node: string): Hop {
  const { fold, index, maxRestarts } = rebuild;
  return decideHop({
    index,
    branch: branch.path,
    visitsOf: (id) => visitsOf(rebuild, branch.path, id),
    redirects: fold.redirects.get(branch.path) ?? 0,
    restarts: fold.origin?.restarts ?? 0,
    maxRestarts,
    stage: branch.stage ?? "",
    node,
    outcome: carriedOf(branch) ?? { status: "success" },
    read: (key) => rebuild.read(branch.path, key),
  }).hop;
}

function visitsOf({ fold }: Rebuild, branch: string, node: string): number {
  return fold.visits.get(branch)?.get(node)?.visits ?? 0;
}

/** Whether an edge begins the run anew: then its entry stands, and no stage follows in this run. */
function startsOver({ graph }: Rebuild, edge: number | undefined): boolean {
  const restart = edge === undefined ? undefined : graph.edges[edge]?.attributes["loop_restart"];
  return restart === true || restart === "true";
}

/** What the newest stage that counts came to; conditionals carry it on. */
export function carriedOf({ outcome }: BranchFold): RoutingOutcome | null {
  if (!outcome) return null;
  const { stage: _stage, seq: _seq, ...routing } = outcome;
  return routing;
}

/** A branch at its end goes on to its check as soon as it may. */
export function branchValue(control: string, execution: Place["execution"]): object {
  return { control, execution: execution === "ending" && control === "running" ? "checking" : execution };
}

export function branchContext(branch: BranchFold, place: Omit<Place, "execution">): BranchContext {
  return {
    branch: branch.path,
    origin: branch.origin,
    ...place,
    outcome: carriedOf(branch),
    by: branch.outcome?.stage ?? null,
    cancelled: false,
    since: 0,
  };
}
