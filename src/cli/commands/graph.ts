import type { Command } from "commander";
import { SafepointError } from "../../errors.ts";
import type { Graph } from "../../graph/index.ts";
import { parsePipeline } from "../../graph/parser.ts";
import { drawPipeline, PIPELINE_FORMATS } from "../../inspect/draw-pipeline.ts";
import type { Overlay } from "../../runtime/queries/draw/node-states.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { withStore } from "../open-store.ts";
import { readWord } from "../option-values.ts";
import { readText } from "../read-text.ts";

const HINT = "--format dot, mermaid and json have no such limit";

interface Options {
  readonly format: string;
  readonly run?: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("[file]", "a pipeline; - is stdin; may be left out with --run")
    .option("--format <format>", PIPELINE_FORMATS.join(", "), "svg")
    .option("--run <id>", "mark nodes and edges with the state of this run")
    .action(act(graph));
}

async function graph(cli: Cli, file: string | undefined, options: Options): Promise<number> {
  const format = readWord("--format", options.format, PIPELINE_FORMATS);
  const drawn = file === undefined ? undefined : parsePipeline(await readText(cli.io, file), { file });
  const { run } = options;
  if (run === undefined) {
    if (!drawn) throw new SafepointError("usage", "expected a pipeline's file, or --run with a run's id");
    return print(cli, await drawPipeline(drawn, { format, hint: HINT }));
  }
  const { pinned, overlay } = await readRun(cli, run);
  if (drawn && layoutOf(drawn) !== layoutOf(pinned)) {
    await cli.note(`note: ${file} has other nodes or edges than the pipeline that run ${run} is pinned to`);
  }
  return print(cli, await drawPipeline(drawn ?? pinned, { format, overlay, hint: HINT }));
}

async function readRun(cli: Cli, runId: string): Promise<{ pinned: Graph; overlay: Overlay }> {
  const { graphOf } = await import("../../runtime/queries/graph.ts");
  const { overlayOf } = await import("../../runtime/queries/draw/node-states.ts");
  return withStore(cli, {}, async (store) => ({
    pinned: await graphOf(store, runId),
    overlay: await overlayOf(store, runId),
  }));
}

async function print(cli: Cli, text: string): Promise<number> {
  await cli.io.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
  return 0;
}

/** What the overlay goes by. The pinned text itself may differ from the file: prompts from files are written into it. */
function layoutOf(pipeline: Graph): string {
  return JSON.stringify([pipeline.nodes.map((node) => node.id), pipeline.edges.map((edge) => [edge.from, edge.to])]);
}
