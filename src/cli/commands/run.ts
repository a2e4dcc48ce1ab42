import type { Command } from "commander";
import { SafepointError } from "../../errors.ts";
import type { JsonValue } from "../../graph/index.ts";
import type { StartOptions } from "../../runtime/api.ts";
import type { CheckedPipeline } from "../check-pipeline.ts";
import { checkPipeline, renderProblems, requireSound } from "../check-pipeline.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import type { DriverOptions } from "../driver-options.ts";
import { addDriverOptions, readDriverSetup } from "../driver-options.ts";
import { badValue, collect, readJsonOrText, readPairs } from "../option-values.ts";
import { isRecord, readJsonFile } from "../read-json-file.ts";
import { withRuntime } from "../with-runtime.ts";

interface Options extends DriverOptions {
  readonly runId?: string;
  readonly input?: readonly string[];
  readonly inputs?: string;
  readonly label?: readonly string[];
  readonly detach?: boolean;
}

export function define(command: Command, act: Act): void {
  command
    .argument("<file>", "a pipeline; - is stdin")
    .option("--run-id <id>", "the run's id (default: a new one)")
    .option("--input <key=value>", "an input, as JSON or else as text (repeatable)", collect)
    .option("--inputs <file>", "inputs as a JSON object; --input goes before")
    .option("--label <key=value>", "a label (repeatable)", collect);
  addDriverOptions(command);
  command.option("--detach", "let another process drive the run; print its id once it is stored").action(act(run));
}

async function run(cli: Cli, file: string, options: Options): Promise<number> {
  const setup = await readDriverSetup(cli, options);
  const inputs = await readInputs(cli, options);
  const pipeline = await checkPipeline(cli, file, Object.keys(setup.handlers));
  const graph = requireSound(pipeline);
  await noteWarnings(cli, pipeline);
  const start: StartOptions = {
    inputs,
    labels: readPairs("--label", options.label),
    baseDir: pipeline.baseDir,
    ...(options.runId === undefined ? {} : { runId: options.runId }),
  };
  if (options.detach && options.stately) {
    throw new SafepointError("usage", "--stately shows what this process does; with --detach another one does it", {
      details: { hint: "leave one of them out" },
    });
  }
  if (options.detach) {
    const { detachRun } = await import("../detach-run.ts");
    return detachRun(cli, { file, options, start });
  }
  return withRuntime(cli, { setup, create: true }, async (runtime) => {
    // Loaded before anything starts: from then on signals must be in our hands.
    const { followRun } = await import("../follow/follow-run.ts");
    const started = await runtime.start(graph, start);
    return followRun(cli, { runtime, run: started, setup });
  });
}

async function noteWarnings(cli: Cli, pipeline: CheckedPipeline): Promise<void> {
  const warnings = renderProblems(pipeline, ["warning"]);
  if (warnings.length > 0) await cli.note(warnings.join("\n"));
}

async function readInputs(cli: Cli, options: Options): Promise<Record<string, JsonValue>> {
  const single = Object.entries(readPairs("--input", options.input)).map(
    ([key, text]) => [key, readJsonOrText(text)] as const,
  );
  if (options.inputs === undefined) return Object.fromEntries(single);
  const document = await readJsonFile(cli, "--inputs", options.inputs);
  if (!isRecord(document)) throw badValue("--inputs", "a JSON object", options.inputs);
  return Object.fromEntries([...Object.entries(document as Record<string, JsonValue>), ...single]);
}
