/** Questions that a folded state answers. */
import { formatStage, readBranchAddress, readStageAddress } from "../address.ts";
import { completedIterations } from "./containers.ts";
import type { BranchFold, FoldState, StageFold } from "./state.ts";

/** One container that a branch is inside of. */
export interface Frame {
  /** Node id of the container. */
  readonly container: string;
  readonly activation: string;
  /** Index of the iteration this branch is, or is inside of. */
  readonly iteration: number;
  /** Where that iteration is, or was last. */
  readonly stage?: string;
  /** Iterations of the activation that have ended. */
  readonly completed: number;
}

/** The containers around a branch, outermost first. Empty for a branch that is in none. */
export function framesOf(state: FoldState, path: string): readonly Frame[] {
  const frames: Frame[] = [];
  let branch = readBranchAddress(path);
  let inner = path;
  while (branch) {
    const stage = readStageAddress(branch.activation);
    if (!stage) break;
    const container = state.containers.get(branch.activation);
    const at = state.branches.get(inner)?.stage;
    if (container) {
      frames.push({
        container: stage.node,
        activation: branch.activation,
        iteration: branch.index,
        ...(at === undefined ? {} : { stage: at }),
        completed: completedIterations(container),
      });
    }
    inner = stage.branch;
    branch = readBranchAddress(inner);
  }
  return frames.reverse();
}

/** Stages with an open execution, in the order they were entered. */
export function inFlightStages(state: FoldState): readonly (StageFold & Required<Pick<StageFold, "execution">>)[] {
  return [...state.stages.values()].filter(hasExecution).sort((left, right) => left.bornSeq - right.bornSeq);
}

function hasExecution(stage: StageFold): stage is StageFold & Required<Pick<StageFold, "execution">> {
  return stage.execution !== undefined;
}

/** Address of the stage that a branch's chosen hop will enter. */
export function nextStageOf(state: FoldState, branch: BranchFold): string | undefined {
  if (!branch.next) return undefined;
  const { node } = branch.next;
  const visits = state.visits.get(branch.path)?.get(node)?.visits ?? 0;
  return formatStage({ branch: branch.path, node, visit: visits + 1 });
}

export interface GoalGateOutcome {
  readonly node: string;
  readonly branch: string;
  readonly status: string;
  readonly satisfied: boolean;
}

/**
 * What goal gates came to at their last visit, in each live branch and in main.
 *
 * `isGoalGate` knows the pipeline. Visits that were cancelled do not count.
 */
export function goalGateOutcomes(state: FoldState, isGoalGate: (node: string) => boolean): readonly GoalGateOutcome[] {
  const outcomes: GoalGateOutcome[] = [];
  for (const [branch, nodes] of state.visits) {
    for (const [node, { last }] of nodes) {
      if (last && isGoalGate(node)) outcomes.push({ node, branch, status: last.status, satisfied: last.succeeded });
    }
  }
  return outcomes;
}
