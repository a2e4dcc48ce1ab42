/** What it is for a branch, a stage, a timer or an activation to begin and to end. The topics beside it say when. */
import { formatBranchRun, isWithin, MAIN_BRANCH } from "../address.ts";
import { type BranchOrigin, type EndedBranchStatus, type EndedStageStatus, isPassThrough } from "../status.ts";
import type { FoldDraft } from "./draft.ts";
import type { TimerFold } from "./state.ts";

const STAGE_ACTOR = "stage:";

interface BranchStart {
  readonly path: string;
  readonly origin: BranchOrigin;
  readonly seq: number;
  readonly branchRunId?: string;
  readonly head?: string;
}

export function enterMain(draft: FoldDraft, seq: number): void {
  if (draft.state.branches.has(MAIN_BRANCH)) return;
  enterBranch(draft, { path: MAIN_BRANCH, origin: "main", seq });
}

/** Begins a branch. One that is live already goes on where it was: it is entered again after a crash. */
export function enterBranch(draft: FoldDraft, start: BranchStart): void {
  const { path, origin, seq, head } = start;
  const branchRunId = start.branchRunId ?? formatBranchRun(path, draft.state.resumeEpoch);
  const live = draft.state.branches.get(path);
  draft.map("branches").set(
    path,
    live
      ? { ...live, branchRunId }
      : {
          path,
          origin,
          branchRunId,
          bornSeq: seq,
          since: draft.state.input.seq,
          ...(head === undefined ? {} : { head }),
        },
  );
  if (live) return;
  draft.inner("context", path);
  draft.count("branches", "begun");
}

/** Ends a branch and what is left of it. Its scope lives on until its activation ends: the join reads it. */
export function endBranch(draft: FoldDraft, path: string, how: EndedBranchStatus): void {
  const branch = draft.state.branches.get(path);
  if (!branch) return;
  leaveStage(draft, branch.stage);
  draft.map("branches").delete(path);
  draft.count("branches", how);
  forgetCancelling(draft, path);
  // What main came to stays to be seen when the run has ended.
  if (path === MAIN_BRANCH) return;
  if (draft.state.visits.has(path)) draft.map("visits").delete(path);
  if (draft.state.redirects.has(path)) draft.map("redirects").delete(path);
}

/** Ends all that is below the stage of a container or parallel node which has ended, scopes included. */
export function endActivation(draft: FoldDraft, activation: string): void {
  forgetCancelling(draft, activation);
  if (!draft.state.containers.has(activation) && !draft.state.parallels.has(activation)) return;
  for (const path of draft.state.branches.keys()) {
    if (isWithin(path, activation)) endBranch(draft, path, "cancelled");
  }
  for (const field of ["containers", "parallels", "context"] as const) {
    for (const key of draft.state[field].keys()) if (isWithin(key, activation)) draft.map(field).delete(key);
  }
}

/** Takes a stage out of what is live, with its timers and its gate. */
export function dropStage(draft: FoldDraft, address: string, how: EndedStageStatus): void {
  const stage = draft.state.stages.get(address);
  if (!stage) return;
  for (const timer of stage.timers ?? []) draft.map("timers").delete(timer);
  if (stage.gate !== undefined) draft.map("gates").delete(stage.gate);
  draft.map("stages").delete(address);
  draft.count("stages", how);
}

/** Where nothing ran, going on is the end: start, exit and conditional need no end entry. */
export function leavePassThrough(draft: FoldDraft, address: string | undefined): void {
  const stage = address === undefined ? undefined : draft.state.stages.get(address);
  if (stage && isPassThrough(stage.kind)) dropStage(draft, stage.address, "succeeded");
}

/**
 * A branch is no longer at its stage. One that only routes ends thereby (the exit at which a branch ends has no entry
 * of its own); any other should have ended before, and counts as cancelled with all that is below it.
 */
export function leaveStage(draft: FoldDraft, address: string | undefined): void {
  leavePassThrough(draft, address);
  if (address === undefined || !draft.state.stages.has(address)) return;
  dropStage(draft, address, "cancelled");
  endActivation(draft, address);
}

export function setTimer(draft: FoldDraft, timer: TimerFold): void {
  draft.map("timers").set(timer.timer, timer);
  updateOwner(draft, timer, (timers) => [...timers.filter((other) => other !== timer.timer), timer.timer]);
}

/** Answers with the timer there was. */
export function clearTimer(draft: FoldDraft, id: string): TimerFold | undefined {
  const timer = draft.state.timers.get(id);
  if (!timer) return undefined;
  draft.map("timers").delete(id);
  updateOwner(draft, timer, (timers) => timers.filter((other) => other !== id));
  return timer;
}

/** Address of the stage whose actor this is; undefined for the actors of runs and branches. */
export function stageOfActor(actor: string): string | undefined {
  return actor.startsWith(STAGE_ACTOR) ? actor.slice(STAGE_ACTOR.length) : undefined;
}

export function actorOfStage(address: string): string {
  return STAGE_ACTOR + address;
}

function forgetCancelling(draft: FoldDraft, scope: string): void {
  const { control } = draft.state;
  if (!control.cancellingScopes.includes(scope)) return;
  draft.set({ control: { ...control, cancellingScopes: control.cancellingScopes.filter((other) => other !== scope) } });
}

function updateOwner(
  draft: FoldDraft,
  timer: TimerFold,
  change: (timers: readonly string[]) => readonly string[],
): void {
  const address = stageOfActor(timer.actor);
  if (address === undefined) return;
  draft.update("stages", address, (stage) => {
    const { timers, ...rest } = stage;
    const changed = change(timers ?? []);
    return changed.length === 0 ? rest : { ...rest, timers: changed };
  });
}
