/**
 * The state of a run as its journal tells it: a pure fold, total at every prefix, also one that ends inside a turn.
 *
 * After a final status only `seq`, `turn` and `atMs` move: what follows in a journal then is audit.
 */
import type { EntryType } from "./catalogue.ts";
import type { JournalEntry } from "./entry.ts";
import {
  foldChildContinued,
  foldChildFinished,
  foldChildObserved,
  foldChildPaused,
  foldChildStarted,
  foldChildSteered,
} from "./fold/children.ts";
import {
  foldContainerEntered,
  foldContainerExited,
  foldIterationDecided,
  foldIterationEnded,
  foldIterationStarted,
} from "./fold/containers.ts";
import { applyContext } from "./fold/context.ts";
import { foldControlAccepted, foldEscalated } from "./fold/control.ts";
import { FoldDraft } from "./fold/draft.ts";
import { inputOf } from "./fold/input.ts";
import { foldBranchEnded, foldBranchStarted, foldJoinDecided, foldParallelStarted } from "./fold/parallel.ts";
import {
  foldCancelled,
  foldCancelling,
  foldCompleted,
  foldContinued,
  foldCreated,
  foldFailed,
  foldForked,
  foldPaused,
  foldPausing,
  foldQueued,
  foldRestarted,
  foldResumed,
  foldStarted,
} from "./fold/run.ts";
import {
  foldEdgeSelected,
  foldGoalGateRedirected,
  foldResultDiscarded,
  foldRetryScheduled,
  foldStageEnded,
  foldStageEntered,
  foldStageInterrupted,
  foldStageStarted,
} from "./fold/stages.ts";
import { emptyFold, type FoldState } from "./fold/state.ts";
import {
  foldGateAnswered,
  foldGateOpened,
  foldGateTimedOut,
  foldGateWithdrawn,
  foldTimerEnded,
  foldTimerSet,
} from "./fold/waiting.ts";
import { isFinalStatus } from "./status.ts";

export { foldFromJson, foldToJson } from "./fold/json.ts";
export { runTimeAt, wallTimeOf } from "./fold/run-clock.ts";
export { emptyFold, type FoldState } from "./fold/state.ts";
export { isFinalStatus } from "./status.ts";

type Folder<T extends EntryType> = (draft: FoldDraft, entry: JournalEntry<T>) => void;

const leaves: Folder<EntryType> = () => {};
/** What an entry says is all in the context that it changes. */
const writes: Folder<EntryType> = applyContext;

const folders: { readonly [T in EntryType]: Folder<T> } = {
  "run.created": foldCreated,
  "run.queued": foldQueued,
  "run.started": foldStarted,
  "run.resumed": foldResumed,
  "run.pausing": foldPausing,
  "run.paused": foldPaused,
  "run.continued": foldContinued,
  "run.cancelling": foldCancelling,
  "run.cancelled": foldCancelled,
  "run.completed": foldCompleted,
  "run.failed": foldFailed,
  "run.forked": foldForked,
  "run.steered": writes,
  "run.restarted": foldRestarted,
  "control.accepted": foldControlAccepted,
  "control.rejected": leaves,
  "pause.escalated": foldEscalated,
  "stage.entered": foldStageEntered,
  "stage.started": foldStageStarted,
  "stage.interrupted": foldStageInterrupted,
  "stage.retry_scheduled": foldRetryScheduled,
  "stage.succeeded": foldStageEnded,
  "stage.failed": foldStageEnded,
  "stage.skipped": foldStageEnded,
  "stage.cancelled": foldStageEnded,
  "stage.result_discarded": foldResultDiscarded,
  "edge.selected": foldEdgeSelected,
  "goal_gate.redirected": foldGoalGateRedirected,
  "parallel.started": foldParallelStarted,
  "branch.started": foldBranchStarted,
  "branch.succeeded": foldBranchEnded,
  "branch.failed": foldBranchEnded,
  "branch.cancelled": foldBranchEnded,
  "branch.superseded": foldBranchEnded,
  "join.decided": foldJoinDecided,
  "container.entered": foldContainerEntered,
  "container.exited": foldContainerExited,
  "iteration.decided": foldIterationDecided,
  "iteration.started": foldIterationStarted,
  "iteration.succeeded": foldIterationEnded,
  "iteration.failed": foldIterationEnded,
  "iteration.cancelled": foldIterationEnded,
  "gate.opened": foldGateOpened,
  "gate.answered": foldGateAnswered,
  "gate.timed_out": foldGateTimedOut,
  "gate.withdrawn": foldGateWithdrawn,
  "timer.set": foldTimerSet,
  "timer.fired": foldTimerEnded,
  "timer.cleared": foldTimerEnded,
  "child.started": foldChildStarted,
  "child.paused": foldChildPaused,
  "child.continued": foldChildContinued,
  "child.observed": foldChildObserved,
  "child.steered": foldChildSteered,
  "child.finished": foldChildFinished,
  "artifact.stored": (draft) => draft.tick("artifacts"),
  "checkpoint.pruned": leaves,
};

/** Folds entry by entry, in order. Costs O(change) an entry; {@link Fold.state} hands out a state that never moves. */
export interface Fold {
  push(entry: JournalEntry): void;
  state(): FoldState;
}

/** A fold that goes on from a state. */
export function createFold(from: FoldState): Fold {
  const draft = new FoldDraft(from);
  return { push: (entry) => foldInto(draft, entry), state: () => draft.release() };
}

/** The state after one more entry. Copies the Maps it touches, so for many entries use {@link createFold}. */
export function foldEntry(state: FoldState, entry: JournalEntry): FoldState {
  const draft = new FoldDraft(state);
  foldInto(draft, entry);
  return draft.release();
}

/** The state after all entries, from the beginning or from a state. */
export function fold(entries: Iterable<JournalEntry>, from?: FoldState): FoldState {
  let folding = from && createFold(from);
  for (const entry of entries) {
    folding ??= createFold(emptyFold(entry.runId));
    folding.push(entry);
  }
  return folding?.state() ?? emptyFold("");
}

/** Folds an entry into a draft; for those who follow along while it happens. */
export function foldInto(draft: FoldDraft, entry: JournalEntry): void {
  const { seq, turn, at: atMs } = entry;
  const { status } = draft.state;
  const input = inputOf(draft.state, entry);
  draft.set({ seq, turn, atMs });
  if (isFinalStatus(status)) return;
  draft.set({ input });
  (folders[entry.type] as Folder<EntryType>)(draft, entry);
}
