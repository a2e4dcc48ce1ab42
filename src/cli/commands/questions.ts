import type { Command } from "commander";
import type { EntryData } from "../../journal/catalogue.ts";
import type { Store } from "../../persistence/store.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import type { Cli } from "../cli.ts";
import { commandLine } from "../command-line.ts";
import type { Act } from "../command-table.ts";
import { nameOption } from "../follow/prompt/name-option.ts";
import { type GateDeadline, readDeadlines } from "../gate-deadlines.ts";
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

type Row = { readonly runId: string; readonly stage: string } & EntryData<"gate.opened"> & Partial<GateDeadline>;

async function openQuestions(
  store: Store,
  { runId, nowMs }: { readonly runId: string | undefined; readonly nowMs: number },
): Promise<readonly Row[]> {
  if (runId !== undefined) await findRun(store, runId);
  const gates = await store.read("gates", { open: true, ...(runId === undefined ? {} : { runId }) });
  // A question's deadline is on its run's clock, which nobody outside can read.
  const clocks = new Map<string, ReturnType<typeof readDeadlines>>();
  return Promise.all(
    gates.map(async ({ runId: run, stage, question }) => {
      const asked = question as EntryData<"gate.opened">;
      if (asked.deadlineMs === undefined) return { runId: run, stage, ...asked };
      if (!clocks.has(run)) clocks.set(run, readDeadlines(store, run, nowMs));
      const told = await clocks.get(run);
      return { runId: run, stage, ...asked, ...told?.(asked.deadlineMs) };
    }),
  );
}

function optionsOf({ kind, options }: Row): string {
  return options.length === 0 ? kind : options.map(nameOption).join(", ");
}

function leftOf({ deadline, deadlineLeftMs, defaultChoice }: Row): string {
  if (deadlineLeftMs === undefined) return "";
  const stands = deadline === undefined ? ", stands still" : "";
  return `${formatSpan(deadlineLeftMs)}${stands}${defaultChoice === undefined ? "" : `, then ${defaultChoice}`}`;
}
