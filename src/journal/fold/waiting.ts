/** Folding what a run waits for: gates and timers. */
import type { JournalEntry } from "../entry.ts";
import type { LiveStageStatus } from "../status.ts";
import type { FoldDraft } from "./draft.ts";
import { clearTimer, setTimer, stageOfActor } from "./live.ts";
import { foldExecutionTimedOut } from "./stages.ts";
import type { StageFold } from "./state.ts";

export function foldGateOpened(draft: FoldDraft, entry: JournalEntry<"gate.opened">): void {
  const { gate } = entry.data;
  const { stage } = entry;
  draft.map("gates").set(gate, {
    ...(stage === undefined ? {} : { stage }),
    openedSeq: entry.seq,
    openedAtMs: entry.at,
    question: entry.data,
  });
  if (stage !== undefined) draft.update("stages", stage, (live) => ({ ...withStatus(live, "waiting"), gate }));
}

/** Answered: the answer stays with the stage until it ends, for a journal that stops between the two. */
export function foldGateAnswered(draft: FoldDraft, entry: JournalEntry<"gate.answered">): void {
  const { gate, answer } = entry.data;
  closeGate(draft, gate, (stage) => ({ ...stage, answer, ...settledBy(entry), since: draft.state.input.seq }));
}

export function foldGateTimedOut(draft: FoldDraft, entry: JournalEntry<"gate.timed_out">): void {
  closeGate(draft, entry.data.gate, (stage) => ({ ...stage, ...settledBy(entry), since: draft.state.input.seq }));
}

export function foldGateWithdrawn(draft: FoldDraft, entry: JournalEntry<"gate.withdrawn">): void {
  closeGate(draft, entry.data.gate, (stage) => stage);
}

function settledBy(entry: JournalEntry<"gate.answered" | "gate.timed_out">): Pick<StageFold, "settled"> {
  const { choice, outcome } = entry.data;
  return outcome === undefined ? {} : { settled: { choice: choice ?? "", outcome } };
}

function closeGate(draft: FoldDraft, id: string, change: (stage: StageFold) => StageFold): void {
  const gate = draft.state.gates.get(id);
  if (!gate) return;
  draft.map("gates").delete(id);
  if (gate.stage === undefined) return;
  draft.update("stages", gate.stage, ({ gate: _, ...stage }) =>
    change(withStatus(stage, stage.interrupted ? "interrupted" : "held")),
  );
}

export function foldTimerSet(draft: FoldDraft, entry: JournalEntry<"timer.set">): void {
  const { timer, actor, kind, clock, dueMs } = entry.data;
  setTimer(draft, { timer, actor, kind, clock, dueMs });
  const address = stageOfActor(actor);
  // A stage that runs or backs off has a timer for other ends; one that was only entered waits for it.
  if (address === undefined) return;
  draft.update("stages", address, (stage) => (stage.status === "entered" ? withStatus(stage, "waiting") : stage));
}

/** A back-off that is over leaves its stage ready to start, and no longer waiting for time. */
export function foldTimerEnded(draft: FoldDraft, entry: JournalEntry<"timer.fired" | "timer.cleared">): void {
  // A time-out belongs to an execution and has no timer in the journal.
  if (entry.execution !== undefined) return foldExecutionTimedOut(draft, entry as JournalEntry<"timer.fired">);
  const timer = clearTimer(draft, entry.data.timer);
  const address = timer && stageOfActor(timer.actor);
  if (address === undefined) return;
  draft.update("stages", address, (stage) => {
    const { backoff, ...rest } = stage;
    if (backoff?.timer === timer?.timer) return withStatus(rest, "held");
    // A supervisor's look at its child is no end of the waiting.
    const isWaitedOut = stage.gate === undefined && stage.child === undefined && !stage.timers;
    const isOver = stage.status === "waiting" && isWaitedOut;
    return isOver ? { ...withStatus(stage, "held"), since: draft.state.input.seq } : stage;
  });
}

export function withStatus(stage: StageFold, status: LiveStageStatus): StageFold {
  return { ...stage, status };
}
