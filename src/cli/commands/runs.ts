import type { Command } from "commander";
import { listedRun } from "../../runtime/queries/is-driven.ts";
import type { RunSummary } from "../../runtime/queries/runs.ts";
import { listRuns, RUNS_PAGE_DEFAULT } from "../../runtime/queries/runs.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { collect, readPairs, readStatuses } from "../option-values.ts";
import type { PageOptions } from "../page-options.ts";
import { addPageOptions, noteMore, readPage } from "../page-options.ts";
import { formatTable } from "../text/table.ts";

interface Options extends PageOptions {
  readonly status?: readonly string[];
  readonly label?: readonly string[];
}

export function define(command: Command, act: Act): void {
  command
    .option("--status <status>", "only runs with this status (repeatable)", collect)
    .option("--label <key=value>", "only runs with this label (repeatable)", collect);
  addPageOptions(command, RUNS_PAGE_DEFAULT).action(act(runs));
}

async function runs(cli: Cli, options: Options): Promise<number> {
  const query = {
    ...readPage(options),
    status: readStatuses("--status", options.status),
    labels: readPairs("--label", options.label),
  };
  const page = await withStore(cli, {}, (store) => listRuns(store, query));
  const summaries = page.runs.map((row) => listedRun(row, cli.io.now()));
  const document = page.cursor === undefined ? { runs: summaries } : { runs: summaries, cursor: page.cursor };
  await cli.result(document, () => table(summaries));
  await noteMore(cli, page.cursor);
  return 0;
}

function table(summaries: readonly RunSummary[]): string {
  if (summaries.length === 0) return "no runs";
  const rows = summaries.map((run) => [
    run.runId,
    run.status,
    run.pipeline.name,
    run.createdAt,
    run.owner ? `${run.owner.host}:${run.owner.pid}` : "-",
    Object.entries(run.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(" "),
  ]);
  return formatTable([["RUN", "STATUS", "PIPELINE", "CREATED", "OWNER", "LABELS"], ...rows]);
}
