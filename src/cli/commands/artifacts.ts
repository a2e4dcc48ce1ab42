import type { Command } from "commander";
import { artifactBytes, artifactsOf } from "../../runtime/queries/artifacts.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { formatTable } from "../text/table.ts";

interface Options {
  readonly get?: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run")
    .option("--get <id>", "print this artifact's bytes as they are")
    .action(act(artifacts));
}

async function artifacts(cli: Cli, runId: string, options: Options): Promise<number> {
  const { get } = options;
  if (get !== undefined) {
    const { bytes } = await withStore(cli, {}, (store) => artifactBytes(store, runId, get));
    await cli.io.stdout.write(bytes);
    return 0;
  }
  const rows = await withStore(cli, {}, (store) => artifactsOf(store, runId));
  await cli.result({ runId, artifacts: rows }, () => {
    if (rows.length === 0) return "no artifacts";
    const lines = rows.map((row) => [
      row.artifact,
      row.stage,
      row.name,
      row.mediaType,
      `${row.bytes}${row.complete ? "" : " (cut)"}`,
    ]);
    return formatTable([["ARTIFACT", "STAGE", "NAME", "TYPE", "BYTES"], ...lines]);
  });
  return 0;
}
