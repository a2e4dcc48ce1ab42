/** Folding child runs: what their parent knows of them. Source: 03 §8. */
import type { JournalEntry } from "../entry.ts";
import { applyContext } from "./context.ts";
import type { FoldDraft } from "./draft.ts";
import type { ChildFold } from "./state.ts";
import { withStatus } from "./waiting.ts";

export function foldChildStarted(draft: FoldDraft, entry: JournalEntry<"child.started">): void {
  const { child, pipeline } = entry.data;
  const { stage } = entry;
  draft.map("children").set(child, {
    child,
    pipeline,
    paused: false,
    startedSeq: entry.seq,
    ...(stage === undefined ? {} : { stage }),
    ...soFar(draft, stage),
  });
  if (stage === undefined) return;
  draft.update("stages", stage, ({ finished: _, ...live }) => ({
    ...(live.status === "entered" ? withStatus(live, "waiting") : live),
    child,
  }));
}

/** A run that was started over goes on as another, which its supervisor knows as the same. */
function soFar(draft: FoldDraft, stage: string | undefined): Pick<ChildFold, "cycle" | "steered" | "dismissal"> {
  const { finished } = (stage === undefined ? undefined : draft.state.stages.get(stage)) ?? {};
  if (finished?.end.status !== "restarted") return { cycle: 0 };
  const { cycle, steered, dismissal } = finished.run;
  return { cycle, ...(steered === undefined ? {} : { steered }), ...(dismissal === undefined ? {} : { dismissal }) };
}

export function foldChildPaused(draft: FoldDraft, entry: JournalEntry<"child.paused">): void {
  const { child, inherited } = entry.data;
  draft.update("children", child, (known) => ({
    ...known,
    paused: true,
    ...(inherited ? { isHeld: true as const } : {}),
  }));
}

export function foldChildContinued(draft: FoldDraft, { data }: JournalEntry<"child.continued">): void {
  draft.update("children", data.child, ({ isHeld: _, ...known }) => ({ ...known, paused: false }));
}

/** What has taken a pause of this run may go on with it, but for what is dismissed. */
export function releaseChildren(draft: FoldDraft): void {
  for (const [id, { dismissal, isHeld }] of draft.state.children) {
    if (isHeld && !dismissal) draft.update("children", id, ({ isHeld: _, ...child }) => child);
  }
}

export function foldChildObserved(draft: FoldDraft, entry: JournalEntry<"child.observed">): void {
  applyContext(draft, entry);
  const { child, dismissal } = entry.data;
  draft.update("children", child, (known) => ({
    ...known,
    cycle: known.cycle + 1,
    ...(dismissal === undefined ? {} : { dismissal }),
  }));
}

export function foldChildSteered(draft: FoldDraft, { data }: JournalEntry<"child.steered">): void {
  draft.update("children", data.child, (known) => ({ ...known, steered: data.message }));
}

/** Its stage holds until the run acts on that. */
export function foldChildFinished(draft: FoldDraft, { data: end }: JournalEntry<"child.finished">): void {
  const run = draft.state.children.get(end.child);
  if (!run) return;
  draft.map("children").delete(end.child);
  if (run.stage === undefined) return;
  const { seq: since } = draft.state.input;
  draft.update("stages", run.stage, ({ child: _, ...stage }) =>
    end.status === "restarted"
      ? { ...stage, finished: { run, end } }
      : { ...withStatus(stage, "held"), finished: { run, end }, since },
  );
}
