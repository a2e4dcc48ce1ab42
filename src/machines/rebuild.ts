/**
 * Checkpoints made anew from the journal: what the charts of a live run, its branches and its stages are in, told by
 * the folded entries alone. For stores whose checkpoints are lost or were written by another version. Source: 03 §9.
 */
import { type Graph, type GraphIndex, indexGraph, type JsonValue } from "../graph/index.ts";
import type { FoldState, StageFold } from "../journal/fold/state.ts";
import { branchMachine } from "./branch.machine.ts";
import { branchContext, branchValue, type Place, placeOf } from "./rebuild/branch-snapshot.ts";
import { childOf } from "./rebuild/child-snapshot.ts";
import { isCancelling } from "./rebuild/region-snapshot.ts";
import { runContext, runValue } from "./rebuild/run-snapshot.ts";
import { newStageContext, stageContext, stageState } from "./rebuild/stage-snapshot.ts";
import { runMachine } from "./run.machine.ts";
import { type StageInput, stageMachine } from "./stage.machine.ts";
import { type AnyStateMachine, machineTag } from "./xstate.ts";

/** What the journal does not say, because the pipeline and the handlers do. */
export interface RebuildFacts {
  readonly graph: Graph;
  /** As the charts were given it when the stage was entered. */
  readonly stageInput: (
    node: string,
  ) => Pick<StageInput, "kind" | "type" | "limits" | "durationMs" | "timeoutMs" | "pollMs">;
  /** The pipeline's context as a branch sees it, with values in the place of blob references. */
  readonly read: (branch: string, key: string) => JsonValue | undefined;
  readonly maxRestarts: number;
}

export interface RebuiltCheckpoint {
  /** As `restore` wants it. */
  readonly machine: string;
  readonly snapshot: string;
}

/** What the parts of a rebuild share. */
export interface Rebuild extends RebuildFacts {
  readonly fold: FoldState;
  readonly index: GraphIndex;
}

/**
 * The checkpoints of every live actor, by address (`run`, `branch:<path>`, `stage:<address>`), at the newest folded
 * turn. None for a run that has ended.
 *
 * They are equal to those the charts had, with two exceptions, both without consequence. Actors that a pause or cancel
 * had not reached yet are as if it had. The signal of a shutdown is not in the journal, as the executions that had it
 * did not outlive their process.
 */
export function rebuildSnapshots(fold: FoldState, facts: RebuildFacts): ReadonlyMap<string, RebuiltCheckpoint> {
  const checkpoints = new Map<string, RebuiltCheckpoint>();
  if (fold.status === "completed" || fold.status === "failed" || fold.status === "cancelled") return checkpoints;
  const rebuild: Rebuild = { ...facts, fold, index: indexGraph(facts.graph) };
  checkpoints.set("run", checkpoint(runMachine, runValue(fold), runContext(fold)));
  for (const path of fold.branches.keys()) rebuildBranch(rebuild, path, checkpoints);
  return checkpoints;
}

function rebuildBranch(rebuild: Rebuild, path: string, checkpoints: Map<string, RebuiltCheckpoint>): void {
  const { fold } = rebuild;
  const branch = fold.branches.get(path);
  const place = branch && placeOf(rebuild, branch);
  if (!branch || !place) return;
  const live = branch.stage === undefined ? undefined : fold.stages.get(branch.stage);
  const control = controlOf(rebuild, path, live !== undefined && isInFlight(fold, live));
  const { execution, ...rest } = place;
  const value = branchValue(control, execution);
  checkpoints.set(`branch:${path}`, checkpoint(branchMachine, value, branchContext(branch, rest)));
  if (execution === "visiting") rebuildStage(rebuild, { live, place, control, branch: path }, checkpoints);
}

function rebuildStage(
  rebuild: Rebuild,
  at: {
    readonly live: StageFold | undefined;
    readonly place: Place;
    readonly control: string;
    readonly branch: string;
  },
  checkpoints: Map<string, RebuiltCheckpoint>,
): void {
  const { live, place, control, branch } = at;
  const { fold } = rebuild;
  if (!live) {
    const { stage, ...context } = newStageContext(rebuild, branch, place);
    // Not begun: held by a pause, or by the limits of a turn, which hold as a pause does.
    const value = { control: "paused", execution: "ready" };
    checkpoints.set(`stage:${stage}`, checkpoint(stageMachine, value, { stage, ...context }));
    return;
  }
  const execution = stageState(rebuild, live);
  const value = { control: holdsStill(fold, live, execution) ? "paused" : control, execution };
  checkpoints.set(`stage:${live.address}`, checkpoint(stageMachine, value, stageContext(rebuild, live)));
}

/** Not begun by the limits of a turn; or interrupted, while the execution that it abandoned goes on. */
function holdsStill({ control, status }: FoldState, { address }: StageFold, execution: string): boolean {
  if (execution === "ready") return true;
  return execution === "interrupted" && status === "running" && [...control.abandoned.values()].includes(address);
}

/** Whether a pause waits for it: for its execution, or for its child run to have followed. */
function isInFlight(fold: FoldState, stage: StageFold): boolean {
  const child = childOf(fold, stage);
  return stage.execution !== undefined || (child !== undefined && child.isHeld !== true);
}

/** Where branches and stages stand that have followed the run. */
function controlOf(rebuild: Rebuild, path: string, isInFlight: boolean): string {
  const { status } = rebuild.fold;
  if (isCancelling(rebuild, path)) return "cancelling";
  if (status === "running") return "running";
  return status === "pausing" && isInFlight ? "pausing" : "paused";
}

function checkpoint(machine: AnyStateMachine, value: object, context: object): RebuiltCheckpoint {
  return { machine: machineTag(machine), snapshot: JSON.stringify({ value, context }) };
}
