import type { RunView } from "../../journal/run-view.ts";
import type { Store } from "../../persistence/store.ts";
import type { Run } from "../../runtime/api.ts";
import type { Cli } from "../cli.ts";
import type { Goal, Order } from "./order.ts";
import { driverLost, watchDriver } from "./watch-driver.ts";

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
  const unwatch = watchDriver(cli, {
    store,
    runId: () => run.id,
    lost: async () => {
      if (!goal.isReachedUnowned) throw driverLost(cli, run.id);
      await cli.note(`nobody drives ${run.id} any more; settling it here`);
      await order.give(run, { reason: "its driver was lost" });
    },
    failed: lost.reject,
  });
  try {
    return await Promise.race([goal.settled(run, store), lost.promise]);
  } finally {
    unwatch();
  }
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
