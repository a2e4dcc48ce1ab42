import { readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { isSafepointError, messageOf, SafepointError } from "../errors.ts";
import type { Graph } from "../graph/index.ts";
import { parsePipeline } from "../graph/parser.ts";
import type { Cli } from "./cli.ts";

/**
 * The pipelines of a directory, by their files' names without `.dot`.
 * *Throws* `file_not_found`; `pipeline_invalid` for a text that is none, naming its file.
 */
export async function readDefinitions(cli: Cli, dir: string): Promise<Readonly<Record<string, Graph>>> {
  const root = resolve(cli.io.cwd, dir);
  const files = await readdir(root).catch((cause: unknown) => {
    throw new SafepointError("file_not_found", `--pipelines: cannot read ${dir}: ${messageOf(cause)}`, { cause });
  });
  const names = files.filter((file) => file.endsWith(".dot")).sort();
  const read = names.map(async (file) => [basename(file, ".dot"), await readDefinition(join(root, file))] as const);
  return Object.fromEntries(await Promise.all(read));
}

async function readDefinition(file: string): Promise<Graph> {
  const text = await readFile(file, "utf8");
  try {
    return parsePipeline(text, { file });
  } catch (failure) {
    if (!isSafepointError(failure)) throw failure;
    const { code, message, details } = failure;
    throw new SafepointError(code, `${file}: ${message}`, { details: { file, ...details }, cause: failure });
  }
}
