import type { JournalEntry } from "../entry.ts";
import type { RunStatus } from "../status.ts";
import type { FoldDraft } from "./draft.ts";
import type { AcceptedCommand, ControlFold, Transition } from "./state.ts";

interface Change {
  readonly to: RunStatus;
  readonly verb: string;
  readonly reason?: string | undefined;
}

/** Moves the run to a status and writes the change down, with the command that explains it. */
export function changeStatus(draft: FoldDraft, entry: JournalEntry, change: Change): void {
  const { status, control } = draft.state;
  const command = explanation(control.lastCommand, entry, change);
  const reason = change.reason ?? command?.reason;
  const actor = entry.cause?.actor ?? command?.actor;
  const transition: Transition = {
    seq: entry.seq,
    turn: entry.turn,
    atMs: entry.at,
    from: status,
    to: change.to,
    verb: change.verb,
    ...said({ actor, reason, boundary: command?.boundary }),
  };
  const { lastCommand: _, ...rest } = control;
  draft.set({
    status: change.to,
    statusReason: reason,
    control: {
      ...rest,
      lineage: [...control.lineage, transition],
      // A change that no command explains (a parent's pause, a fault) leaves none to explain what settles after it.
      ...(command === undefined ? {} : { lastCommand: command }),
    },
  });
}

/**
 * Remembers an accepted command. Its audit entry may stand before or after the changes it made; those that its turn
 * has made already get from it what they do not say themselves.
 */
export function acceptCommand(draft: FoldDraft, command: AcceptedCommand): void {
  const { control } = draft.state;
  draft.set({ control: { ...control, lastCommand: command, lineage: explainLate(control, command) } });
}

function explainLate(control: ControlFold, command: AcceptedCommand): readonly Transition[] {
  const newest = control.lineage.at(-1);
  if (newest?.turn !== command.turn) return control.lineage;
  return control.lineage.map((transition) =>
    transition.turn === command.turn && transition.verb === command.verb
      ? { ...transition, ...said(command), ...said(transition) }
      : transition,
  );
}

/** In its own turn a command explains the changes of its verb; after that only the settling of what it began. */
function explanation(
  command: AcceptedCommand | undefined,
  entry: JournalEntry,
  change: Change,
): AcceptedCommand | undefined {
  if (command === undefined || command.verb !== change.verb) return undefined;
  const settles = entry.type === "run.paused" || entry.type === "run.cancelled";
  return settles || command.turn === entry.turn ? command : undefined;
}

function said(from: { actor?: string | undefined; reason?: string | undefined; boundary?: string | undefined }): {
  actor?: string;
  reason?: string;
  boundary?: string;
} {
  return {
    ...(from.actor === undefined ? {} : { actor: from.actor }),
    ...(from.reason === undefined ? {} : { reason: from.reason }),
    ...(from.boundary === undefined ? {} : { boundary: from.boundary }),
  };
}
