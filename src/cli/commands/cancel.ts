import type { Command } from "commander";
import { SafepointError } from "../../errors.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import type { ControlOptions } from "../control/control-options.ts";
import { addControlOptions } from "../control/control-options.ts";
import { giveCommand } from "../control/give-command.ts";
import type { Goal } from "../control/order.ts";
import { readDuration, readPlace } from "../option-values.ts";

interface Options extends ControlOptions {
  readonly branch?: string;
  readonly grace?: string;
  readonly force?: boolean;
}

export function define(command: Command, act: Act): void {
  command
    .argument("[run]", "id of a run, whoever drives it")
    .option("--branch <path>", "only this branch, or all branches of this activation")
    .option("--grace <duration>", "how long what is in flight may take to end (default: 5s)")
    .option("--force", "no grace: what is in flight is killed now");
  addControlOptions(command).action(act(cancel));
}

async function cancel(cli: Cli, runId: string | undefined, options: Options): Promise<number> {
  const branch = options.branch === undefined ? undefined : readPlace("--branch", options.branch);
  if (branch !== undefined && runId === undefined) {
    throw new SafepointError("usage", "--branch is of one run: expected a run's id");
  }
  const asked = {
    ...(options.grace === undefined ? {} : { graceMs: readDuration("--grace", options.grace) }),
    ...(options.force === undefined ? {} : { force: options.force }),
    ...(branch === undefined ? {} : { branch }),
  };
  return giveCommand(cli, {
    runId,
    options,
    give: (run, given) => run.cancel({ ...asked, ...given }),
    goal: branch === undefined ? RUN_CANCELLED : branchEnded(branch),
  });
}

const RUN_CANCELLED: Goal = { settled: (run) => run.settled("cancelled"), isReachedUnowned: true };

/** A branch whose executions outlive their driver is settled like a run: by whoever gives the command again. */
function branchEnded(branch: string): Goal {
  return {
    settled: async (run, store) => {
      const { whenBranchEnded } = await import("../../runtime/branch-settled.ts");
      return whenBranchEnded(store, run.id, branch);
    },
    isReachedUnowned: true,
    describe: ({ status }) => `${branch} has ended, run ${status}`,
  };
}
