import type { Command } from "commander";
import type { JsonValue } from "../../graph/index.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import type { ControlOptions } from "../control/control-options.ts";
import { addCommandOptions } from "../control/control-options.ts";
import { giveCommand } from "../control/give-command.ts";
import { readJsonOrText } from "../option-values.ts";
import { readText, withoutLineEnd } from "../read-text.ts";

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run, whoever drives it")
    .argument("<gate>", "id of its question")
    .argument("<answer>", "key, label or target of a choice (several: with commas), or text; - is stdin");
  addCommandOptions(command).action(act(giveAnswer));
}

async function giveAnswer(
  cli: Cli,
  runId: string,
  ...rest: [gate: string, text: string, options: ControlOptions]
): Promise<number> {
  const [gate, text, options] = rest;
  const answer = text === "-" ? withoutLineEnd(await readText(cli.io, "-")) : readAnswer(text);
  return giveCommand(cli, {
    runId,
    options,
    give: (run, given) => run.answer(gate, answer, given),
  });
}

/** Text stays text, also where it looks like a number: only a list is read as JSON. */
function readAnswer(text: string): JsonValue {
  const value = text.trimStart().startsWith("[") ? readJsonOrText(text) : text;
  return Array.isArray(value) ? value : text;
}
