import type { Command } from "commander";
import type { Diagnostic, Severity } from "../../graph/index.ts";
import type { CheckedPipeline } from "../check-pipeline.ts";
import { checkPipeline, hasErrors, renderProblems } from "../check-pipeline.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { EXIT } from "../exit-codes.ts";
import { loadHandlers } from "../load-handlers.ts";

interface Options {
  readonly handlers?: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("<file...>", "pipelines; - is stdin")
    .option("--handlers <module>", "module with the handlers of your own node types")
    .action(act(validate));
}

/** With --json always an array, also for one file: a script need not ask how many there were. */
async function validate(cli: Cli, files: readonly string[], options: Options): Promise<number> {
  const types = Object.keys(await loadHandlers(cli, options.handlers));
  const checked: CheckedPipeline[] = [];
  for (const file of files) checked.push(await checkPipeline(cli, file, types));
  const documents = checked.map(({ file, diagnostics }) => ({ file, ok: !hasErrors(diagnostics), diagnostics }));
  await cli.result(documents, () => checked.map(describe).join("\n"));
  return documents.every((document) => document.ok) ? EXIT.done : EXIT.invalid;
}

function describe(pipeline: CheckedPipeline): string {
  const problems = renderProblems(pipeline, ["error", "warning", "info"]);
  return [...problems, `${pipeline.file}: ${countWords(pipeline.diagnostics)}`].join("\n");
}

/** `ok`, or `1 error, 2 warnings`. */
function countWords(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Severity, word: string) => {
    const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return found === 0 ? [] : [`${found} ${word}${found === 1 || severity === "info" ? "" : "s"}`];
  };
  const words = [...count("error", "error"), ...count("warning", "warning"), ...count("info", "info")];
  if (hasErrors(diagnostics)) return words.join(", ");
  return words.length === 0 ? "ok" : `ok (${words.join(", ")})`;
}
