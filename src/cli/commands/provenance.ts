import type { Command } from "commander";
import { type Provenance, provenanceOf } from "../../runtime/queries/regions/provenance.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { readPlace } from "../option-values.ts";
import { noteRounding, readAt } from "../point-in-time.ts";
import { describeProvenance } from "../text/provenance.ts";

interface Options {
  readonly branch?: string;
  readonly at?: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run")
    .argument("<key>", "a key of its context")
    .option("--branch <path>", "as this branch reads it", "main")
    .option("--at <seq>", "as it was then, rounded down to a complete turn")
    .action(act(provenance));
}

async function provenance(cli: Cli, runId: string, ...rest: [key: string, options: Options]): Promise<number> {
  const [key, options] = rest;
  const at = readAt(options.at);
  const branch = options.branch === undefined ? undefined : readPlace("--branch", options.branch);
  const found: Provenance = await withStore(cli, {}, async (store) => {
    await noteRounding(cli, store, { runId, at });
    return provenanceOf(store, runId, { key, branch, at });
  });
  await cli.result(found, () => describeProvenance(found));
  return 0;
}
