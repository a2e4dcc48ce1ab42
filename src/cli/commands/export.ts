import { resolve } from "node:path";
import type { Command } from "commander";
import { exportRun } from "../../runtime/queries/export-run.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";

interface Options {
  readonly dir: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run")
    .requiredOption("--dir <dir>", "an empty directory, a new one, or an earlier export")
    .action(act(exportCommand));
}

async function exportCommand(cli: Cli, runId: string, options: Options): Promise<number> {
  const dir = resolve(cli.io.cwd, options.dir);
  const report = await withStore(cli, {}, (store) => exportRun(store, runId, dir));
  await cli.result(report, () => `${report.files.length} files in ${report.dir}`);
  return 0;
}
