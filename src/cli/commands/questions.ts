import type { Command } from "commander";
import { type OpenQuestion, openQuestions } from "../../runtime/queries/questions.ts";
import type { Cli } from "../cli.ts";
import { commandLine } from "../command-line.ts";
import type { Act } from "../command-table.ts";
import { nameOption } from "../follow/prompt/name-option.ts";
import { withStore } from "../open-store.ts";
import { formatTable } from "../text/table.ts";
import { formatSpan } from "../text/times.ts";

export function define(command: Command, act: Act): void {
  command.argument("[run]", "id of a run (default: all runs)").action(act(questions));
}

async function questions(cli: Cli, runId: string | undefined): Promise<number> {
  const rows = await withStore(cli, {}, (store) => openQuestions(store, { runId, nowMs: cli.io.now() }));
  await cli.result({ questions: rows }, () => {
    if (rows.length === 0) return "no open questions";
    const lines = rows.map((row) => [row.runId, row.gate, row.text, optionsOf(row), leftOf(row)]);
    return formatTable([["RUN", "GATE", "QUESTION", "ANSWERS", "LEFT"], ...lines]);
  });
  const [first] = rows;
  if (first && !cli.globals.json) {
    await cli.note(`answer with: ${commandLine(cli, ["answer", first.runId, first.gate])} <answer>`);
  }
  return 0;
}

function optionsOf({ kind, options }: OpenQuestion): string {
  return options.length === 0 ? kind : options.map(nameOption).join(", ");
}

function leftOf({ deadline, deadlineLeftMs, defaultChoice }: OpenQuestion): string {
  if (deadlineLeftMs === undefined) return "";
  const stands = deadline === undefined ? ", stands still" : "";
  return `${formatSpan(deadlineLeftMs)}${stands}${defaultChoice === undefined ? "" : `, then ${defaultChoice}`}`;
}
