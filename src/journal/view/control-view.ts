/** The parts of a view that follow from the state alone: what drains, what is held, what the run waits for. */
import { LIST_ITEMS_MAX } from "../../limits.ts";
import { stageOfActor } from "../fold/live.ts";
import { inFlightStages, isCancelling, nextStageOf } from "../fold/queries.ts";
import { wallTimeOf } from "../fold/run-clock.ts";
import type { BranchFold, ContainerFold, FoldState, ParallelFold, StageFold } from "../fold/state.ts";
import { type HeldKind, isPassThrough } from "../status.ts";
import type { ControlView, RunView } from "./schema.ts";
import { toTime } from "./time.ts";

type Held = ControlView["held"][number];
type Waiting = RunView["waitingOn"][number];

export function controlView(state: FoldState): ControlView {
  const { abandoned, atPause, lineage } = state.control;
  return {
    draining: draining(state),
    held: held(state),
    abandoned: [...abandoned].map(([execution, stage]) => ({ execution, stage })),
    ...(atPause.size === 0
      ? {}
      : { atPause: [...atPause].map(([execution, { ended }]) => ({ execution, ended: ended ?? null })) }),
    lineage: lineage.slice(-LIST_ITEMS_MAX).map(({ turn: _, atMs, ...rest }) => ({ ...rest, at: toTime(atMs) })),
    lineageTotal: lineage.length,
  };
}

/** What is in flight and being waited for, oldest stage first. */
function draining(state: FoldState): ControlView["draining"] {
  if (state.status !== "pausing" && state.status !== "cancelling") return [];
  return inFlightStages(state).map((stage) => ({
    stage: stage.address,
    attempt: stage.attempt,
    execution: stage.execution.id,
    since: toTime(stage.execution.sinceMs),
  }));
}

/** What would go on at once if the run were continued. A run that cancels holds nothing: none of it will ever start. */
function held(state: FoldState): Held[] {
  if (!isPausing(state)) return [];
  const { own, inherited } = state.control.sources;
  const reason = inherited && !own ? "parent_paused" : "pause";
  if (state.branches.size === 0) return [{ what: "run", reason }];
  const items: { readonly what: HeldKind; readonly stage?: string | undefined }[] = [];
  for (const branch of state.branches.values()) items.push(...heldOfBranch(state, branch));
  for (const container of state.containers.values()) items.push(...heldOfContainer(container));
  for (const parallel of state.parallels.values()) items.push(...heldOfParallel(parallel));
  return items
    .filter(({ stage }) => stage === undefined || !isCancelling(state, stage))
    .map(({ what, stage }) => ({ what, ...(stage === undefined ? {} : { stage }), reason }));
}

function heldOfBranch(state: FoldState, branch: BranchFold): { what: HeldKind; stage?: string | undefined }[] {
  if (branch.next) return [{ what: "stage", stage: nextStageOf(state, branch) }];
  const stage = branch.stage === undefined ? undefined : state.stages.get(branch.stage);
  if (!stage) return [{ what: branch.stage === undefined ? "branch" : "end", stage: branch.stage }];
  if (isPassThrough(stage.kind)) return [{ what: "end", stage: stage.address }];
  const what = heldOfStage(stage);
  return what === undefined ? [] : [{ what, stage: stage.address }];
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

function heldOfContainer(container: ContainerFold): { what: HeldKind; stage: string }[] {
  const { activation, inFlight, maxParallel, next, total, exited, decided } = container;
  if (exited !== undefined) return [];
  const more = decided?.go !== false && (total === undefined || next < total);
  if (more && inFlight.length < maxParallel) return [{ what: "iteration", stage: activation }];
  return inFlight.length === 0 ? [{ what: "container", stage: activation }] : [];
}

function heldOfParallel(parallel: ParallelFold): { what: HeldKind; stage: string }[] {
  const { activation, decided, maxParallel } = parallel;
  const { queued, running } = parallel.tally;
  if (!decided && queued > 0 && running < maxParallel) return [{ what: "branch", stage: activation }];
  return queued === 0 && running === 0 ? [{ what: decided ? "end" : "join", stage: activation }] : [];
}

/** Gates, timers and child runs that something waits for, not those that watch over an execution. */
export function waitingOn(state: FoldState): Waiting[] {
  const waiting: Waiting[] = [];
  for (const [id, gate] of state.gates) {
    waiting.push({ kind: "gate", id, ...stageField(gate.stage), ...until(state, gate.question.deadlineMs, "run") });
  }
  for (const timer of state.timers.values()) {
    const address = stageOfActor(timer.actor);
    const stage = address === undefined ? undefined : state.stages.get(address);
    // Not for the time-out of an execution, nor twice for a gate with a deadline.
    if (!stage || stage.execution || stage.gate !== undefined) continue;
    waiting.push({ kind: "timer", id: timer.timer, stage: stage.address, ...until(state, timer.dueMs, timer.clock) });
  }
  for (const child of state.children.values()) {
    waiting.push({ kind: "child", id: child.child, ...stageField(child.stage) });
  }
  return waiting.slice(0, LIST_ITEMS_MAX);
}

/** While the run's clock stands there is no telling when. */
function until(state: FoldState, dueMs: number | undefined, clock: "run" | "wall"): { until?: string } {
  const at = dueMs === undefined ? undefined : clock === "wall" ? dueMs : wallTimeOf(state, dueMs);
  return at === undefined ? {} : { until: toTime(at) };
}

function stageField(stage: string | undefined): { stage?: string } {
  return stage === undefined ? {} : { stage };
}

export function isPausing(state: Pick<FoldState, "status">): boolean {
  return state.status === "pausing" || state.status === "paused";
}
