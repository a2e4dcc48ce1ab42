import { MAIN_BRANCH } from "../../journal/address.ts";
import type { EntryData } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { foldInto } from "../../journal/fold.ts";
import { isPassThrough } from "../../journal/status.ts";
import { STATUS_AFTER } from "../../journal/status-after.ts";
import { branchNamed } from "../../journal/view/branch-rows.ts";
import { describeTally } from "./activation-segments.ts";
import { nameItem } from "./names.ts";
import type { RunProgress, StageMark } from "./progress.ts";
import { beginBranch, beginStage, endBranch, endStage, findStage } from "./progress.ts";

/** Takes an entry into the progress. Entries it has nothing to show for change nothing. */
export function addEntry(run: RunProgress, entry: JournalEntry): void {
  foldInto(run.fold, entry);
  const topic = entry.type.slice(0, entry.type.indexOf("."));
  if (topic === "run") addRunEntry(run, entry);
  else if (topic === "stage") addStageEntry(run, entry);
  else if (topic === "branch" || topic === "iteration") addBranchEntry(run, entry);
  else if (topic === "gate") addGateEntry(run, entry);
  else if (topic === "child") addChildEntry(run, entry);
  else if (topic === "join" || topic === "container") addTally(run, entry);
}

function addGateEntry(run: RunProgress, entry: JournalEntry): void {
  const stage = entry.type === "gate.opened" ? beginStage(run, entry) : findStage(run, entry);
  if (!stage) return;
  if (entry.type !== "gate.opened") {
    delete stage.gate;
    delete stage.detail;
    return;
  }
  const { gate, text } = entry.data as EntryData<"gate.opened">;
  stage.mark = "waiting";
  stage.gate = gate;
  stage.detail = `asks: ${text}`;
}

/** A stage whose child run it is says which, and how it stands. */
function addChildEntry(run: RunProgress, entry: JournalEntry): void {
  const stage = findStage(run, entry);
  if (!stage || stage.endedAt !== undefined) return;
  const { child } = entry.data as EntryData<"child.started">;
  const states: Partial<Record<typeof entry.type, string>> = {
    "child.paused": ", paused",
    "child.observed": `, cycle ${(entry.data as Partial<EntryData<"child.observed">>).cycle}`,
    "child.finished": `, ${(entry.data as Partial<EntryData<"child.finished">>).status}`,
  };
  stage.detail = `run ${child}${states[entry.type] ?? ""}`;
}

function addRunEntry(run: RunProgress, entry: JournalEntry): void {
  const status = STATUS_AFTER[entry.type];
  if (status !== undefined) run.status = status;
  if (entry.type === "run.created") {
    run.pipeline = (entry.data as EntryData<"run.created">).pipeline.name;
    run.createdAt = entry.at;
  } else if (entry.type === "run.failed") {
    run.failure = (entry.data as EntryData<"run.failed">).message;
  }
  if (status === "completed" || status === "failed" || status === "cancelled") run.endedAt = entry.at;
}

function addStageEntry(run: RunProgress, entry: JournalEntry): void {
  if (entry.type === "stage.result_discarded") return;
  const begins = entry.type === "stage.entered" || entry.type === "stage.started";
  const stage = begins || !isInside(entry) ? beginStage(run, entry) : findStage(run, entry);
  if (!stage) return;
  switch (entry.type) {
    case "stage.entered": {
      const { kind } = entry.data as EntryData<"stage.entered">;
      stage.kind = kind;
      stage.mark = isPassThrough(kind) ? "entered" : "waiting";
      return;
    }
    case "stage.started":
      stage.mark = "running";
      stage.attempt = entry.attempt ?? stage.attempt;
      delete stage.retryAt;
      delete stage.detail;
      return;
    case "stage.retry_scheduled": {
      const data = entry.data as EntryData<"stage.retry_scheduled">;
      stage.mark = "backing_off";
      stage.retryAt = entry.at + data.delayMs;
      stage.detail = data.outcome.failureReason ?? data.outcome.status;
      return;
    }
    case "stage.interrupted":
      stage.mark = "interrupted";
      stage.detail = (entry.data as EntryData<"stage.interrupted">).cause;
      return;
    default:
      endStage(run, stage, stageEnd(entry));
  }
}

function stageEnd(entry: JournalEntry): { mark: StageMark; at: number; detail?: string } {
  const { at } = entry;
  if (entry.type === "stage.cancelled") {
    return { mark: "cancelled", at, detail: (entry.data as EntryData<"stage.cancelled">).reason };
  }
  const { outcome } = entry.data as EntryData<"stage.succeeded" | "stage.failed" | "stage.skipped">;
  if (entry.type === "stage.failed") return { mark: "failed", at, detail: outcome.failureReason ?? outcome.status };
  if (entry.type === "stage.skipped") return { mark: "skipped", at };
  if (outcome.status === "success") return { mark: "succeeded", at };
  return { mark: outcome.status === "partial_success" ? "partial" : "succeeded", at, detail: outcome.status };
}

/** What is told late of a branch that has ended must not bring it back. */
function isInside({ branch }: JournalEntry): boolean {
  return branch !== undefined && branch !== MAIN_BRANCH;
}

function addBranchEntry(run: RunProgress, entry: JournalEntry): void {
  const path = branchNamed(entry);
  if (path === undefined) return;
  const { at } = entry;
  switch (entry.type) {
    case "branch.started":
      beginBranch(run, path, { at, label: (entry.data as EntryData<"branch.started">).head });
      return;
    case "iteration.started":
      beginBranch(run, path, { at, label: nameItem((entry.data as EntryData<"iteration.started">).item) });
      return;
    case "branch.failed":
    case "iteration.failed":
      endBranch(run, path, { detail: (entry.data as EntryData<"branch.failed" | "iteration.failed">).reason });
      return;
    case "iteration.decided":
      return;
    default:
      endBranch(run, path);
  }
}

function addTally(run: RunProgress, entry: JournalEntry): void {
  const stage = findStage(run, entry);
  if (!stage) return;
  if (entry.type === "container.exited") {
    const { completed, failed } = entry.data as EntryData<"container.exited">;
    stage.tally = describeTally(completed, failed);
  } else if (entry.type === "join.decided") {
    const { succeeded, failed } = entry.data as EntryData<"join.decided">;
    stage.tally = describeTally(succeeded + failed, failed);
  }
}
