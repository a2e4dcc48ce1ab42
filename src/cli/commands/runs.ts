import type { Command } from "commander";
import { LIST_ITEMS_MAX } from "../../limits.ts";
import { isDriven } from "../../runtime/queries/is-driven.ts";
import type { RunSummary } from "../../runtime/queries/runs.ts";
import { listRuns, RUNS_PAGE_DEFAULT, summariseRun } from "../../runtime/queries/runs.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { badValue, collect, readCount, readPairs, readStatuses } from "../option-values.ts";
import { formatTable } from "../text/table.ts";

interface Options {
  readonly status?: readonly string[];
  readonly label?: readonly string[];
  readonly limit: string;
  readonly cursor?: string;
}

export function define(command: Command, act: Act): void {
  command
    .option("--status <status>", "only runs with this status (repeatable)", collect)
    .option("--label <key=value>", "only runs with this label (repeatable)", collect)
    .option("--limit <n>", `at most so many, up to ${LIST_ITEMS_MAX}`, String(RUNS_PAGE_DEFAULT))
    .option("--cursor <cursor>", "go on where the last page ended")
    .action(act(runs));
}

async function runs(cli: Cli, options: Options): Promise<number> {
  const limit = readCount("--limit", options.limit, 1);
  if (limit > LIST_ITEMS_MAX) throw badValue("--limit", `at most ${LIST_ITEMS_MAX}`, options.limit);
  const query = {
    status: readStatuses("--status", options.status),
    labels: readPairs("--label", options.label),
    limit,
    cursor: options.cursor,
  };
  const page = await withStore(cli, {}, (store) => listRuns(store, query));
  const summaries = page.runs.map((row) => {
    const summary = summariseRun(row);
    return isDriven(row, cli.io.now()) ? summary : { ...summary, owner: null };
  });
  const document = page.cursor === undefined ? { runs: summaries } : { runs: summaries, cursor: page.cursor };
  await cli.result(document, () => table(summaries));
  if (!cli.globals.json && page.cursor !== undefined) await cli.note(`more: --cursor ${page.cursor}`);
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
