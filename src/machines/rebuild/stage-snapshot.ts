/** A stage's chart, from the fold. */
import { formatStage } from "../../journal/address.ts";
import type { EntryOutcome } from "../../journal/catalogue.ts";
import type { BranchFold, StageFold } from "../../journal/fold/state.ts";
import type { Rebuild } from "../rebuild.ts";
import type { StageContext } from "../stage.machine.ts";
import { carriedOf, isCancelling, type Place } from "./branch-snapshot.ts";

type StageState = "ready" | "executing" | "backing_off" | "interrupted" | "asking" | "answered" | "waiting";
type Where = Pick<StageContext, "stage" | "node" | "branch" | "visit"> & { readonly edge?: number | undefined };

export function stageState({ stageInput }: Rebuild, stage: StageFold): StageState {
  if (stage.execution) return "executing";
  if (stage.gate !== undefined) return "asking";
  if (stage.settled) return "answered";
  if (stage.interrupted) return "interrupted";
  if (stage.backoff) return "backing_off";
  if (stageInput(stage.node).kind !== "wait") return "ready";
  return stage.timers ? "waiting" : "answered";
}

/** Of a stage that has begun. */
export function stageContext(rebuild: Rebuild, stage: StageFold): StageContext {
  const { address, node, branch, visit, edge, attempt, start, crashes, settled } = stage;
  return {
    ...fromPipeline(rebuild, { stage: address, node, branch, visit, edge }),
    attempt,
    start,
    inARow: crashes,
    abort: abortOf(rebuild, stage),
    cause: causeOf(rebuild, stage),
    settled: settledOf(rebuild, stage),
    choice: settled?.choice ?? null,
  };
}

/** Of a stage that a hop leads to and that has not begun: the journal has no entry of it. */
export function newStageContext(rebuild: Rebuild, path: string, { node, visit }: Place): StageContext {
  const branch = rebuild.fold.branches.get(path);
  const at = { branch: path, node: node ?? "", visit };
  return {
    ...fromPipeline(rebuild, { stage: formatStage(at), ...at, edge: branch?.next?.edge }),
    attempt: 0,
    start: 0,
    inARow: 0,
    abort: null,
    cause: null,
    settled: carriedTo(branch),
    choice: null,
  };
}

function fromPipeline({ fold, stageInput }: Rebuild, { edge, ...where }: Where) {
  return {
    ...where,
    ...stageInput(where.node),
    seed: `${fold.runId}:${where.stage}`,
    ...(edge === undefined ? {} : { edge }),
  };
}

function abortOf({ fold }: Rebuild, { execution, branch }: StageFold): StageContext["abort"] {
  if (!execution) return null;
  return isCancelling(fold, branch) ? "cancel" : (execution.abort ?? null);
}

/** That a shutdown cut it short is forgotten when the run is taken up again. */
function causeOf({ fold }: Rebuild, { execution, interrupted }: StageFold): StageContext["cause"] {
  if (execution || !interrupted) return null;
  const { cause, seq } = interrupted;
  const isTakenUp =
    cause === "shutdown" && fold.control.lineage.some((move) => move.verb === "resume" && move.seq > seq);
  return isTakenUp ? null : (cause as StageContext["cause"]);
}

function settledOf(rebuild: Rebuild, stage: StageFold): EntryOutcome | null {
  const state = stageState(rebuild, stage);
  if (state === "answered") return stage.settled?.outcome ?? { status: "success" };
  // An execution that opens clears what was carried to it.
  return stage.start > 0 ? null : carriedTo(rebuild.fold.branches.get(stage.branch));
}

function carriedTo(branch: BranchFold | undefined): EntryOutcome | null {
  return (branch && carriedOf(branch)) as EntryOutcome | null;
}
