import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { parsePipeline } from "../../graph/parser.ts";
import type { ActiveState } from "../../inspect/active-states.ts";
import { LIST_ITEMS_MAX } from "../../limits.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { readCount, readPlace, readWord } from "../option-values.ts";
import type { PageOptions } from "../page-options.ts";
import { addPageOptions, readPage } from "../page-options.ts";
import { noteRounding, readAt } from "../point-in-time.ts";
import { readText } from "../read-text.ts";
import { countStates, describeActors, groupActors } from "../text/actors.ts";

const FORMATS = ["statechart-json", "mermaid", "svg"] as const;
const CHARTS = ["run", "branch", "stage"] as const;

interface Options extends PageOptions {
  readonly format?: string;
  readonly chart?: string;
  readonly branch?: string;
  readonly at?: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("<file|run>", "a pipeline's file, or a run's id")
    .option("--format <format>", `${FORMATS.join(", ")} (default: which state each actor of a run is in)`)
    .option("--chart <chart>", `only one of ${CHARTS.join(", ")}`)
    .option("--branch <path>", "only actors of this branch or activation, and of all below it")
    .option("--at <seq>", "of a run: as it was then, rounded down to a complete turn");
  addPageOptions(command, LIST_ITEMS_MAX).action(act(inspect));
}

/**
 * For a file, and with --format, the statecharts; for a run also which state each of its live actors is in. A drawing is
 * one document, of one chart or of all; as JSON one chart is a machine's configuration, and several stand under their names.
 */
async function inspect(cli: Cli, target: string, options: Options): Promise<number> {
  const charts = options.chart === undefined ? CHARTS : [readWord("--chart", options.chart, CHARTS)];
  const isFile = target === "-" || existsSync(resolve(cli.io.cwd, target));
  if (isFile) parsePipeline(await readText(cli.io, target), { file: target });
  const actors = isFile ? undefined : await actorsOf(cli, target, readAt(options.at));
  if (options.format === undefined && actors) return printActors(cli, { runId: target, actors, options });
  const format = readWord("--format", options.format ?? "statechart-json", FORMATS);
  if (format === "statechart-json") await printJson(cli, charts, actors);
  else await printDrawings(cli, charts, format);
  return 0;
}

interface Found {
  readonly runId: string;
  readonly actors: readonly ActiveState[];
  readonly options: Options;
}

/** As a document a page of actors and counts of all; for a person group by group, the first of each and counts of the rest. */
async function printActors(cli: Cli, { runId, actors, options }: Found): Promise<number> {
  const { limit, cursor } = readPage(options);
  const within = options.branch === undefined ? undefined : readPlace("--branch", options.branch);
  const groups = groupActors(actors, within);
  const all = groups.flatMap((group) => group.actors);
  const from = cursor === undefined ? 0 : readCount("--cursor", cursor);
  const document = {
    runId,
    actors: all.slice(from, from + limit),
    actorsTotal: all.length,
    groups: groups.map((group) => ({
      activation: group.activation ?? null,
      actors: group.actors.length,
      states: countStates(group),
    })),
    ...(all.length > from + limit ? { cursor: String(from + limit) } : {}),
  };
  await cli.result(document, () => describeActors(groups));
  return 0;
}

async function actorsOf(cli: Cli, runId: string, at: number | undefined): Promise<readonly ActiveState[]> {
  const { findRun } = await import("../../runtime/queries/find-run.ts");
  const { activeStates } = await import("../../inspect/active-states.ts");
  return withStore(cli, {}, async (store) => {
    await findRun(store, runId);
    await noteRounding(cli, store, { runId, at });
    return activeStates(store, runId, { at });
  });
}

type ChartName = (typeof CHARTS)[number];

async function printJson(cli: Cli, charts: readonly ChartName[], actors: readonly ActiveState[] | undefined) {
  const { statechartJson } = await import("../../inspect/statechart-json.ts");
  const { statecharts } = await import("../../inspect/statecharts.ts");
  const [only] = charts;
  if (charts.length === 1 && only && !actors) return cli.result(statechartJson(statecharts[only]));
  const drawn = Object.fromEntries(charts.map((name) => [name, statechartJson(statecharts[name])]));
  return cli.result(actors ? { charts: drawn, actors } : drawn);
}

async function printDrawings(cli: Cli, charts: readonly ChartName[], format: "mermaid" | "svg") {
  const { statecharts } = await import("../../inspect/statecharts.ts");
  const { statechartMermaid } = await import("../../inspect/statechart-mermaid.ts");
  const { statechartSvg } = await import("../../inspect/statechart-dot.ts");
  const machines = charts.map((name) => statecharts[name]);
  const text = format === "svg" ? await statechartSvg(...machines) : statechartMermaid(...machines);
  await cli.io.stdout.write(`${text.trimEnd()}\n`);
}
