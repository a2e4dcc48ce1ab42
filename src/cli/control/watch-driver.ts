import { SafepointError } from "../../errors.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { Store } from "../../persistence/store.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { isDriven } from "../../runtime/queries/is-driven.ts";
import type { Cli } from "../cli.ts";
import { commandLine } from "../command-line.ts";

/** How often it is looked whether the run still has a driver: a process that dies rings no bell. */
const LOOK_MS = 500;

export interface WatchedDriver {
  readonly store: Store;
  /** May change: a run that starts over has another id. */
  readonly runId: () => string;
  /** Nobody drives it at two looks in a row, and no pause explains that. Called at each such look, one at a time. */
  readonly lost: () => void | Promise<void>;
  /** What `lost` rejected with, or the store. */
  readonly failed: (failure: unknown) => void;
}

/** Looks now and then whether a live run has a driver, this process or another. Answers with how to stop. */
export function watchDriver(cli: Cli, { store, runId, lost, failed }: WatchedDriver): () => void {
  let isLooking = false;
  let leftAt: string | undefined;
  const look = async () => {
    const row = await findRun(store, runId());
    const isLeft = !isFinalStatus(row.status) && row.status !== "paused" && !isDriven(row, cli.io.now());
    // Between two looks a driver gives the run back in order: only what stays without one is lost.
    const place = `${row.token} ${row.runId}`;
    if (isLeft && leftAt === place) await lost();
    else leftAt = isLeft ? place : undefined;
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch(failed)
      .finally(() => (isLooking = false));
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** `lease_lost`: the run is live and needs somebody to drive it. `words`: the options it is to be driven with. */
export function driverLost(cli: Cli, runId: string, words: readonly string[] = []): SafepointError {
  return new SafepointError("lease_lost", `run "${runId}" has lost its driver and waits for another`, {
    details: { runId, hint: `\`${commandLine(cli, ["resume", runId, ...words])}\` takes it and goes on` },
  });
}
