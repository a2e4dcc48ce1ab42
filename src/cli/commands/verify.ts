import type { Command } from "commander";
import { SafepointError } from "../../errors.ts";
import type { Store } from "../../persistence/store.ts";
import type { Runtime, VerifyReport } from "../../runtime/api.ts";
import { createRuntime } from "../../runtime/create-runtime.ts";
import { listRuns } from "../../runtime/queries/runs.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { disposing } from "../disposing.ts";
import { EXIT } from "../exit-codes.ts";
import { withStore } from "../open-store.ts";

interface Options {
  readonly all?: boolean;
}

export function define(command: Command, act: Act): void {
  command
    .argument("[run]", "id of a run")
    .option("--all", "every run of the store, and the store itself")
    .action(act(verify));
}

/** Exit 1 when anything is wrong. With --json always `{ ok, store, runs }`; `store` is empty but for --all. */
async function verify(cli: Cli, runId: string | undefined, options: Options): Promise<number> {
  if ((runId === undefined) !== (options.all === true)) {
    throw new SafepointError("usage", "expected a run's id, or --all");
  }
  return withStore(cli, {}, async (store) =>
    disposing(await createRuntime({ store }), (runtime) => verifyIn(cli, { store, runtime, runId })),
  );
}

interface Place {
  readonly store: Store;
  readonly runtime: Runtime;
  /** Absent: all. */
  readonly runId: string | undefined;
}

async function verifyIn(cli: Cli, { store, runtime, runId }: Place): Promise<number> {
  const inStore = runId === undefined ? await store.check() : [];
  const reports: VerifyReport[] = [];
  for await (const id of runId === undefined ? allRuns(store) : [runId]) {
    const report = await runtime.verify(id);
    reports.push(report);
    if (!cli.globals.json) await cli.io.stdout.write(describe(report));
  }
  if (!cli.globals.json) await cli.io.stdout.write(inStore.map((problem) => `store: ${problem}\n`).join(""));
  const ok = inStore.length === 0 && reports.every((report) => report.ok);
  if (cli.globals.json) await cli.result({ ok, store: inStore, runs: reports });
  return ok ? EXIT.done : EXIT.runFailed;
}

async function* allRuns(store: Store): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    const page = await listRuns(store, { cursor });
    yield* page.runs.map((run) => run.runId);
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function describe(report: VerifyReport): string {
  const problems = report.problems.map((problem) => `  ${problem}\n`).join("");
  return `${report.runId}: ${report.ok ? "ok" : "NOT SOUND"} (${report.entries} entries)\n${problems}`;
}
