import { type AnyStateMachine, assign, fromPromise, setup } from "xstate";
import type { MachineHandlerInput } from "../../src/actors/handlers/machine-run.ts";
import { createRegistry } from "../../src/actors/handlers/registry.ts";
import { runHandler } from "../../src/actors/handlers/run-handler.ts";
import { type FakeExecution, type FakeOptions, fakeExecution } from "./fake-execution.ts";
import type { TestClock } from "./test-clock.ts";

/** Registers a machine and runs it, on a clock that stands still until told. */
export function start(machine: AnyStateMachine, clock: TestClock, options: FakeOptions = {}) {
  const execution = fakeExecution({ clock, runTimeMs: clock.runTimeMs, ...options });
  const definition = createRegistry({ mine: machine }).resolve("mine");
  if (!definition) throw new Error("not registered");
  return { execution, end: runHandler(definition, execution.input) };
}

export const lastSnapshot = (execution: FakeExecution) => execution.snapshots.at(-1) ?? "";
export const stored = (execution: FakeExecution) => JSON.parse(lastSnapshot(execution));

/** Waits an hour, then calls an actor, then ends. */
export function waitThenWork(work: () => Promise<string>) {
  return setup({
    types: { input: {} as MachineHandlerInput, context: {} as { goal: string; result: string } },
    actors: { work: fromPromise(work) },
  }).createMachine({
    id: "waits",
    context: ({ input }) => ({ goal: input.goal, result: "" }),
    initial: "waiting",
    states: {
      waiting: { after: { 3600000: "working" } },
      working: {
        invoke: {
          src: "work",
          onDone: { target: "done", actions: assign({ result: ({ event }) => event.output }) },
        },
      },
      done: { type: "final" },
    },
    output: ({ context }) => ({ status: "success", contextUpdates: { ...context } }),
  });
}
