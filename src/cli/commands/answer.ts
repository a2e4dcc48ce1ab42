import type { Command } from "commander";
import type { JsonValue } from "../../graph/index.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import type { ControlOptions } from "../control/control-options.ts";
import { addCommandOptions } from "../control/control-options.ts";
import { giveCommand } from "../control/give-command.ts";
import { EXIT } from "../exit-codes.ts";
import { readJsonOrText } from "../option-values.ts";

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run, whoever drives it")
    .argument("<gate>", "id of its question")
    .argument("<answer>", "key or label of a choice, or text; several choices as a JSON list");
  addCommandOptions(command).action(act(answer));
}

async function answer(
  cli: Cli,
  runId: string,
  ...rest: [gate: string, text: string, options: ControlOptions]
): Promise<number> {
  const [gate, text, options] = rest;
  return giveCommand(cli, {
    runId,
    options,
    give: (run, given) => run.answer(gate, readAnswer(text), given),
    settle: async () => EXIT.done,
  });
}

/** Text stays text, also where it looks like a number: only a list is read as JSON. */
function readAnswer(text: string): JsonValue {
  const value = text.trimStart().startsWith("[") ? readJsonOrText(text) : text;
  return Array.isArray(value) ? value : text;
}
