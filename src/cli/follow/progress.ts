import { MAIN_BRANCH, parseStageAddress } from "../../journal/address.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { FoldDraft } from "../../journal/fold/draft.ts";
import { emptyFold } from "../../journal/fold/state.ts";
import { isPassThrough } from "../../journal/status.ts";
import type { RunStatus } from "../../persistence/store.ts";

export type StageMark =
  | "entered"
  | "running"
  | "backing_off"
  | "waiting"
  | "interrupted"
  | "succeeded"
  | "partial"
  | "failed"
  | "skipped"
  | "cancelled";

/** A stage as the live tree shows it. Instants are epoch ms. */
export interface StageLine {
  readonly address: string;
  readonly node: string;
  readonly visit: number;
  mark: StageMark;
  /** Of a stage without executions: gate, wait, parallel … */
  kind?: string;
  attempt: number;
  readonly sinceAt: number;
  endedAt?: number;
  /** When the next attempt is due, as far as can be told from outside. */
  retryAt?: number;
  /** The question it waits with. */
  gate?: string;
  /** Why, or what it waits for. */
  detail?: string;
}

export interface BranchLine {
  readonly path: string;
  /** Address of the stage it hangs below; undefined for main. */
  readonly activation?: string;
  status: "running" | "succeeded" | "failed" | "cancelled" | "superseded";
  /** Live stages, and the last ended ones. */
  readonly stages: StageLine[];
  /** Ended stages that are no longer kept. */
  forgotten: number;
}

export interface RunProgress {
  readonly runId: string;
  pipeline: string;
  status: RunStatus;
  createdAt: number;
  endedAt?: number;
  /** In the order of their start. Ended ones are kept as long as the stage they hang below is live. */
  readonly branches: Map<string, BranchLine>;
  /** Stages that ended; those that only route do not count. */
  ended: number;
  failure?: string;
  /** The run's state as its entries tell it: what drains, what is held, how late it is on the run's clock. */
  readonly fold: FoldDraft;
}

/** Ended stages kept for each branch: more than a screen has lines of anything. */
const ENDED_KEPT = 60;

export function createProgress(runId: string): RunProgress {
  const main: BranchLine = { path: MAIN_BRANCH, status: "running", stages: [], forgotten: 0 };
  const fold = new FoldDraft(emptyFold(runId));
  const branches = new Map([[MAIN_BRANCH, main]]);
  return { runId, pipeline: "", status: "queued", createdAt: 0, branches, ended: 0, fold };
}

/** The branch an entry's stage belongs to; made when its first stage is heard of. */
export function branchLine(run: RunProgress, path: string): BranchLine {
  let branch = run.branches.get(path);
  if (!branch) {
    const activation = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    branch = { path, status: "running", stages: [], forgotten: 0, ...(activation === "" ? {} : { activation }) };
    run.branches.set(path, branch);
  }
  return branch;
}

/** The stage an entry speaks of; made when it is the first to do so. */
export function stageLine(run: RunProgress, entry: JournalEntry): StageLine | undefined {
  if (entry.stage === undefined) return undefined;
  const { branch: path, node, visit } = parseStageAddress(entry.stage);
  const { stages } = branchLine(run, path);
  const known = stages.findLast((stage) => stage.address === entry.stage);
  if (known) return known;
  const stage: StageLine = { address: entry.stage, node, visit, mark: "entered", attempt: 0, sinceAt: entry.at };
  stages.push(stage);
  return stage;
}

export function isEnded(stage: StageLine): boolean {
  return stage.endedAt !== undefined;
}

/** Marks a stage as ended and lets go of what no screen will show again: old stages, and branches below this one. */
export function endStage(
  run: RunProgress,
  stage: StageLine,
  end: { mark: StageMark; at: number; detail?: string },
): void {
  if (!isEnded(stage) && !isPassThrough(stage.kind)) run.ended += 1;
  stage.mark = end.mark;
  stage.endedAt = end.at;
  delete stage.retryAt;
  delete stage.gate;
  delete stage.detail;
  if (end.detail !== undefined) stage.detail = end.detail;
  for (const [path, branch] of run.branches) {
    if (branch.activation !== undefined && isBelow(branch.activation, stage.address)) run.branches.delete(path);
  }
  const branch = branchLine(run, parseStageAddress(stage.address).branch);
  if (branch.stages.filter(isEnded).length > ENDED_KEPT) {
    branch.stages.splice(branch.stages.findIndex(isEnded), 1);
    branch.forgotten += 1;
  }
}

function isBelow(activation: string, address: string): boolean {
  return activation === address || activation.startsWith(`${address}/`);
}

/** Whether all that is live of a run waits for answers: then nothing happens until a person does something. */
export function waitsForPerson(run: RunProgress): boolean {
  if (run.status !== "running") return false;
  const branches = [...run.branches.values()];
  const hasBranches = (stage: StageLine) => branches.some((each) => each.activation === stage.address && isLive(each));
  const leaves = branches.flatMap((branch) => branch.stages).filter((stage) => !isEnded(stage) && !hasBranches(stage));
  return leaves.length > 0 && leaves.every((stage) => stage.gate !== undefined);
}

function isLive(branch: BranchLine): boolean {
  return branch.status === "running";
}
