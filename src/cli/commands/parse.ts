import type { Command } from "commander";
import { parsePipeline } from "../../graph/parser.ts";
import { pipelineDocument } from "../../runtime/queries/draw/pipeline-document.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { readText } from "../read-text.ts";

export function define(command: Command, act: Act): void {
  command.argument("<file>", "a pipeline; - is stdin").action(act(parse));
}

async function parse(cli: Cli, file: string): Promise<number> {
  const text = await readText(cli.io, file);
  await cli.result(pipelineDocument(parsePipeline(text, { file })));
  return 0;
}
