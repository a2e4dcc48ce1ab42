import type { Command } from "commander";
import type { ForkOptions } from "../../runtime/api.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { disposing } from "../disposing.ts";
import { withStore } from "../open-store.ts";
import { collect, readCount, readJsonOrText, readPairs } from "../option-values.ts";

interface Options {
  readonly at?: string;
  readonly runId?: string;
  readonly context?: readonly string[];
  readonly label?: readonly string[];
}

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run, live or ended; it is left as it is")
    .option("--at <point>", "a seq, or the address of a stage to do again (default: as far as the run got)")
    .option("--run-id <id>", "the new run's id (default: a new one)")
    .option("--context <key=value>", "a context value, as JSON or else as text (repeatable)", collect)
    .option("--label <key=value>", "a label, instead of those of the run (repeatable)", collect)
    .action(act(fork));
}

/** Stores the new run and leaves it queued: what drives it (handlers, backend, answers) is said where it is resumed. */
async function fork(cli: Cli, from: string, options: Options): Promise<number> {
  const asked: ForkOptions = {
    drive: false,
    ...(options.at === undefined ? {} : { at: readPoint(options.at) }),
    ...(options.runId === undefined ? {} : { runId: options.runId }),
    ...(options.context === undefined ? {} : { context: readContext(options.context) }),
    ...(options.label === undefined ? {} : { labels: readPairs("--label", options.label) }),
  };
  await withStore(cli, {}, async (store) => {
    const { createRuntime } = await import("../../runtime/create-runtime.ts");
    const { run, status, lineage } = await disposing(
      await createRuntime({ store, cwd: cli.io.cwd }),
      async (runtime) => {
        const forked = await runtime.fork(from, asked);
        return { run: forked, ...(await forked.view()) };
      },
    );
    const result = { runId: run.id, status, from, at: lineage.parentSeq, needs: "resume" };
    await cli.result(
      result,
      () => `forked ${from} at seq ${lineage.parentSeq} as ${run.id}\n\`safepoint resume ${run.id}\` drives it`,
    );
  });
  return 0;
}

/** Addresses of stages have a slash; a seq is a number. */
function readPoint(text: string): number | string {
  return text.includes("/") ? text : readCount("--at", text, 1);
}

function readContext(pairs: readonly string[]): NonNullable<ForkOptions["context"]> {
  return Object.fromEntries(
    Object.entries(readPairs("--context", pairs)).map(([key, text]) => [key, readJsonOrText(text)]),
  );
}
