/** What a pause holds back. */
import { formatStage, readBranchAddress } from "../address.ts";
import { nextStageOf } from "../fold/queries.ts";
import { isCancelling } from "../fold/scopes.ts";
import type { BranchFold, ContainerFold, FoldState, ParallelFold, StageFold } from "../fold/state.ts";
import { type HeldKind, isPassThrough } from "../status.ts";
import { isPausing } from "./pausing.ts";
import type { ControlView } from "./schema.ts";

interface Held {
  readonly what: HeldKind;
  readonly stage?: string | undefined;
}

/** What would go on at once if the run were continued. A run that cancels holds nothing: none of it will ever start. */
export function heldWork(state: FoldState): ControlView["held"] {
  if (!isPausing(state)) return [];
  const { own, inherited } = state.control.sources;
  const reason = inherited && !own ? "parent_paused" : "pause";
  if (state.branches.size === 0) return [{ what: "run", reason }];
  const items: Held[] = [];
  const waiting = new Waiting();
  for (const branch of state.branches.values()) {
    items.push(...heldOfBranch(state, branch));
    if (isAtEnd(state, branch)) waiting.add(branch);
  }
  for (const container of state.containers.values()) items.push(...heldOfContainer(container, waiting));
  for (const parallel of state.parallels.values()) items.push(...heldOfParallel(parallel, waiting));
  return items
    .filter(({ stage }) => stage === undefined || !isCancelling(state, stage))
    .map(({ what, stage }) => ({ what, ...(stage === undefined ? {} : { stage }), reason }));
}

/** Branches that have come to their end and are held there: by activation, how many, and how many in success. */
class Waiting {
  readonly #counts = new Map<string, { all: number; inSuccess: number }>();

  add({ path, outcome }: BranchFold): void {
    const activation = readBranchAddress(path)?.activation;
    if (activation === undefined) return;
    const { all, inSuccess } = this.of(activation);
    const isFailed = outcome?.status === "fail" || outcome?.status === "retry";
    this.#counts.set(activation, { all: all + 1, inSuccess: inSuccess + (isFailed ? 0 : 1) });
  }

  of(activation: string): { readonly all: number; readonly inSuccess: number } {
    return this.#counts.get(activation) ?? { all: 0, inSuccess: 0 };
  }
}

function isAtEnd(state: FoldState, { next, stage }: BranchFold): boolean {
  if (next || stage === undefined) return false;
  const live = state.stages.get(stage);
  return !live || isPassThrough(live.kind);
}

function heldOfBranch(state: FoldState, branch: BranchFold): Held[] {
  if (branch.next) return [{ what: "stage", stage: nextStageOf(state, branch) }];
  if (branch.stage === undefined) return [notEntered(branch)];
  if (isAtEnd(state, branch)) return [{ what: "end", stage: branch.stage }];
  const stage = state.stages.get(branch.stage);
  const what = stage && heldOfStage(stage);
  return what === undefined ? [] : [{ what, stage: branch.stage }];
}

/** A branch before its first stage. Where the body of an iteration begins, the journal does not say. */
function notEntered({ path, head }: BranchFold): Held {
  if (head !== undefined) return { what: "branch", stage: formatStage({ branch: path, node: head, visit: 1 }) };
  const activation = readBranchAddress(path)?.activation;
  return activation === undefined ? { what: "branch" } : { what: "iteration", stage: activation };
}

function heldOfStage(stage: StageFold): HeldKind | undefined {
  switch (stage.status) {
    case "backing_off":
      return "retry";
    case "interrupted":
      return stage.gate === undefined ? "execution" : undefined;
    case "held":
      return stage.attempt === 0 ? "end" : "execution";
    default:
      return undefined;
  }
}

function heldOfContainer(container: ContainerFold, waiting: Waiting): Held[] {
  const { aborted, activation, inFlight, kind, maxParallel, next, total, exited, decided, unsuccessful } = container;
  if (exited !== undefined) return [];
  const windsDown = aborted !== undefined || (kind === "loop" && unsuccessful?.isActedOn === true);
  if (windsDown) return inFlight.length === 0 ? [{ what: "container", stage: activation }] : [];
  const isOver = decided?.go === false || (kind === "loop" && unsuccessful !== undefined);
  const busy = inFlight.length - waiting.of(activation).all;
  if (!isOver && (total === undefined || next < total) && busy < maxParallel) {
    return [{ what: "iteration", stage: activation }];
  }
  return busy === 0 ? [{ what: "container", stage: activation }] : [];
}

function heldOfParallel(parallel: ParallelFold, waiting: Waiting): Held[] {
  const { activation, decided, maxParallel, need, policy } = parallel;
  const { queued, running, succeeded } = parallel.tally;
  if (decided) return running === 0 ? [{ what: "end", stage: activation }] : [];
  const { all, inSuccess } = waiting.of(activation);
  const isRace = policy !== "wait_all";
  if ((isRace && succeeded + inSuccess >= need) || (queued === 0 && running === all)) {
    return [{ what: "join", stage: activation }];
  }
  return queued > 0 && running - all < maxParallel ? [{ what: "branch", stage: activation }] : [];
}
