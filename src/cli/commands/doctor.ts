import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import type { Examination } from "../doctor/examine.ts";
import { examine } from "../doctor/examine.ts";
import { EXIT } from "../exit-codes.ts";
import { formatTable } from "../text/table.ts";

interface Options {
  readonly handlers?: string;
}

export function define(command: Command, act: Act): void {
  command.option("--handlers <module>", "module with the handlers of your own node types").action(act(doctor));
}

/** Exit 78 when something stands in the way of running here. */
async function doctor(cli: Cli, options: Options): Promise<number> {
  const found = await examine(cli, options);
  await cli.result(found, () => describe(found));
  return found.ok ? EXIT.done : EXIT.configuration;
}

function describe(found: Examination): string {
  const { node, store, disk, host } = found;
  const rows = [
    ["safepoint", found.safepoint],
    ["node", `${node.version} (${node.ok ? "ok" : `needs ${node.required}`})`],
    ["sqlite", found.sqlite],
    ["store", `${store.location}${store.exists ? "" : " (not there yet)"}`],
    ["schema", store.schemaVersion === undefined ? "-" : `${store.schemaVersion}`],
    [
      "pragmas",
      Object.entries(store.pragmas)
        .map(([name, value]) => `${name}=${value}`)
        .join(" ") || "-",
    ],
    ["fsync", disk ? `median ${disk.medianMs} ms, worst ${disk.worstMs} ms of ${disk.commits}` : "not measured"],
    ["host", `${host.host}, boot ${host.bootId}, pid ${host.pid} started ${host.processStart}`],
    ["agents", found.agents.map(({ name, path }) => `${name}: ${path ?? "not found"}`).join(", ")],
    ...found.unowned.map((run) => [
      "unowned",
      `${run.runId} (${run.status})${run.missingTypes.length > 0 ? `, no handler for ${run.missingTypes.join(", ")}` : ""}`,
    ]),
    ...found.problems.map((problem) => ["PROBLEM", problem]),
  ];
  return formatTable(rows);
}
