/** Whether a command's id was used for another command. */
import { SafepointError } from "../errors.ts";
import type { CommandRow } from "./store.ts";

/** Throws `command_id_reused`. `body` texts are compared as the store keeps them, after their keys were put in order. */
export function assertSameCommand(stored: CommandRow, command: CommandRow): void {
  if (stored.verb === command.verb && canonical(stored.body) === canonical(command.body)) return;
  throw new SafepointError(
    "command_id_reused",
    `command id ${command.commandId} was used for "${stored.verb}" before; a new command needs a new id`,
    { details: { runId: command.runId, commandId: command.commandId, verb: stored.verb } },
  );
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
