import { MAIN_BRANCH, parseStageAddress, readBranchAddress } from "../../journal/address.ts";
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
  /** What its branches came to. */
  tally?: string;
  /** The question it waits with. */
  gate?: string;
  /** Why, or what it waits for. */
  detail?: string;
}

/** A branch that is in flight. */
export interface BranchLine {
  readonly path: string;
  readonly index: number;
  /** What it begins with, or its item. */
  readonly label?: string;
  readonly sinceAt: number;
  /** Live stages, and the last ended ones. */
  readonly stages: StageLine[];
  /** Ended stages that are no longer kept. */
  forgotten: number;
}

/** A branch that failed: one line for as long as its activation lives. */
export interface FailedLine {
  readonly index: number;
  readonly label?: string;
  readonly node?: string;
  readonly detail?: string;
}

/** What is shown below a stage that has branches. How many there are of each kind the fold knows. */
export interface ActivationLine {
  /** In the order of their start. */
  readonly branches: Map<string, BranchLine>;
  /** The newest. */
  readonly failed: FailedLine[];
}

export interface RunProgress {
  readonly runId: string;
  pipeline: string;
  status: RunStatus;
  createdAt: number;
  endedAt?: number;
  readonly main: BranchLine;
  /** By address of the stage, as long as it lives. */
  readonly activations: Map<string, ActivationLine>;
  /** Stages that ended; those that only route do not count. */
  ended: number;
  failure?: string;
  /** The run's state as its entries tell it: what drains, what is held, how late it is on the run's clock. */
  readonly fold: FoldDraft;
}

/** Ended stages kept of the main branch: more than a screen has lines of anything. */
const ENDED_KEPT = 60;
/** Of other branches: they show where they are, and how far they have come as a number. */
const ENDED_KEPT_BELOW = 1;
/** Failed branches kept of each activation. */
const FAILED_KEPT = 12;

export function createProgress(runId: string): RunProgress {
  const main: BranchLine = { path: MAIN_BRANCH, index: 0, sinceAt: 0, stages: [], forgotten: 0 };
  const fold = new FoldDraft(emptyFold(runId));
  return { runId, pipeline: "", status: "queued", createdAt: 0, main, activations: new Map(), ended: 0, fold };
}

/** All branches in flight, main first. */
export function* liveBranches(run: RunProgress): Generator<BranchLine> {
  yield run.main;
  for (const { branches } of run.activations.values()) yield* branches.values();
}

export function findBranch(run: RunProgress, path: string): BranchLine | undefined {
  if (path === MAIN_BRANCH) return run.main;
  return run.activations.get(readBranchAddress(path)?.activation ?? "")?.branches.get(path);
}

/** A branch that has begun; the same again is no change. */
export function beginBranch(
  run: RunProgress,
  path: string,
  begun: { readonly at: number; readonly label?: string | undefined },
): BranchLine | undefined {
  const address = readBranchAddress(path);
  const known = findBranch(run, path);
  if (known || !address) return known;
  const { at: sinceAt, label } = begun;
  const identity = { path, index: address.index, ...(label === undefined ? {} : { label }) };
  const branch: BranchLine = { ...identity, sinceAt, stages: [], forgotten: 0 };
  activationLine(run, address.activation).branches.set(path, branch);
  return branch;
}

/** Lets go of a branch that has ended and of what is below it; of one that failed a line stays. */
export function endBranch(run: RunProgress, path: string, failure?: { readonly detail?: string | undefined }): void {
  const branch = findBranch(run, path);
  const address = readBranchAddress(path);
  if (!branch || !address) return;
  const activation = activationLine(run, address.activation);
  activation.branches.delete(path);
  for (const stage of branch.stages) endActivation(run, stage.address);
  if (!failure) return;
  const last = branch.stages.at(-1);
  const detail = last?.detail ?? failure.detail;
  activation.failed.push({
    index: branch.index,
    ...(branch.label === undefined ? {} : { label: branch.label }),
    ...(last ? { node: last.node } : {}),
    ...(detail === undefined ? {} : { detail }),
  });
  if (activation.failed.length > FAILED_KEPT) activation.failed.shift();
}

function activationLine(run: RunProgress, address: string): ActivationLine {
  let activation = run.activations.get(address);
  if (!activation) {
    activation = { branches: new Map(), failed: [] };
    run.activations.set(address, activation);
  }
  return activation;
}

function endActivation(run: RunProgress, address: string): void {
  const activation = run.activations.get(address);
  if (!activation) return;
  run.activations.delete(address);
  for (const branch of activation.branches.values()) {
    for (const stage of branch.stages) endActivation(run, stage.address);
  }
}

/** The stage an entry speaks of, if it is shown. */
export function findStage(run: RunProgress, entry: JournalEntry): StageLine | undefined {
  if (entry.stage === undefined) return undefined;
  const { branch } = parseStageAddress(entry.stage);
  return findBranch(run, branch)?.stages.findLast((stage) => stage.address === entry.stage);
}

/** The stage an entry begins, or goes on with. */
export function beginStage(run: RunProgress, entry: JournalEntry): StageLine | undefined {
  const known = findStage(run, entry);
  if (known || entry.stage === undefined) return known;
  const { branch: path, node, visit } = parseStageAddress(entry.stage);
  const branch = beginBranch(run, path, { at: entry.at });
  const stage: StageLine = { address: entry.stage, node, visit, mark: "entered", attempt: 0, sinceAt: entry.at };
  branch?.stages.push(stage);
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
  endActivation(run, stage.address);
  const branch = findBranch(run, parseStageAddress(stage.address).branch);
  if (!branch) return;
  const kept = branch === run.main ? ENDED_KEPT : ENDED_KEPT_BELOW;
  if (branch.stages.filter(isEnded).length <= kept) return;
  const [old] = branch.stages.splice(branch.stages.findIndex(isEnded), 1);
  if (old && !isPassThrough(old.kind)) branch.forgotten += 1;
}

/** Whether all that is live of a run waits for answers: then nothing happens until a person does something. */
export function waitsForPerson(run: RunProgress): boolean {
  if (run.status !== "running") return false;
  let leaves = 0;
  for (const { stages } of liveBranches(run)) {
    for (const stage of stages) {
      const hasBranches = (run.activations.get(stage.address)?.branches.size ?? 0) > 0;
      if (isEnded(stage) || hasBranches) continue;
      if (stage.gate === undefined) return false;
      leaves += 1;
    }
  }
  return leaves > 0;
}
