import type { Command } from "commander";
import type { ContinueOptions } from "../../runtime/api.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import type { ControlOptions } from "../control/control-options.ts";
import { addControlOptions } from "../control/control-options.ts";
import { giveCommand } from "../control/give-command.ts";
import { exitCodeOfStatus } from "../exit-codes.ts";
import { collect, readJsonOrText, readPairs } from "../option-values.ts";

interface Options extends ControlOptions {
  readonly message?: string;
  readonly context?: readonly string[];
}

export function define(command: Command, act: Act): void {
  command
    .argument("[run]", "id of a run, whoever drives it")
    .option("--message <text>", "for the stages that start later, as the key continue.message")
    .option("--context <key=value>", "a context value, as JSON or else as text (repeatable)", collect);
  addControlOptions(command).action(act(goOn));
}

async function goOn(cli: Cli, runId: string | undefined, options: Options): Promise<number> {
  const pairs = Object.entries(readPairs("--context", options.context));
  const asked: ContinueOptions = {
    ...(options.message === undefined ? {} : { message: options.message }),
    ...(pairs.length === 0
      ? {}
      : { context: Object.fromEntries(pairs.map(([key, text]) => [key, readJsonOrText(text)])) }),
  };
  return giveCommand(cli, {
    runId,
    options,
    give: (run, given) => run.continue({ ...asked, ...given }),
    goal: {
      settled: (run) => run.finished(),
      isReachedUnowned: false,
      exitCode: ({ status }) => exitCodeOfStatus(status),
    },
  });
}
