import type { Command } from "commander";
import { contextOf } from "../../runtime/queries/context.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { noteRounding, readAt } from "../point-in-time.ts";

interface Options {
  readonly branch?: string;
  readonly at?: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run")
    .option("--branch <path>", "of this branch", "main")
    .option("--at <seq>", "as it was then, rounded down to a complete turn")
    .action(act(context));
}

async function context(cli: Cli, runId: string, options: Options): Promise<number> {
  const at = readAt(options.at);
  const values = await withStore(cli, {}, async (store) => {
    await noteRounding(cli, store, { runId, at });
    return contextOf(store, runId, { branch: options.branch, at });
  });
  await cli.result(values);
  return 0;
}
