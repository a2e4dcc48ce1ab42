import type { Command } from "commander";
import { lineageOf } from "../../runtime/queries/lineage.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { describeLineage } from "../text/lineage.ts";

export function define(command: Command, act: Act): void {
  command.argument("<run>", "id of a run").action(act(lineage));
}

async function lineage(cli: Cli, runId: string): Promise<number> {
  const found = await withStore(cli, {}, (store) => lineageOf(store, runId));
  await cli.result(found, () => describeLineage(found));
  return 0;
}
