/** The part of a runtime that does something to runs beyond starting and taking them. */
import type { Supervisor } from "../actors/supervisor.ts";
import type { Store } from "../persistence/store.ts";
import type { Run, Runtime } from "./api.ts";
import { controlMany, notGiven, selectRuns } from "./control-many.ts";
import { type ForkDeps, forkRun } from "./fork/fork-run.ts";
import { checkRunId } from "./run-id.ts";

interface Parts {
  readonly store: Store;
  readonly supervisor: Supervisor;
  readonly handle: (runId: string) => Run;
  readonly forking: ForkDeps;
}

export function createOperations({ store, supervisor, handle, forking }: Parts): Pick<Runtime, "fork" | "control"> {
  return {
    async fork(from, { drive = true, ...options } = {}) {
      if (options.runId !== undefined) checkRunId(options.runId);
      const runId = await forkRun(forking, from, options);
      if (drive) await supervisor.take(runId);
      return handle(runId);
    },
    async control(selector, verb, { dryRun, ...options } = {}) {
      const runs = await selectRuns(store, selector);
      if (dryRun) return runs.map((run) => notGiven(run, verb));
      return controlMany(runs, verb, (runId) => handle(runId)[verb](options));
    },
  };
}
