import type { Command } from "commander";
import { collect } from "../option-values.ts";

/** What every command to a run may be given. */
export interface ControlOptions {
  readonly reason?: string;
  readonly commandId?: string;
  readonly timeout?: string;
  readonly wait?: boolean;
  readonly all?: boolean;
  readonly label?: readonly string[];
  readonly status?: readonly string[];
  readonly dryRun?: boolean;
}

export function addCommandOptions(command: Command): Command {
  return command
    .option("--reason <text>", "why; kept in the journal")
    .option("--command-id <id>", "the same id again repeats the result, not the command")
    .option("--timeout <duration>", "how long to wait for whoever drives the run (default: 10s)");
}

export function addControlOptions(command: Command): Command {
  return addCommandOptions(command)
    .option("--wait", "wait until it has come to what was asked for")
    .option("--all", "instead of a run: every live run")
    .option("--label <key=value>", "instead of a run: live runs with this label (repeatable)", collect)
    .option("--status <status>", "instead of a run: runs with this status (repeatable)", collect)
    .option("--dry-run", "only say which");
}
