/** A branch's chart, from the fold. What the journal does not say of a held hop, the same pure decision says again. */
import type { RoutingOutcome } from "../../graph/index.ts";
import { readStageAddress } from "../../journal/address.ts";
import type { BranchFold, NextHop } from "../../journal/fold/state.ts";
import type { BranchContext } from "../branch.machine.ts";
import { bodyHead, branchRegion, ownerNode } from "../branch-region.ts";
import { decideHead, decideHop, type HopFacts } from "../hop.ts";
import type { Hop } from "../protocol.ts";
import type { Rebuild } from "../rebuild.ts";
import { isCancelling } from "./region-snapshot.ts";

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
  if (isCancelling(rebuild, branch.path)) return undefined;
  if (branch.next && isEntered(rebuild, branch.path, branch.next)) {
    return visiting(branch.next.node, visitsOf(rebuild, branch.path, branch.next.node) + 1);
  }
  if (!newest) return begun(rebuild, branch);
  return { node: newest.node, visit: newest.visit, ...waitingFor(hopOf(rebuild, branch, newest.node), branch) };
}

/** At its first stage, which is held; or at its end, where it begins at its join. */
function begun(rebuild: Rebuild, branch: BranchFold): Place {
  const head = headOf(rebuild, branch);
  const { hop } = decideHead(hopFacts(rebuild, branch), { node: head });
  const at = { node: null, visit: 0 };
  return hop.kind === "enter" ? visiting(head, hop.visit) : { ...at, ...waitingFor(hop, branch) };
}

function headOf({ index }: Rebuild, { head, path }: BranchFold): string {
  if (head !== undefined) return head;
  const container = ownerNode(index, path);
  return (container ? bodyHead(index, container) : index.start?.id) ?? "";
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
  const facts = hopFacts(rebuild, branch);
  return decideHop({
    ...facts,
    // A jump that was written down and not made is counted already.
    redirects: facts.redirects - (branch.next?.rule.endsWith("retry_target") ? 1 : 0),
    stage: branch.stage ?? "",
    node,
    outcome: carriedOf(branch) ?? { status: "success" },
    read: (key) => rebuild.read(branch.path, key),
  }).hop;
}

function hopFacts(rebuild: Rebuild, { path }: BranchFold): HopFacts {
  const { fold, index, maxRestarts } = rebuild;
  const region = branchRegion(rebuild.index, path);
  return {
    index,
    branch: path,
    ...(region ? { region } : {}),
    visitsOf: (id) => visitsOf(rebuild, path, id),
    redirects: fold.redirects.get(path) ?? 0,
    restarts: fold.origin?.restarts ?? 0,
    maxRestarts,
  };
}

function visitsOf({ fold }: Rebuild, branch: string, node: string): number {
  return fold.visits.get(branch)?.get(node)?.visits ?? 0;
}

/** Whether a hop is made. An entry stands also where it is not: the run starts over, or the branch would leave its region. */
function isEntered(rebuild: Rebuild, path: string, { node, edge }: NextHop): boolean {
  if (startsOver(rebuild, edge)) return false;
  const region = branchRegion(rebuild.index, path);
  return !region || region.nodes.has(node) || rebuild.index.node(node)?.type === "exit";
}

/** Whether an edge begins the run anew. */
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
    since: branch.since,
  };
}
