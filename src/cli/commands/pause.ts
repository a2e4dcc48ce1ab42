import type { Command } from "commander";
import type { PauseOptions } from "../../runtime/api.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import type { ControlOptions } from "../control/control-options.ts";
import { addControlOptions } from "../control/control-options.ts";
import { giveCommand } from "../control/give-command.ts";
import { readDuration, readWord } from "../option-values.ts";

const MODES = ["drain", "interrupt"] as const;

interface Options extends ControlOptions {
  readonly mode: string;
  readonly deadline?: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("[run]", "id of a run, whoever drives it")
    .option("--mode <mode>", "let what is in flight finish (drain), or stop it to run again (interrupt)", "drain")
    .option("--deadline <duration>", "a drain that takes longer becomes an interrupt");
  addControlOptions(command).action(act(pause));
}

async function pause(cli: Cli, runId: string | undefined, options: Options): Promise<number> {
  const asked: PauseOptions = {
    mode: readWord("--mode", options.mode, MODES),
    ...(options.deadline === undefined ? {} : { deadlineMs: readDuration("--deadline", options.deadline) }),
  };
  return giveCommand(cli, {
    runId,
    options,
    give: (run, given) => run.pause({ ...asked, ...given }),
    goal: { settled: (run) => run.settled("paused"), isReachedUnowned: true },
  });
}
