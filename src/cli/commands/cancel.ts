import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import type { ControlOptions } from "../control/control-options.ts";
import { addControlOptions } from "../control/control-options.ts";
import { giveCommand } from "../control/give-command.ts";

interface Options extends ControlOptions {
  readonly force?: boolean;
}

export function define(command: Command, act: Act): void {
  command
    .argument("[run]", "id of a run, whoever drives it")
    .option("--force", "no grace: what is in flight is killed now");
  addControlOptions(command).action(act(cancel));
}

async function cancel(cli: Cli, runId: string | undefined, options: Options): Promise<number> {
  const force = options.force === undefined ? {} : { force: options.force };
  return giveCommand(cli, {
    runId,
    options,
    give: (run, given) => run.cancel({ ...force, ...given }),
    goal: { settled: (run) => run.settled("cancelled"), isReachedUnowned: true },
  });
}
