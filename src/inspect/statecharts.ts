import { branchMachine } from "../machines/branch.machine.ts";
import { runMachine } from "../machines/run.machine.ts";
import { stageMachine } from "../machines/stage.machine.ts";
import type { AnyStateMachine } from "../machines/xstate.ts";

/** The charts that every run, every branch and every stage is an actor of. */
export const statecharts: Readonly<Record<"run" | "branch" | "stage", AnyStateMachine>> = {
  run: runMachine,
  branch: branchMachine,
  stage: stageMachine,
};
