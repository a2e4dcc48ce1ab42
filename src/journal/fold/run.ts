/** Folding `run.*`: status, the run's clock, and what begins and ends a run. */
import { MAIN_BRANCH } from "../address.ts";
import type { JournalEntry } from "../entry.ts";
import type { RunStatus } from "../status.ts";
import { releaseChildren } from "./children.ts";
import { actOnEnds } from "./containers.ts";
import { applyContext } from "./context.ts";
import type { FoldDraft } from "./draft.ts";
import { changeStatus } from "./lineage.ts";
import { endBranch, enterMain } from "./live.ts";
import { rebase } from "./rebase.ts";
import { runTimeAt } from "./run-clock.ts";
import { interruptExecutions } from "./stages.ts";
import type { FoldState, RunClock } from "./state.ts";

export function foldCreated(draft: FoldDraft, entry: JournalEntry<"run.created">): void {
  const { context: _, ...origin } = entry.data;
  const { pipeline, inputs, labels, parent, rootRunId, restarts, maxRestarts, children } = origin;
  draft.set({
    origin: {
      pipeline,
      inputs,
      labels,
      ...(parent === undefined ? {} : { parent }),
      ...(rootRunId === undefined ? {} : { rootRunId }),
      ...(restarts === undefined ? {} : { restarts }),
      ...(maxRestarts === undefined ? {} : { maxRestarts }),
      ...(children === undefined ? {} : { children }),
    },
    createdAtMs: entry.at,
    clock: { runTimeMs: 0, sinceMs: entry.at },
  });
  draft.inner("context", MAIN_BRANCH);
  applyContext(draft, entry);
}

export function foldQueued(draft: FoldDraft, entry: JournalEntry<"run.queued">): void {
  // The first one says only why the run, which is queued from its creation, has to wait.
  if (draft.state.status === "queued") draft.set({ statusReason: entry.data.reason });
  else changeStatus(draft, entry, { to: "queued", verb: "queue", reason: entry.data.reason });
}

export function foldStarted(draft: FoldDraft, entry: JournalEntry<"run.started">): void {
  changeStatus(draft, entry, { to: "running", verb: "start" });
  goOn(draft);
  if (draft.state.startedAtMs === undefined) draft.set({ startedAtMs: entry.at });
  enterMain(draft, entry.seq);
}

/** What waited for the run to go on is acted on. */
function goOn(draft: FoldDraft): void {
  actOnEnds(draft);
  releaseChildren(draft);
}

export function foldResumed(draft: FoldDraft, entry: JournalEntry<"run.resumed">): void {
  const { status, statusReason } = draft.state;
  changeStatus(draft, entry, { to: status, verb: "resume" });
  const { control } = draft.state;
  // Code that outlived its attempt lived in a process that no longer drives this run.
  draft.set({ resumeEpoch: entry.data.resumeEpoch, statusReason, control: { ...control, abandoned: new Map() } });
}

export function foldPausing(draft: FoldDraft, entry: JournalEntry<"run.pausing">): void {
  const { mode, source, deadlineMs, draining, runTimeMs, reason } = entry.data;
  changeStatus(draft, entry, { to: "pausing", verb: "pause", reason });
  const { control } = draft.state;
  draft.set({
    clock: { runTimeMs },
    control: {
      ...control,
      mode,
      sources: { ...control.sources, [source]: true },
      atPause: new Map(draining.map((execution) => [execution, {}])),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    },
  });
  if (mode === "interrupt") interruptExecutions(draft);
}

export function foldPaused(draft: FoldDraft, entry: JournalEntry<"run.paused">): void {
  const direct = draft.state.status !== "pausing";
  changeStatus(draft, entry, { to: "paused", verb: "pause", reason: entry.data.reason ?? keptReason(draft.state) });
  const { deadlineMs: _, ...control } = draft.state.control;
  const { own, inherited } = control.sources;
  draft.set({
    clock: { runTimeMs: entry.data.runTimeMs },
    control: {
      ...control,
      // Paused at once, with nothing in flight: there is no entry that names the source, so it is the run's own.
      sources: own || inherited ? control.sources : { own: true, inherited: false },
      ...(direct ? { atPause: new Map() } : {}),
    },
  });
}

