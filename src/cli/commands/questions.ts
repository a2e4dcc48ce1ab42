import type { Command } from "commander";
import type { EntryData } from "../../journal/catalogue.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { formatTable } from "../text/table.ts";

export function define(command: Command, act: Act): void {
  command.argument("[run]", "id of a run (default: all runs)").action(act(questions));
}

async function questions(cli: Cli, runId: string | undefined): Promise<number> {
  const gates = await withStore(cli, {}, async (store) => {
    if (runId === undefined) return store.read("gates", { open: true });
    await findRun(store, runId);
    return store.read("gates", { runId, open: true });
  });
  const rows = gates.map(({ runId: run, stage, question }) => {
    return { runId: run, stage, ...(question as EntryData<"gate.opened">) };
  });
  await cli.result({ questions: rows }, () => {
    if (rows.length === 0) return "no open questions";
    const lines = rows.map((row) => [row.runId, row.gate, row.text, optionsOf(row)]);
    return formatTable([["RUN", "GATE", "QUESTION", "ANSWERS"], ...lines]);
  });
  return 0;
}

function optionsOf({ kind, options }: EntryData<"gate.opened">): string {
  return options.length === 0 ? kind : options.map(({ key, label }) => `${key}: ${label}`).join(", ");
}
