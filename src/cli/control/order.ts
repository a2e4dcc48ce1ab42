import type { RunView } from "../../journal/run-view.ts";
import type { Store } from "../../persistence/store.ts";
import type { CommandOptions, ControlResult, Run } from "../../runtime/api.ts";
import type { ControlOptions } from "./control-options.ts";

/** What --wait waits for. */
export interface Goal {
  /** Resolves when the run has come to what was asked for. */
  readonly settled: (run: Run, store: Store) => Promise<RunView>;
  /** Whether a run that lost its driver comes to it when the command is given again. */
  readonly isReachedUnowned: boolean;
  /** Of the command, where the waiting came to an end; default 0. */
  readonly exitCode?: (view: RunView) => number;
  /** What has come true, for people; default: how the run stands. */
  readonly describe?: (view: RunView) => string;
}

export interface Order {
  readonly runId: string | undefined;
  readonly options: ControlOptions;
  /** Gives one run its command. */
  readonly give: (run: Run, options: CommandOptions) => Promise<ControlResult>;
  /** Absent where a command has had its effect once it is accepted. */
  readonly goal?: Goal;
}

/** Whether somebody must resume the run first. That is not waited for: nobody may ever come. */
export function isOutOfReach(result: ControlResult): boolean {
  return result.needs === "resume";
}

/** The answer as it reads once the run has come to what was asked for. */
export function settledResult(result: ControlResult, view: RunView): ControlResult {
  const { draining, held } = view.control;
  return {
    ...result,
    after: view.status,
    draining: draining.map(({ execution }) => execution),
    held: held.map(({ stage, what }) => stage ?? what),
  };
}
