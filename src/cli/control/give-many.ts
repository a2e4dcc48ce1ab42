import { isSafepointError } from "../../errors.ts";
import type { RunRow } from "../../persistence/store.ts";
import type { CommandOptions, ControlResult, Run, RunSelector, Runtime } from "../../runtime/api.ts";
import { selectRuns } from "../../runtime/control-many.ts";
import type { Cli } from "../cli.ts";
import { EXIT } from "../exit-codes.ts";
import { readPairs, readStatuses } from "../option-values.ts";
import { awaitGoal, orInterrupted } from "./await-goal.ts";
import type { ControlOptions } from "./control-options.ts";
import { describeControl, exitCodeOf } from "./describe-control.ts";
import type { Order } from "./order.ts";
import { isOutOfReach, settledResult } from "./order.ts";

/** Runs that are given their command at the same time: enough for a driver to take many in one look at its inbox. */
const AT_ONCE = 128;

export function isBulk(options: ControlOptions): boolean {
  return options.all === true || options.label !== undefined || options.status !== undefined;
}

interface Bulk {
  readonly runtime: Runtime;
  readonly order: Order;
  readonly given: CommandOptions;
}

/** A line for each run. All are given their command before any is waited for. The exit code is the highest of all. */
export async function giveMany(cli: Cli, bulk: Bulk): Promise<number> {
  const { runtime, order } = bulk;
  const rows = await selectRuns(runtime.store, readSelector(order.options));
  let code: number = EXIT.done;
  if (order.options.dryRun) {
    for (const row of rows) code = Math.max(code, await sayWhich(cli, row));
    return code;
  }
  const waiting: (() => Promise<number>)[] = [];
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    const given = rows.slice(from, from + AT_ONCE).map(async ({ runId }) => {
      const next = await nameFault(cli, runId, () => giveOneOfMany(cli, runId, bulk));
      if (typeof next === "number") code = Math.max(code, next);
      else waiting.push(() => nameFault(cli, runId, next));
    });
    await Promise.all(given);
  }
  const exits = await orInterrupted(cli, Promise.all(waiting.map((wait) => wait())));
  return exits ? Math.max(code, ...exits) : EXIT.interrupted;
}

function readSelector({ all, label, status }: ControlOptions): RunSelector {
  return {
    ...(all ? { all: true } : {}),
    labels: readPairs("--label", label),
    status: readStatuses("--status", status),
  };
}

/** Only says that the command would go to this run. */
export async function sayWhich(cli: Cli, { runId, status }: RunRow): Promise<number> {
  await line(cli, { runId, status, dryRun: true }, `${runId}  ${status}`);
  return EXIT.done;
}

/** The exit code, or what is left to wait for. */
async function giveOneOfMany(cli: Cli, runId: string, bulk: Bulk): Promise<number | (() => Promise<number>)> {
  const { order, given, runtime } = bulk;
  const run = await runtime.get(runId);
  const result = await order.give(run, given);
  const isWaitedFor = result.accepted === true && order.options.wait && order.goal && !isOutOfReach(result);
  if (isWaitedFor) return () => waitForOneOfMany(cli, bulk, { run, result });
  await line(cli, result, `${runId}: ${describeControl(result)}`);
  return result.accepted === true && order.options.wait && order.goal ? EXIT.tryAgain : exitCodeOf(result);
}

async function waitForOneOfMany(
  cli: Cli,
  { order, runtime }: Bulk,
  { run, result }: { readonly run: Run; readonly result: ControlResult },
): Promise<number> {
  const goal = order.goal as NonNullable<Order["goal"]>;
  const view = await awaitGoal(cli, { store: runtime.store, order, goal, run });
  const settled = settledResult(result, view);
  await line(cli, settled, `${run.id}: ${describeControl(settled)}`);
  return goal.exitCode?.(view) ?? EXIT.done;
}

/** What goes wrong with one run is a line like the others, and keeps the command from none of them. */
async function nameFault<T>(cli: Cli, runId: string, act: () => Promise<T>): Promise<T | number> {
  try {
    return await act();
  } catch (thrown) {
    if (!isSafepointError(thrown)) throw thrown;
    const { code, message, details } = thrown;
    await line(cli, { runId, error: { code, message, details } }, `${runId}: ${code}: ${message}`);
    return thrown.exitCode;
  }
}

async function line(cli: Cli, document: unknown, text: string): Promise<void> {
  await (cli.globals.json ? cli.jsonLine(document) : cli.io.stdout.write(`${text}\n`));
}
