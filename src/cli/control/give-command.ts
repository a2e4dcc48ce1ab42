import { ERROR_CODES, SafepointError } from "../../errors.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { Store } from "../../persistence/store.ts";
import type { CommandOptions, ControlResult, Run, Runtime } from "../../runtime/api.ts";
import { createRuntime } from "../../runtime/create-runtime.ts";
import { listRuns } from "../../runtime/queries/runs.ts";
import type { Cli } from "../cli.ts";
import { EXIT } from "../exit-codes.ts";
import { withStore } from "../open-store.ts";
import { readDuration, readPairs, readStatuses } from "../option-values.ts";
import type { ControlOptions } from "./control-options.ts";

/** Runs that are given a bulk command at the same time. */
const AT_ONCE = 16;

export interface Order {
  readonly runId: string | undefined;
  readonly options: ControlOptions;
  /** Gives one run its command. */
  readonly give: (run: Run, options: CommandOptions) => Promise<ControlResult>;
  /** With --wait: what to wait for once the command was accepted; answers with the exit code. */
  readonly settle: (run: Run) => Promise<number>;
}

/** Gives a command to one run, or to each that --all, --label or --status name; prints what it came to. */
export async function giveCommand(cli: Cli, order: Order): Promise<number> {
  const { options, runId } = order;
  if ((runId === undefined) !== isBulk(options)) {
    throw new SafepointError("usage", "expected a run's id, or --all, --label or --status instead of one");
  }
  return withStore(cli, {}, async (store) => {
    await using runtime = await createRuntime({ store, cwd: cli.io.cwd });
    if (runId !== undefined) return giveOne(cli, await runtime.get(runId), order);
    return giveMany(cli, runtime, order);
  });
}

async function giveOne(cli: Cli, run: Run, order: Order): Promise<number> {
  const result = await order.give(run, commandOptions(order.options));
  await cli.result(result, () => describeControl(result));
  return result.accepted === true && order.options.wait ? order.settle(run) : exitCodeOf(result);
}

async function giveMany(cli: Cli, runtime: Runtime, order: Order): Promise<number> {
  const ids = await selectRuns(runtime.store, order.options);
  let code: number = EXIT.done;
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const exits = await Promise.all(
      ids.slice(from, from + AT_ONCE).map((id) => giveOneOfMany(cli, id, { runtime, order })),
    );
    code = Math.max(code, ...exits);
  }
  return code;
}

async function giveOneOfMany(cli: Cli, runId: string, by: { runtime: Runtime; order: Order }): Promise<number> {
  const { options, give, settle } = by.order;
  if (options.dryRun) {
    await (cli.globals.json ? cli.jsonLine({ runId, dryRun: true }) : cli.io.stdout.write(`${runId}\n`));
    return EXIT.done;
  }
  const run = await by.runtime.get(runId);
  const result = await give(run, commandOptions(options));
  await (cli.globals.json ? cli.jsonLine(result) : cli.io.stdout.write(`${runId}: ${describeControl(result)}\n`));
  return result.accepted === true && options.wait ? settle(run) : exitCodeOf(result);
}

function isBulk(options: ControlOptions): boolean {
  return options.all === true || options.label !== undefined || options.status !== undefined;
}

/** Live runs only: the others would refuse each command. Ids are collected first, because commands change the list. */
async function selectRuns(store: Store, options: ControlOptions): Promise<readonly string[]> {
  const query = { status: readStatuses("--status", options.status), labels: readPairs("--label", options.label) };
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listRuns(store, { ...query, cursor });
    for (const run of page.runs) if (!isFinalStatus(run.status)) ids.push(run.runId);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

/** One command id does for many runs: it is unique for each run, not for the store. */
function commandOptions(options: ControlOptions): CommandOptions {
  return {
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.commandId === undefined ? {} : { commandId: options.commandId }),
    ...(options.timeout === undefined ? {} : { timeoutMs: readDuration("--timeout", options.timeout) }),
  };
}

export function exitCodeOf(result: ControlResult): number {
  if (result.accepted === true) return EXIT.done;
  // Not taken yet: it stays in force, and asking again with the same id tells what it came to.
  if (result.accepted === null) return EXIT.tryAgain;
  return result.code === undefined ? EXIT.refused : ERROR_CODES[result.code].exit;
}

/** `pause accepted: running → pausing, 1 draining`. */
export function describeControl(result: ControlResult): string {
  const { verb, before, after } = result;
  if (result.accepted === null) return `${verb} stored as ${result.commandId}; whoever drives the run will take it`;
  const moved = result.changed && before !== undefined && before !== after ? `${before} → ${after}` : (after ?? "");
  if (result.accepted === false)
    return `${verb} refused: ${result.code ?? ""}${result.hint ? ` (${result.hint})` : ""}`;
  const counts = [
    ...(result.draining.length > 0 ? [`${result.draining.length} draining`] : []),
    ...(result.held.length > 0 ? [`${result.held.length} held`] : []),
  ];
  const words = [result.changed ? moved : `no change, ${after}`, ...counts].filter((word) => word !== "");
  return `${verb} accepted${words.length > 0 ? `: ${words.join(", ")}` : ""}`;
}
