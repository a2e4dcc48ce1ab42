/** Folding the audit of commands. */
import { MAIN_BRANCH } from "../address.ts";
import type { JournalEntry } from "../entry.ts";
import { cutIterations } from "./containers.ts";
import type { FoldDraft } from "./draft.ts";
import { acceptCommand } from "./lineage.ts";
import { cutBranches } from "./parallel.ts";
import { interruptExecutions } from "./stages.ts";

export function foldControlAccepted(draft: FoldDraft, entry: JournalEntry<"control.accepted">): void {
  const { verb, before, after, changed, reason, boundary } = entry.data;
  if (!changed) return;
  const scope = entry.stage ?? entry.branch;
  if (scope !== undefined && scope !== MAIN_BRANCH) {
    if (verb === "cancel") cancelPart(draft, scope, entry);
    return;
  }
  const actor = entry.cause?.actor;
  if (before !== after) {
    acceptCommand(draft, {
      seq: entry.seq,
      turn: entry.turn,
      verb,
      ...(actor === undefined ? {} : { actor }),
      ...(reason === undefined ? {} : { reason }),
      ...(boundary === undefined ? {} : { boundary }),
    });
  }
  if (after === "pausing" || after === "paused") foldSource(draft, entry.data);
}

/**
 * A second source that joins a pause, or one of two that leaves it, changes no status: only its audit entry tells.
 * Where the status changes, `run.pausing` names the source, or this entry does for a pause that is one at once.
 */
function foldSource(draft: FoldDraft, data: JournalEntry<"control.accepted">["data"]): void {
  const { verb, before, after, source } = data;
  const { control } = draft.state;
  if (verb !== "pause" && verb !== "continue") return;
  const moved = before !== after;
  if (moved && (verb !== "pause" || source === undefined)) return;
  const sources = moved ? { own: false, inherited: false } : control.sources;
  draft.set({ control: { ...control, sources: { ...sources, [source ?? "own"]: verb === "pause" } } });
}

/** Its audit entry stands behind what it has ended at once. */
function cancelPart(draft: FoldDraft, scope: string, { stage, turn, data }: JournalEntry<"control.accepted">): void {
  cutIterations(draft, scope, turn);
  cutBranches(draft, scope, draft.state.input.seq);
  cancelScope(draft, scope);
  if (stage !== undefined) abort(draft, stage, data.reason);
}

function cancelScope(draft: FoldDraft, scope: string): void {
  const { control, branches, stages } = draft.state;
  if (control.cancellingScopes.includes(scope) || !(branches.has(scope) || stages.has(scope))) return;
  draft.set({ control: { ...control, cancellingScopes: [...control.cancellingScopes, scope] } });
}

/** All branches of an activation. It fails by that, and not by what they come to. */
function abort(draft: FoldDraft, activation: string, reason: string | undefined): void {
  const aborted = reason ?? "its branches were cancelled";
  draft.update("containers", activation, (container) => ({ ...container, aborted }));
  draft.update("parallels", activation, (parallel) => ({ ...parallel, aborted }));
}

export function foldEscalated(draft: FoldDraft): void {
  const { deadlineMs: _, ...control } = draft.state.control;
  draft.set({ control: { ...control, mode: "interrupt" } });
  interruptExecutions(draft);
}
