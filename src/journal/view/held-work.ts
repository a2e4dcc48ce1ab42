/** What a pause holds back. */
import { formatStage, readBranchAddress } from "../address.ts";
import { nextStageOf } from "../fold/queries.ts";
import { isCancelling, windsDown } from "../fold/scopes.ts";
import type { BranchFold, ContainerFold, FoldState, ParallelFold, StageFold } from "../fold/state.ts";
import { type HeldKind, isPassThrough } from "../status.ts";
import { type Ends, isContainerDecided, isJoinDecided } from "./decided-by.ts";
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
  for (const container of state.containers.values()) items.push(...heldOfContainer(state, container, waiting));
  for (const parallel of state.parallels.values()) items.push(...heldOfParallel(parallel, waiting));
  return items
    .filter(({ stage }) => stage === undefined || !isCancelling(state, stage))
    .map(({ what, stage }) => ({ what, ...(stage === undefined ? {} : { stage }), reason }));
}

/** Branches that have come to their end and are held there, by activation. */
class Waiting {
  readonly #branches = new Map<string, BranchFold[]>();

  add(branch: BranchFold): void {
    const activation = readBranchAddress(branch.path)?.activation;
    if (activation === undefined) return;
    const known = this.#branches.get(activation);
    if (known) known.push(branch);
    else this.#branches.set(activation, [branch]);
  }

  countOf(activation: string): number {
    return this.#branches.get(activation)?.length ?? 0;
  }

  /** The ends so far and those that wait, in the order they came, up to the first that decides. */
  endsOf(activation: string, begun: Ends, isDecided: (ends: Ends) => boolean): Ends {
    const waiting = (this.#branches.get(activation) ?? []).toSorted((a, b) => a.since - b.since);
    return waiting.reduce((ends, { outcome }) => (isDecided(ends) ? ends : withEnd(ends, outcome?.status)), begun);
  }
}

function withEnd({ succeeded, failed }: Ends, status: string | undefined): Ends {
  const isFailed = status === "fail" || status === "retry";
  return isFailed ? { succeeded, failed: failed + 1 } : { succeeded: succeeded + 1, failed };
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

function heldOfContainer(state: FoldState, container: ContainerFold, waiting: Waiting): Held[] {
  const { activation, inFlight, maxParallel, next, total, exited } = container;
  if (exited !== undefined) return [];
  if (windsDown(state, activation)) return inFlight.length === 0 ? [{ what: "container", stage: activation }] : [];
  const isDecided = (ends: Ends) => isContainerDecided(container, ends);
  const ends = waiting.endsOf(activation, countedOf(container), isDecided);
  if (isDecided(ends)) return [{ what: "container", stage: activation }];
  const busy = inFlight.length - waiting.countOf(activation);
  const hasRoom = busy < maxParallel && (total === undefined || next < total);
  return hasRoom ? [{ what: "iteration", stage: activation }] : [];
}

function countedOf({ succeeded, failed, cancelled, cut }: ContainerFold): Ends {
  return { succeeded, failed: failed + cancelled - cut };
}

function heldOfParallel(parallel: ParallelFold, waiting: Waiting): Held[] {
  const { activation, decided, maxParallel, tally } = parallel;
  if (decided) return tally.running === 0 ? [{ what: "end", stage: activation }] : [];
  const isDecided = (ends: Ends) => isJoinDecided(parallel, ends);
  const begun = { succeeded: tally.succeeded, failed: tally.failed + tally.cancelled };
  if (isDecided(waiting.endsOf(activation, begun, isDecided))) return [{ what: "join", stage: activation }];
  const hasRoom = tally.queued > 0 && tally.running - waiting.countOf(activation) < maxParallel;
  return hasRoom ? [{ what: "branch", stage: activation }] : [];
}
