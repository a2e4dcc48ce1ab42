import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { noteRounding, readAt } from "../point-in-time.ts";
import { printView } from "../print-view.ts";

interface Options {
  readonly at?: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run")
    .option("--at <seq>", "as it was then, rounded down to a complete turn")
    .action(act(show));
}

async function show(cli: Cli, runId: string, options: Options): Promise<number> {
  const at = readAt(options.at);
  await withStore(cli, {}, async (store) => {
    await noteRounding(cli, store, { runId, at });
    await printView(cli, store, { runId, at });
  });
  return 0;
}
