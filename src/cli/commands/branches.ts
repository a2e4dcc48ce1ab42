import type { Command } from "commander";
import { BRANCH_STATUSES } from "../../journal/status.ts";
import { LIST_ITEMS_MAX } from "../../limits.ts";
import { branchesOf } from "../../runtime/queries/regions/branches.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { collect, readPlace, readWords } from "../option-values.ts";
import type { PageOptions } from "../page-options.ts";
import { addPageOptions, noteMore, readPage } from "../page-options.ts";
import { noteRounding, readAt } from "../point-in-time.ts";
import { branchTable } from "../text/branches.ts";

interface Options extends PageOptions {
  readonly status?: readonly string[];
  readonly branch?: string;
  readonly at?: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run")
    .option("--status <status>", "only branches with this status (repeatable)", collect)
    .option("--branch <path>", "only this branch or activation, and all below it")
    .option("--at <seq>", "as it was then, rounded down to a complete turn");
  addPageOptions(command, LIST_ITEMS_MAX).action(act(branches));
}

async function branches(cli: Cli, runId: string, options: Options): Promise<number> {
  const at = readAt(options.at);
  const query = {
    ...readPage(options),
    at,
    status: readWords("--status", options.status, BRANCH_STATUSES),
    ...(options.branch === undefined ? {} : { within: readPlace("--branch", options.branch) }),
  };
  const page = await withStore(cli, {}, async (store) => {
    await noteRounding(cli, store, { runId, at });
    return branchesOf(store, runId, query);
  });
  await cli.result(page, () => (page.branches.length === 0 ? "no branches" : branchTable(page.branches)));
  await noteMore(cli, page.cursor, `${page.branches.length} of ${page.branchesTotal} branches`);
  return 0;
}
