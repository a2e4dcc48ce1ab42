/** Folding containers: the durable position of foreach and loop. */
import { formatBranch, isWithin, readStageAddress } from "../address.ts";
import type { JournalEntry } from "../entry.ts";
import { applyContext, copyUp } from "./context.ts";
import type { FoldDraft } from "./draft.ts";
import { endBranch, enterBranch } from "./live.ts";
import { isCancelling } from "./scopes.ts";
import type { ContainerFold, IterationEnd } from "./state.ts";

/** Every iteration below it has ended. Moves only when one ends. */
export function lowWatermark(container: Pick<ContainerFold, "next" | "inFlight">): number {
  return container.inFlight[0] ?? container.next;
}

/** How many iterations have ended, in whatever way. */
export function completedIterations(container: ContainerFold): number {
  return container.succeeded + container.failed + container.cancelled;
}

export function foldContainerEntered(draft: FoldDraft, entry: JournalEntry<"container.entered">): void {
  const { activation, kind, maxParallel, onItemFailure, total, items } = entry.data;
  if (draft.state.containers.has(activation) || !draft.state.stages.has(activation)) return;
  draft.map("containers").set(activation, {
    activation,
    kind,
    maxParallel,
    ...(total === undefined ? {} : { total }),
    ...(items === undefined ? {} : { items }),
    ...(onItemFailure === undefined ? {} : { onItemFailure }),
    next: 0,
    inFlight: [],
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    cut: 0,
  });
}

export function foldContainerExited(draft: FoldDraft, entry: JournalEntry<"container.exited">): void {
  const { activation, status } = entry.data;
  draft.update("containers", activation, (container) => ({ ...container, exited: status }));
}

export function foldIterationDecided(draft: FoldDraft, entry: JournalEntry<"iteration.decided">): void {
  const { activation, index, go } = entry.data;
  draft.update("containers", activation, (container) => ({ ...container, decided: { index, go } }));
}

export function foldIterationStarted(draft: FoldDraft, entry: JournalEntry<"iteration.started">): void {
  const { activation, index } = entry.data;
  const container = draft.state.containers.get(activation);
  if (!container) return;
  const again = container.inFlight.includes(index);
  // Below `next` and not in flight: it has ended, and nothing begins it again.
  if (!again && index < container.next) return;
  enterBranch(draft, { path: formatBranch({ activation, index }), origin: container.kind, seq: entry.seq });
  applyContext(draft, entry);
  if (again) return;
  // `next` only grows, so appending keeps the order.
  draft.map("containers").set(activation, {
    ...container,
    next: index + 1,
    inFlight: [...container.inFlight, index],
  });
}

type IterationEndType = "iteration.succeeded" | "iteration.failed" | "iteration.cancelled";

export function foldIterationEnded(draft: FoldDraft, entry: JournalEntry<IterationEndType>): void {
  const { activation, index } = entry.data;
  const container = draft.state.containers.get(activation);
  // An end that is told twice counts once.
  if (!container?.inFlight.includes(index)) return;
  const how = entry.type.slice("iteration.".length) as "succeeded" | "failed" | "cancelled";
  const isRunning = draft.state.status === "running";
  draft.map("containers").set(activation, {
    ...container,
    [how]: container[how] + 1,
    ...(isCut(draft, container, entry.type)
      ? { cut: container.cut + 1 }
      : { ...newestEnd(container, { entry, isRunning }), ...lately(container, entry) }),
    inFlight: container.inFlight.filter((other) => other !== index),
  });
  const path = formatBranch({ activation, index });
  const outer = readStageAddress(activation)?.branch;
  if (how === "succeeded" && container.kind === "loop" && outer !== undefined) copyUp(draft, path, outer);
  endBranch(draft, path, how);
  draft.map("context").delete(path);
}

/** With all that the container is inside of, or with the container itself. */
function isCut(draft: FoldDraft, { activation, aborted }: ContainerFold, type: IterationEndType): boolean {
  return type === "iteration.cancelled" && (aborted !== undefined || isCancelling(draft.state, activation));
}

function lately(
  container: ContainerFold,
  { turn, type }: JournalEntry<IterationEndType>,
): Pick<ContainerFold, "lately"> {
  if (type !== "iteration.cancelled") return {};
  const known = container.lately?.turn === turn ? container.lately : { turn, cancelled: 0, ...endsOf(container) };
  return { lately: { ...known, cancelled: known.cancelled + 1 } };
}

function endsOf({ newest, unsuccessful }: Pick<ContainerFold, "newest" | "unsuccessful">) {
  return { ...(newest ? { newest } : {}), ...(unsuccessful ? { unsuccessful } : {}) };
}

/** What has ended in the turn of a command that cancels what is around it has ended by it, and counts for nothing. */
export function cutIterations(draft: FoldDraft, scope: string, turn: number): void {
  for (const [activation, container] of draft.state.containers) {
    if (container.lately?.turn !== turn || !isWithin(activation, scope)) continue;
    const { lately: before, newest: _n, unsuccessful: _u, ...rest } = container;
    draft.map("containers").set(activation, { ...rest, ...endsOf(before), cut: rest.cut + before.cancelled });
  }
}

function newestEnd(
  container: ContainerFold,
  {
    entry: { type, seq, data },
    isRunning,
  }: { readonly entry: JournalEntry<IterationEndType>; readonly isRunning: boolean },
): Pick<ContainerFold, "newest" | "unsuccessful"> {
  const reason = "reason" in data ? data.reason : type === "iteration.cancelled" ? "cancelled" : undefined;
  const newest: IterationEnd = {
    index: data.index,
    seq,
    status: "status" in data ? data.status : "fail",
    ...(reason === undefined ? {} : { reason }),
    ...(isRunning ? { isActedOn: true } : {}),
  };
  const isFirst = type !== "iteration.succeeded" && !container.unsuccessful;
  return isFirst ? { newest, unsuccessful: newest } : { newest };
}

/** When the run goes on, what was decided while it did not is acted on. */
export function actOnEnds(draft: FoldDraft): void {
  for (const [activation, { newest, unsuccessful }] of draft.state.containers) {
    const waits = [newest, unsuccessful].some((end) => end && !end.isActedOn);
    if (!waits) continue;
    const acted = (end: IterationEnd) => ({ ...end, isActedOn: true as const });
    draft.update("containers", activation, (container) => ({
      ...container,
      ...(newest ? { newest: acted(newest) } : {}),
      ...(unsuccessful ? { unsuccessful: acted(unsuccessful) } : {}),
    }));
  }
}
