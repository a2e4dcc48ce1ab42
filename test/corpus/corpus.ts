/** The pipelines of other systems, beside the checkout where there are some. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";

const CORPUS = resolve(import.meta.dirname, "../../../shared/corpus");
const NOT_DOT = "docs--strongdm--dot-specs--simple_example_integration_smoke_test.dot";

/** `<system>/<file>`, in order; none where there is no corpus. The one that is no DOT is left out. */
export const PIPELINES: readonly string[] = (existsSync(CORPUS) ? globSync("*/*.dot", { cwd: CORPUS }) : [])
  .filter((file) => basename(file) !== NOT_DOT)
  .sort();

export function readPipelineFile(file: string): string {
  return readFileSync(resolve(CORPUS, file), "utf8");
}
