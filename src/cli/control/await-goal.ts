import { SafepointError } from "../../errors.ts";
import type { RunView } from "../../journal/run-view.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { Store } from "../../persistence/store.ts";
import type { Run } from "../../runtime/api.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import type { Cli } from "../cli.ts";
import { commandLine } from "../command-line.ts";
import { isDriven } from "./is-driven.ts";
import type { Goal, Order } from "./order.ts";

/** How often it is looked whether the run still has a driver: a process that dies rings no bell. */
const LOOK_MS = 500;

export interface Awaited {
  readonly store: Store;
  readonly run: Run;
  readonly order: Order;
  readonly goal: Goal;
}

/**
 * Waits until a command has had its effect. A run whose driver is killed meanwhile would not get there by itself: a
 * command to a run that nobody drives settles what was in flight, so it is given again.
 *
 * *Throws* `pause_withdrawn`, `run_finished`; `lease_lost` when the run needs a driver and has none.
 */
export async function awaitGoal(cli: Cli, { store, run, order, goal }: Awaited): Promise<RunView> {
  const lost = Promise.withResolvers<never>();
  let isLooking = false;
  let tokenSeen = -1;
  const look = async () => {
    const row = await findRun(store, run.id);
    const isLeft = !isFinalStatus(row.status) && row.status !== "paused" && !isDriven(row, cli.io.now());
    // Between two looks a driver gives the run back in order: only what stays without one is lost.
    if (!isLeft || tokenSeen !== row.token) {
      tokenSeen = isLeft ? row.token : -1;
      return;
    }
    if (!goal.isReachedUnowned) throw driverLost(cli, run.id);
    await cli.note(`nobody drives ${run.id} any more; settling it here`);
    await order.give(run, { reason: "its driver was lost" });
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch(lost.reject)
      .finally(() => (isLooking = false));
  }, LOOK_MS);
  try {
    return await Promise.race([goal.settled(run), lost.promise]);
  } finally {
    clearInterval(timer);
  }
}

function driverLost(cli: Cli, runId: string): SafepointError {
  return new SafepointError("lease_lost", `run "${runId}" has lost its driver and waits for another`, {
    details: { runId, hint: `\`${commandLine(cli, ["resume", runId])}\` takes it and goes on` },
  });
}

/** What is waited for, or undefined when Ctrl-C came first. */
export async function orInterrupted<T>(cli: Cli, waiting: Promise<T>): Promise<T | undefined> {
  const left = Promise.withResolvers<undefined>();
  const giveBack = cli.io.onSignal("SIGINT", () => left.resolve(undefined));
  try {
    return await Promise.race([waiting, left.promise]);
  } finally {
    giveBack();
  }
}
