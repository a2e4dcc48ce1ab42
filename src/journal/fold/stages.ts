/** Folding the life of stages: executions, retries, interruptions, ends, and the hop that follows. */
import { MAIN_BRANCH, readBranchAddress, readExecution, readStageAddress } from "../address.ts";
import type { EntryOutcome, EntryType } from "../catalogue.ts";
import type { JournalEntry } from "../entry.ts";
import { type EndedStageStatus, type ExecutionEnd, isPassThrough } from "../status.ts";
import { applyContext } from "./context.ts";
import type { FoldDraft } from "./draft.ts";
import {
  actorOfStage,
  clearTimer,
  dropStage,
  endActivation,
  enterMain,
  leavePassThrough,
  leaveStage,
  setTimer,
} from "./live.ts";
import type { BranchFold, StageFold, StageOutcome } from "./state.ts";

/** Rules of `edge.selected` that spend a redirect. */
const REDIRECT_RULES: ReadonlySet<string> = new Set([
  "retry_target",
  "fallback_retry_target",
  "graph_retry_target",
  "graph_fallback_retry_target",
]);
const GOAL_GATE_RULE = "goal_gate";

export function foldStageEntered(draft: FoldDraft, entry: JournalEntry<"stage.entered">): void {
  const stage = liveStage(draft, entry);
  if (stage) put(draft, { ...stage, kind: entry.data.kind });
}

