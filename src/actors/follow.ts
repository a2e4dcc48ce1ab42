/**
 * What an actor is to be told because of where it stands: control of the run, and of all that it is inside of. Pure over
 * the turn in the making. Source: 03 §2.
 */
import { formatStage, parentBranch } from "../journal/address.ts";
import type { Draft, Message } from "./draft.ts";
import { branchActor, type LiveActor, RUN_ACTOR, regionOf, stageActor } from "./held-run.ts";
import { ownerOf } from "./regions.ts";

/** Whoever holds others below it and is cancelled, or winds down, takes them along. */
export function noteMove(
  draft: Draft,
  { address, before, after }: { readonly address: string; readonly before: LiveActor; readonly after: LiveActor },
): void {
  const isCoordinator = after.kind === "stage" && after.snapshot.context.region !== undefined;
  if (isCoordinator) draft.regions.add(address);
  if (after.kind !== "branch" && !isCoordinator) return;
  if (endsOthers(after) && !endsOthers(before)) draft.scopeMoved = true;
}

/** What is below it is to be cancelled. */
function endsOthers(actor: LiveActor): boolean {
  const control = regionOf(actor, "control");
  return control === "cancelling" || control === "cancelled" || regionOf(actor, "execution") === "winding_down";
}

/** What an actor was not told yet. `isCold`: nothing may start, so nobody is told to go on. */
export function followEvent(
  { draft, isCold }: { readonly draft: Draft; readonly isCold: boolean },
  address: string,
): Message["event"] | undefined {
  const actor = draft.actor(address);
  const run = draft.actor(RUN_ACTOR);
  if (!actor || actor.kind === "run" || run?.kind !== "run") return undefined;
  const own = regionOf(actor, "control");
  if (own === "cancelling" || own === "cancelled") return undefined;
  if (isCancelledAbove(draft, actor)) return { type: "CANCEL" };
  switch (draft.control) {
    case "running":
      if (isCold || hasAbandoned(draft, address)) return undefined;
      return own === "pausing" || own === "paused" ? { type: "CONTINUE" } : undefined;
    case "pausing":
    case "paused": {
      const mode = run.snapshot.context.pause?.mode ?? "drain";
      if (own === "running") return { type: "PAUSE", mode };
      if (actor.kind === "branch")
        return own === "pausing" && holdsStill(draft, actor) ? { type: "STAGE_HELD" } : undefined;
      return mode === "interrupt" && isUnasked(actor) ? { type: "PAUSE", mode } : undefined;
    }
    case "cancelling":
    case "cancelled":
      return { type: "CANCEL" };
    default:
      return undefined;
  }
}

/** An execution that drains, and is to be interrupted now. */
function isUnasked(actor: LiveActor): boolean {
  if (actor.kind !== "stage" || regionOf(actor, "control") !== "pausing") return false;
  return regionOf(actor, "execution") === "executing" && actor.snapshot.context.abort === null;
}

/** Whether the stage that a branch visits held already when the branch was told: it does not say so twice. */
function holdsStill(draft: Draft, { snapshot }: Extract<LiveActor, { kind: "branch" }>): boolean {
  const { branch, node, visit } = snapshot.context;
  const stage = draft.actor(stageActor(formatStage({ branch, node: node ?? "", visit })));
  return stage !== undefined && regionOf(stage, "control") === "paused";
}

/** Whether something that an actor is inside of is being cancelled, or winds down. */
function isCancelledAbove(draft: Draft, actor: LiveActor): boolean {
  if (actor.kind === "run") return false;
  const { branch } = actor.snapshot.context;
  if (actor.kind === "stage" && isEnding(draft, branchActor(branch))) return true;
  for (let path = branch; path !== "main"; ) {
    const owner = ownerOf(path);
    if (owner === undefined || isEnding(draft, owner)) return owner !== undefined;
    path = parentBranch(path) ?? "main";
    if (isEnding(draft, branchActor(path))) return true;
  }
  return false;
}

function isEnding(draft: Draft, address: string): boolean {
  const actor = draft.actor(address);
  return actor !== undefined && endsOthers(actor);
}

/** A stage whose abandoned execution goes on stays as it is: its next one would run beside it. Source: 03 §2. */
function hasAbandoned({ held }: Draft, address: string): boolean {
  return held.abandoned.size > 0 && [...held.abandoned.values()].some((stage) => address === stageActor(stage));
}

/** What is held goes on in the order of its causes. Source: 03 §2. */
export function inOrder(draft: Draft, addresses: readonly string[]): readonly string[] {
  if (draft.control !== "running" || addresses.length < 2) return addresses;
  const since = (address: string): number => {
    const actor = draft.actor(address);
    return (actor && "since" in actor.snapshot.context ? actor.snapshot.context.since : undefined) ?? 0;
  };
  const paths = new Intl.Collator("en", { numeric: true });
  return [...addresses].sort((a, b) => since(a) - since(b) || paths.compare(a, b));
}
