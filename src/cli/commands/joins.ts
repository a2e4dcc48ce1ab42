import type { Command } from "commander";
import { LIST_ITEMS_MAX } from "../../limits.ts";
import { joinsOf } from "../../runtime/queries/regions/joins.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import type { PageOptions } from "../page-options.ts";
import { addPageOptions, noteMore, readPage } from "../page-options.ts";
import { noteRounding, readAt } from "../point-in-time.ts";
import { joinTable } from "../text/joins.ts";

interface Options extends PageOptions {
  readonly at?: string;
}

export function define(command: Command, act: Act): void {
  command.argument("<run>", "id of a run").option("--at <seq>", "as it was then, rounded down to a complete turn");
  addPageOptions(command, LIST_ITEMS_MAX).action(act(joins));
}

async function joins(cli: Cli, runId: string, options: Options): Promise<number> {
  const at = readAt(options.at);
  const page = await withStore(cli, {}, async (store) => {
    await noteRounding(cli, store, { runId, at });
    return joinsOf(store, runId, { ...readPage(options), at });
  });
  await cli.result(page, () => (page.joins.length === 0 ? "no joins" : joinTable(page.joins)));
  await noteMore(cli, page.cursor, `${page.joins.length} of ${page.joinsTotal} joins`);
  return 0;
}
