/** A stage's chart, from the fold. */
import { findJoin } from "../../graph/index.ts";
import { formatStage, readBranchAddress, readStageAddress } from "../../journal/address.ts";
import type { EntryOutcome } from "../../journal/catalogue.ts";
import type { BranchFold, StageFold } from "../../journal/fold/state.ts";
import type { Rebuild } from "../rebuild.ts";
import type { StageContext } from "../stage.machine.ts";
import { carriedOf, type Place } from "./branch-snapshot.ts";
import { childContext, childOf, outcomeOfFinished } from "./child-snapshot.ts";
import { isCancelling, isWindingDown, regionContext } from "./region-snapshot.ts";

type StageState =
  | "ready"
  | "executing"
  | "backing_off"
  | "interrupted"
  | "asking"
  | "answered"
  | "waiting"
  | "working"
  | "winding_down"
  | "attending"
  | "dismissing";
type Where = Pick<StageContext, "stage" | "node" | "branch" | "visit"> & { readonly edge?: number | undefined };

const REGIONS: ReadonlySet<string> = new Set(["parallel", "foreach", "loop"]);

export function stageState(rebuild: Rebuild, stage: StageFold): StageState {
  const { kind } = rebuild.stageInput(stage.node);
  if (REGIONS.has(kind)) return isWindingDown(rebuild, stage.address) ? "winding_down" : "working";
  const child = childOf(rebuild.fold, stage);
  if (child) return child.dismissal || isCancelling(rebuild, stage.branch) ? "dismissing" : "attending";
  if (stage.finished) return "answered";
  if (stage.execution) return "executing";
  if (stage.gate !== undefined) return "asking";
  if (stage.settled) return "answered";
  if (stage.interrupted) return "interrupted";
  if (stage.backoff) return "backing_off";
  if (kind !== "wait") return "ready";
  return stage.timers ? "waiting" : "answered";
}

/** Of a stage that has begun. */
export function stageContext(rebuild: Rebuild, stage: StageFold): StageContext {
  const { address, node, branch, visit, attempt, start, crashes, settled, since } = stage;
  const edge = stage.edge ?? headEdge(rebuild, stage);
  const region = regionContext(rebuild, address);
  const child = childContext(rebuild.fold, stage);
  return {
    ...fromPipeline(rebuild, { stage: address, node, branch, visit, edge }),
    attempt,
    start,
    inARow: crashes,
    abort: abortOf(rebuild, stage),
    cause: causeOf(rebuild, stage),
    settled: settledOf(rebuild, stage),
    choice: settled?.choice ?? null,
    ...(region === undefined ? {} : { region }),
    ...(child === undefined ? {} : { child }),
    ...(since === undefined ? {} : { since }),
  };
}

/** Of a stage that a hop leads to and that has not begun: the journal has no entry of it. */
export function newStageContext(rebuild: Rebuild, path: string, { node, visit }: Place): StageContext {
  const branch = rebuild.fold.branches.get(path);
  const at = { branch: path, node: node ?? "", visit };
  const edge = branch?.next ? branch.next.edge : headEdge(rebuild, at);
  return {
    ...fromPipeline(rebuild, { stage: formatStage(at), ...at, edge }),
    attempt: 0,
    start: 0,
    inARow: 0,
    abort: null,
    cause: null,
    settled: carriedTo(branch),
    choice: null,
    since: branch?.next?.since ?? branch?.since ?? 0,
  };
}

/** The edge by which a parallel branch leaves its fan-out, of the first stage it enters. */
function headEdge(
  { graph, fold }: Rebuild,
  at: { readonly branch: string; readonly node: string; readonly visit: number },
) {
  const path = readBranchAddress(at.branch);
  const parallel = path && fold.parallels.get(path.activation);
  if (!parallel || at.visit > 1 || parallel.branches.get(at.branch)?.head !== at.node) return undefined;
  return findJoin(graph, readStageAddress(path.activation)?.node ?? "").heads[path.index]?.index;
}

function fromPipeline({ fold, stageInput }: Rebuild, { edge, ...where }: Where) {
  return {
    ...where,
    ...stageInput(where.node),
    seed: `${fold.runId}:${where.stage}`,
    ...(edge === undefined ? {} : { edge }),
  };
}

function abortOf(rebuild: Rebuild, { execution, branch }: StageFold): StageContext["abort"] {
  if (!execution) return null;
  return isCancelling(rebuild, branch) ? "cancel" : (execution.abort ?? null);
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
  if (stage.finished) return outcomeOfFinished(stage.finished);
  const state = stageState(rebuild, stage);
  if (state === "answered") return stage.settled?.outcome ?? { status: "success" };
  // An execution that opens clears what was carried to it.
  return stage.start > 0 ? null : carriedTo(rebuild.fold.branches.get(stage.branch));
}

function carriedTo(branch: BranchFold | undefined): EntryOutcome | null {
  return (branch && carriedOf(branch)) as EntryOutcome | null;
}
