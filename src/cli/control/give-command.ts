import { isSafepointError, SafepointError } from "../../errors.ts";
import type { Store } from "../../persistence/store.ts";
import type { CommandOptions, ControlResult, Run, Runtime } from "../../runtime/api.ts";
import { createRuntime } from "../../runtime/create-runtime.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import type { Cli } from "../cli.ts";
import { disposing } from "../disposing.ts";
import { EXIT } from "../exit-codes.ts";
import { withStore } from "../open-store.ts";
import { readDuration } from "../option-values.ts";
import { awaitGoal, orInterrupted } from "./await-goal.ts";
import type { ControlOptions } from "./control-options.ts";
import { exitCodeOf, explainControl, explainSettled } from "./describe-control.ts";
import { giveMany, isBulk, sayWhich } from "./give-many.ts";
import type { Goal, Order } from "./order.ts";
import { isOutOfReach, settledResult } from "./order.ts";

/** Gives a command to one run, or to each that --all, --label or --status name; prints what it came to. */
export async function giveCommand(cli: Cli, order: Order): Promise<number> {
  const { options, runId } = order;
  if ((runId === undefined) !== isBulk(options)) {
    throw new SafepointError("usage", "expected a run's id, or --all, --label or --status instead of one");
  }
  const given = commandOptions(options);
  return withStore(cli, {}, async (store) =>
    disposing(await createRuntime({ store, cwd: cli.io.cwd }), (runtime) =>
      give(cli, { store, runtime, order, given }),
    ),
  );
}

interface Giving {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly order: Order;
  readonly given: ReturnType<typeof commandOptions>;
}

async function give(cli: Cli, { store, runtime, order, given }: Giving): Promise<number> {
  const { options, runId } = order;
  if (runId === undefined) return giveMany(cli, { runtime, order, given });
  if (options.dryRun) return sayWhich(cli, await findRun(store, runId));
  const run = await runtime.get(runId);
  const result = await order.give(run, given);
  const goal = options.wait ? order.goal : undefined;
  if (result.accepted === true && goal) return waitForOne(cli, { store, order, goal, run, result });
  await cli.result(result, () => explainControl(cli, result));
  return exitCodeOf(result);
}

interface Waiting {
  readonly store: Store;
  readonly order: Order;
  readonly goal: Goal;
  readonly run: Run;
  readonly result: ControlResult;
}

/** With --json there is one document, printed when it has become true; a person is told of the answer at once. */
async function waitForOne(cli: Cli, waiting: Waiting): Promise<number> {
  const { goal, result } = waiting;
  const answer = () => cli.result(result, () => explainControl(cli, result));
  if (isOutOfReach(result)) {
    await answer();
    return EXIT.tryAgain;
  }
  const { json } = cli.globals;
  if (!json) await answer();
  try {
    const view = await orInterrupted(cli, awaitGoal(cli, waiting));
    if (view === undefined) {
      // The command stays in force.
      if (json) await answer();
      return EXIT.interrupted;
    }
    await cli.result(settledResult(result, view), () => goal.describe?.(view) ?? explainSettled(cli, view));
    return goal.exitCode?.(view) ?? EXIT.done;
  } catch (thrown) {
    // It was accepted all the same, and who reads stdout must learn it.
    if (json && isSafepointError(thrown)) await answer();
    throw thrown;
  }
}

/** One command id does for many runs: it is unique for each run, not for the store. */
function commandOptions(options: ControlOptions): CommandOptions {
  return {
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.commandId === undefined ? {} : { commandId: options.commandId }),
    ...(options.timeout === undefined ? {} : { timeoutMs: readDuration("--timeout", options.timeout) }),
  };
}
