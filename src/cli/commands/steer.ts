import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { addCommandOptions, type ControlOptions } from "../control/control-options.ts";
import { giveCommand } from "../control/give-command.ts";
import { readText, withoutLineEnd } from "../read-text.ts";

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run, whoever drives it")
    .argument("<message>", "for the stages that start later, as the key steer.message; - is stdin");
  addCommandOptions(command).action(act(steer));
}

async function steer(cli: Cli, runId: string, ...rest: [message: string, options: ControlOptions]): Promise<number> {
  const [text, options] = rest;
  const message = text === "-" ? withoutLineEnd(await readText(cli.io, "-")) : text;
  return giveCommand(cli, { runId, options, give: (run, given) => run.steer(message, given) });
}