export function foldContinued(draft: FoldDraft, entry: JournalEntry<"run.continued">): void {
  const { runTimeMs, reason } = entry.data;
  changeStatus(draft, entry, { to: "running", verb: "continue", reason });
  goOn(draft);
  const { mode: _mode, deadlineMs: _deadline, ...control } = draft.state.control;
  draft.set({
    clock: { runTimeMs, sinceMs: entry.at },
    control: { ...control, sources: { own: false, inherited: false } },
  });
  applyContext(draft, entry);
}

export function foldCancelling(draft: FoldDraft, entry: JournalEntry<"run.cancelling">): void {
  const { reason, graceMs, deadlineMs, force } = entry.data;
  changeStatus(draft, entry, { to: "cancelling", verb: "cancel", reason });
  const { mode: _, deadlineMs: _pause, ...control } = draft.state.control;
  const { clock } = draft.state;
  draft.set({
    // Neither pausing nor paused any more: run time goes on.
    clock: clock.sinceMs === undefined ? { ...clock, sinceMs: entry.at } : clock,
    control: {
      ...control,
      sources: { own: false, inherited: false },
      graceMs,
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(force === undefined ? {} : { force }),
    },
  });
}

export function foldCancelled(draft: FoldDraft, entry: JournalEntry<"run.cancelled">): void {
  finish(draft, entry, { to: "cancelled", verb: "cancel", reason: entry.data.reason ?? keptReason(draft.state) });
}

export function foldCompleted(draft: FoldDraft, entry: JournalEntry<"run.completed">): void {
  const { status, exit } = entry.data;
  draft.set({ result: { status, exit } });
  finish(draft, entry, { to: "completed", verb: "complete" });
}

export function foldFailed(draft: FoldDraft, entry: JournalEntry<"run.failed">): void {
  const { code, message, stage } = entry.data;
  draft.set({ failure: { code, message, ...(stage === undefined ? {} : { stage }) } });
  finish(draft, entry, { to: "failed", verb: "fail", reason: code });
}

/** The old run ends where the new one begins, in one transaction: nothing else ends it. */
export function foldRestarted(draft: FoldDraft, entry: JournalEntry<"run.restarted">): void {
  draft.set({ restartedAs: entry.data.newRunId });
  finish(draft, entry, { to: "completed", verb: "restart", reason: "restarted" });
}

export function foldForked(draft: FoldDraft, entry: JournalEntry<"run.forked">): void {
  const { from, at, base } = entry.data;
  const { origin } = draft.state;
  if (origin) draft.set({ origin: { ...origin, forkedFrom: { runId: from, seq: at } } });
  rebase(draft, base, entry);
}

function finish(
  draft: FoldDraft,
  entry: JournalEntry,
  change: { readonly to: RunStatus; readonly verb: string; readonly reason?: string | undefined },
): void {
  const clock: RunClock = { runTimeMs: runTimeAt(draft.state, entry.at) };
  for (const path of draft.state.branches.keys()) {
    endBranch(draft, path, endOf(path, change.to));
  }
  changeStatus(draft, entry, change);
  const { control } = draft.state;
  draft.set({
    clock,
    finishedAtMs: entry.at,
    timers: new Map(),
    gates: new Map(),
    children: new Map(),
    containers: new Map(),
    parallels: new Map(),
    control: { ...control, sources: { own: false, inherited: false }, cancellingScopes: [] },
  });
}

function endOf(path: string, status: RunStatus): "succeeded" | "failed" | "cancelled" {
  if (path !== MAIN_BRANCH || status === "cancelled") return "cancelled";
  return status === "failed" ? "failed" : "succeeded";
}

/** The reason a pause or cancel was asked for holds on when it has settled. */
function keptReason(state: FoldState): string | undefined {
  return state.status === "pausing" || state.status === "cancelling" ? state.statusReason : undefined;
}