export function foldStageStarted(draft: FoldDraft, entry: JournalEntry<"stage.started">): void {
  const stage = liveStage(draft, entry);
  if (!stage) return;
  draft.tick("executions");
  const known = entry.execution === undefined ? undefined : readExecution(entry.execution);
  const attempt = known?.attempt ?? entry.attempt ?? Math.max(1, stage.attempt);
  const start = known?.start ?? (attempt === stage.attempt ? stage.start + 1 : 1);
  const { timeoutMs } = entry.data;
  if (stage.backoff) clearTimer(draft, stage.backoff.timer);
  const { backoff: _b, interrupted: _i, settled, ...rest } = draft.state.stages.get(stage.address) ?? stage;
  put(draft, {
    ...rest,
    status: "running",
    attempt,
    start,
    // One that a person let start again counts anew.
    crashes: attempt === stage.attempt && settled === undefined ? stage.crashes : 0,
    execution: {
      id: entry.execution ?? `${stage.address}#${attempt}.${start}`,
      sinceMs: entry.at,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
  });
}

export function foldStageInterrupted(draft: FoldDraft, entry: JournalEntry<"stage.interrupted">): void {
  const stage = ofEntry(draft, entry);
  if (!stage) return;
  draft.tick("interruptions");
  const { cause, inARow, policy } = entry.data;
  closeExecution(draft, stage, interruptedEnd(entry));
  const { execution: _, ...rest } = stage;
  const { seq: since } = draft.state.input;
  put(draft, {
    ...rest,
    status: "interrupted",
    crashes: inARow,
    interrupted: { cause, policy, seq: entry.seq },
    since,
  });
}

/** How an execution ended that was cut. */
export function interruptedEnd({ data }: JournalEntry<"stage.interrupted">): "abandoned" | "lost" | "interrupted" {
  if (data.abandoned === true) return "abandoned";
  return data.cause === "lost" || data.cause === "foreign_host" ? "lost" : "interrupted";
}

export function foldRetryScheduled(draft: FoldDraft, entry: JournalEntry<"stage.retry_scheduled">): void {
  const stage = ofEntry(draft, entry);
  if (!stage) return;
  draft.tick("retries");
  const { timer, dueMs, nextAttempt, abandoned } = entry.data;
  closeExecution(draft, stage, abandoned === true ? "abandoned" : "retried");
  const { execution: _e, interrupted: _i, ...rest } = stage;
  put(draft, { ...rest, status: "backing_off", crashes: 0, backoff: { timer, dueMs, nextAttempt } });
  setTimer(draft, { timer, actor: actorOfStage(stage.address), kind: "retry", clock: "run", dueMs });
}

/** A pause that interrupts is told to every execution in flight. */
export function interruptExecutions(draft: FoldDraft): void {
  for (const { address } of draft.state.stages.values()) noteAbort(draft, address, "pause");
}

export function foldExecutionTimedOut(draft: FoldDraft, entry: JournalEntry<"timer.fired">): void {
  const stage = ofEntry(draft, entry);
  if (stage && stage.execution?.id === entry.execution) noteAbort(draft, stage.address, "timeout");
}

function noteAbort(draft: FoldDraft, address: string, abort: "pause" | "timeout"): void {
  const stage = draft.state.stages.get(address);
  if (!stage?.execution || stage.execution.abort !== undefined) return;
  put(draft, { ...stage, execution: { ...stage.execution, abort } });
}

type StageEnd = Extract<EntryType, "stage.succeeded" | "stage.failed" | "stage.skipped" | "stage.cancelled">;

const executionEnds: Readonly<Record<StageEnd, ExecutionEnd>> = {
  "stage.succeeded": "succeeded",
  "stage.failed": "failed",
  // The handler said so: the execution itself did its work.
  "stage.skipped": "succeeded",
  "stage.cancelled": "cancelled",
};

export function foldStageEnded(draft: FoldDraft, entry: JournalEntry<StageEnd>): void {
  const stage = ofEntry(draft, entry);
  if (!stage) return;
  const outcome = "outcome" in entry.data ? entry.data.outcome : undefined;
  const abandoned = "abandoned" in entry.data && entry.data.abandoned === true;
  closeExecution(draft, stage, abandoned ? "abandoned" : executionEnds[entry.type]);
  dropStage(draft, stage.address, endedStatus(entry.type, outcome));
  endActivation(draft, stage.address);
  if (!outcome) return;
  const { seq: since } = draft.state.input;
  draft.update("branches", stage.branch, (branch) => ({ ...branch, since }));
  applyContext(draft, entry);
  if (!isPassThrough(stage.kind)) recordOutcome(draft, stage, { entry, outcome });
}

/** What a stage that has ended is called: the words of the run view. */
export function endedStatus(type: StageEnd, outcome: EntryOutcome | undefined): EndedStageStatus {
  if (type === "stage.succeeded") return outcome?.status === "partial_success" ? "partial" : "succeeded";
  return type.slice("stage.".length) as EndedStageStatus;
}

export function foldResultDiscarded(draft: FoldDraft, entry: JournalEntry<"stage.result_discarded">): void {
  draft.tick("discarded");
  const { control } = draft.state;
  // The result nobody waits for is also the sign that abandoned code has returned.
  if (entry.execution === undefined || !control.abandoned.has(entry.execution)) return;
  const abandoned = draft.nested(control.abandoned);
  abandoned.delete(entry.execution);
  draft.set({ control: { ...control, abandoned } });
}

export function foldEdgeSelected(draft: FoldDraft, entry: JournalEntry<"edge.selected">): void {
  const path = branchOf(entry);
  const branch = path === undefined ? undefined : draft.state.branches.get(path);
  if (path === undefined || !branch) return;
  const { to, edge, rule } = entry.data;
  leavePassThrough(draft, branch.stage);
  // The jump that a goal gate's redirect makes is that redirect.
  const ofGate = branch.next?.rule === GOAL_GATE_RULE && branch.next.node === to;
  if (REDIRECT_RULES.has(rule) && !ofGate) {
    draft.map("redirects").set(path, (draft.state.redirects.get(path) ?? 0) + 1);
  }
  // The edge into its join is a branch's last: its siblings meet there, and none of them enters it.
  if (joinOf(draft, path) === to) return;
  draft.update("branches", path, (current) => ({
    ...current,
    next: { node: to, rule, seq: entry.seq, since: draft.state.input.seq, ...(edge === undefined ? {} : { edge }) },
  }));
}

function joinOf(draft: FoldDraft, path: string): string | undefined {
  const activation = readBranchAddress(path)?.activation;
  return activation === undefined ? undefined : draft.state.parallels.get(activation)?.join;
}

export function foldGoalGateRedirected(draft: FoldDraft, entry: JournalEntry<"goal_gate.redirected">): void {
  const path = branchOf(entry) ?? MAIN_BRANCH;
  const branch = draft.state.branches.get(path);
  if (!branch) return;
  const { target, redirects } = entry.data;
  leavePassThrough(draft, branch.stage);
  draft.map("redirects").set(path, redirects);
  draft.update("branches", path, (current) => ({
    ...current,
    next: { node: target, rule: GOAL_GATE_RULE, seq: entry.seq, since: draft.state.input.seq },
  }));
}

/** The live stage an entry speaks of; born with the first entry that names it, in a live branch. */
function liveStage(draft: FoldDraft, entry: JournalEntry): StageFold | undefined {
  const known = ofEntry(draft, entry);
  if (known || entry.stage === undefined) return known;
  const address = readStageAddress(entry.stage);
  if (!address) return undefined;
  if (address.branch === MAIN_BRANCH) enterMain(draft, entry.seq);
  const branch = draft.state.branches.get(address.branch);
  if (!branch || address.visit <= visitsOf(draft, address.branch, address.node)) return undefined;
  leaveStage(draft, branch.stage);
  const { next, ...rest } = branch;
  draft.map("branches").set(address.branch, { ...rest, stage: entry.stage });
  const visits = draft.inner("visits", address.branch);
  const visited = visits.get(address.node);
  visits.set(address.node, { ...visited, visits: address.visit });
  draft.count("stages", "begun");
  const stage: StageFold = {
    address: entry.stage,
    ...address,
    status: "entered",
    bornSeq: entry.seq,
    startedAtMs: entry.at,
    ...(next?.edge === undefined || next.node !== address.node ? {} : { edge: next.edge }),
    attempt: 0,
    start: 0,
    crashes: 0,
    ...heldSince(draft, branch),
  };
  put(draft, stage);
  return stage;
}

/** One that begins in a later turn than the one that led to it was held in between. */
function heldSince(draft: FoldDraft, { next, since }: BranchFold): Pick<StageFold, "since"> {
  const chosen = next?.since ?? since;
  return chosen === draft.state.input.seq ? {} : { since: chosen };
}

function visitsOf(draft: FoldDraft, branch: string, node: string): number {
  return draft.state.visits.get(branch)?.get(node)?.visits ?? 0;
}

function ofEntry(draft: FoldDraft, entry: JournalEntry): StageFold | undefined {
  return entry.stage === undefined ? undefined : draft.state.stages.get(entry.stage);
}

function branchOf(entry: JournalEntry): string | undefined {
  return entry.branch ?? (entry.stage === undefined ? undefined : readStageAddress(entry.stage)?.branch);
}

/** An execution is no longer in flight; says how it ended to the pause that waited for it. */
function closeExecution(draft: FoldDraft, stage: StageFold, how: ExecutionEnd): void {
  const id = stage.execution?.id;
  if (id === undefined) return;
  const { control } = draft.state;
  const waiting = control.atPause.get(id);
  if (waiting && waiting.ended === undefined) {
    const atPause = draft.nested(control.atPause);
    atPause.set(id, { ended: how });
    draft.set({ control: { ...control, atPause } });
  }
  if (how !== "abandoned") return;
  const abandoned = draft.nested(control.abandoned);
  abandoned.set(id, stage.address);
  draft.set({ control: { ...draft.state.control, abandoned } });
}

function recordOutcome(
  draft: FoldDraft,
  stage: StageFold,
  { entry, outcome }: { readonly entry: JournalEntry<StageEnd>; readonly outcome: EntryOutcome },
): void {
  const ended: StageOutcome = { ...routing(outcome), stage: stage.address, seq: entry.seq };
  draft.update("branches", stage.branch, (branch) => ({ ...branch, outcome: ended }));
  // `retry` as a word of the pipeline's own ends a stage, but it is no success to a goal gate.
  const succeeded = entry.type === "stage.succeeded" && outcome.status !== "retry";
  const visits = draft.inner("visits", stage.branch);
  const visited = visits.get(stage.node);
  visits.set(stage.node, { visits: visited?.visits ?? stage.visit, last: { status: outcome.status, succeeded } });
}

function routing(outcome: EntryOutcome): Omit<StageOutcome, "stage" | "seq"> {
  const { contextUpdates: _, preferredLabel, suggestedNextIds, notes, failureReason, status } = outcome;
  return {
    status,
    ...(preferredLabel === undefined ? {} : { preferredLabel }),
    ...(suggestedNextIds === undefined ? {} : { suggestedNextIds }),
    ...(notes === undefined ? {} : { notes }),
    ...(failureReason === undefined ? {} : { failureReason }),
  };
}

function put(draft: FoldDraft, stage: StageFold): void {
  draft.map("stages").set(stage.address, stage);
}
