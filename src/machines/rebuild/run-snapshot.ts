/** The run's chart, from the fold. */
import { MAIN_BRANCH } from "../../journal/address.ts";
import type { FoldState, Transition } from "../../journal/fold/state.ts";
import type { RunStatus } from "../../journal/status.ts";
import type { RunContext } from "../run.machine.ts";

export function runValue(fold: FoldState): { readonly control: string; readonly execution: string } {
  return { control: isArriving(fold) ? "arriving" : fold.status, execution: executionOf(fold) };
}

/** Created, and nothing said to it yet. */
function isArriving({ seq, status }: FoldState): boolean {
  return seq === 1 && status === "queued";
}

function executionOf({ branches, stages, status }: FoldState): "waiting" | "active" | "stopped" {
  const main = branches.get(MAIN_BRANCH);
  if (!main) return "waiting";
  const isVisiting = main.stage !== undefined && stages.has(main.stage);
  return status === "cancelling" && !isVisiting ? "stopped" : "active";
}

export function runContext(fold: FoldState): RunContext {
  const { runId, createdAtMs = 0, clock, status } = fold;
  const isHeld = standsStill(status);
  const stop = isHeld ? newestTransition(fold, ({ from, to }) => standsStill(to) && !standsStill(from)) : undefined;
  const goesSinceMs = clock.sinceMs ?? stop?.atMs ?? createdAtMs;
  return {
    runId,
    createdAtMs,
    slot: false,
    pausedMs: goesSinceMs - createdAtMs - clock.runTimeMs,
    stoppedAtMs: clock.sinceMs === undefined ? goesSinceMs : null,
    pause: isHeld ? pauseOf(fold, stop) : null,
    cancel: status === "cancelling" ? cancelOf(fold) : null,
    // It waits only where control is not running, and then the main branch waits in its place.
    end: null,
  };
}

function pauseOf({ control }: FoldState, begun: Transition | undefined): RunContext["pause"] {
  return {
    ...control.sources,
    mode: control.mode ?? "drain",
    deadlineMs: control.deadlineMs ?? null,
    reason: begun?.reason ?? null,
    // It is the first that its turn says.
    since: (begun?.seq ?? 1) - 1,
  };
}

function cancelOf(fold: FoldState): RunContext["cancel"] {
  const begun = newestTransition(fold, ({ from, to }) => to === "cancelling" && from !== to);
  const { graceMs = 0, deadlineMs = 0, force = false } = fold.control;
  return { reason: begun?.reason ?? null, graceMs, deadlineMs, force };
}

function newestTransition(fold: FoldState, is: (transition: Transition) => boolean): Transition | undefined {
  return fold.control.lineage.findLast(is);
}

function standsStill(status: RunStatus): boolean {
  return status === "pausing" || status === "paused";
}
