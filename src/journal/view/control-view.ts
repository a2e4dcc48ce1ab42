/** The parts of a view that follow from the state alone: what drains, what is held, what the run waits for. */
import { LIST_ITEMS_MAX } from "../../limits.ts";
import { stageOfActor } from "../fold/live.ts";
import { inFlightStages } from "../fold/queries.ts";
import { wallTimeOf } from "../fold/run-clock.ts";
import type { FoldState } from "../fold/state.ts";
import { heldWork } from "./held-work.ts";
import type { ControlView, RunView } from "./schema.ts";
import { toTime } from "./time.ts";

type Waiting = RunView["waitingOn"][number];

export function controlView(state: FoldState): ControlView {
  const { abandoned, atPause, lineage } = state.control;
  return {
    draining: draining(state),
    held: heldWork(state),
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
