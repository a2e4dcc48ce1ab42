/** What the stage of a child run knows of it, from the fold. */
import type { EntryOutcome } from "../../journal/catalogue.ts";
import type { ChildFold, FoldState, StageFold } from "../../journal/fold/state.ts";
import type { ChildEnd, Dismissal } from "../protocol.ts";
import { type ChildContext, outcomeOfChild, outcomeOfDismissal } from "../stage/child.ts";

/** The child that a stage waits for. */
export function childOf({ children }: FoldState, { child }: StageFold): ChildFold | undefined {
  return child === undefined ? undefined : children.get(child);
}

/** Undefined for the stages of all other nodes. */
export function childContext(fold: FoldState, stage: StageFold): ChildContext | undefined {
  const live = childOf(fold, stage);
  if (live) return contextOf(live, live.isHeld === true);
  if (!stage.finished) return undefined;
  const { run } = stage.finished;
  const code = run.dismissal ? run.dismissal.code : outcomeOfChild(run.child, endOf(stage.finished)).code;
  return { ...contextOf(run, true), ...(code === undefined ? {} : { code }) };
}

/** What a stage comes to whose child run has ended. */
export function outcomeOfFinished(finished: NonNullable<StageFold["finished"]>): EntryOutcome {
  const { child } = finished.run;
  const dismissal = dismissalOf(finished.run);
  const end = endOf(finished);
  return dismissal ? outcomeOfDismissal(child, dismissal, end) : outcomeOfChild(child, end).outcome;
}

function contextOf(run: ChildFold, held: boolean): ChildContext {
  const { child, cycle, paused, steered } = run;
  const dismissal = dismissalOf(run);
  return {
    run: child,
    paused,
    held,
    cycle,
    ...(steered === undefined ? {} : { steered }),
    ...(dismissal === undefined ? {} : { dismissal }),
  };
}

function dismissalOf({ dismissal }: ChildFold): Dismissal | undefined {
  return dismissal as Dismissal | undefined;
}

/** One that was started over has not ended: it goes on as another. */
function endOf({ end }: NonNullable<StageFold["finished"]>): ChildEnd {
  return end as ChildEnd;
}
