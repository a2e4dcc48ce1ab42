import type { Command } from "commander";
import { checkpointOf } from "../../runtime/queries/checkpoint.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";

export function define(command: Command, act: Act): void {
  command.argument("<run>", "id of a run").action(act(checkpoint));
}

async function checkpoint(cli: Cli, runId: string): Promise<number> {
  await cli.result(await withStore(cli, {}, (store) => checkpointOf(store, runId)));
  return 0;
}
