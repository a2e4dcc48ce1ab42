import { describe, expect, it } from "vitest";
import { type AnyStateMachine, assign, createMachine, fromCallback, fromPromise, log, sendTo, setup } from "xstate";
import { handlerInputOf } from "../../src/actors/handlers/machine-run.ts";
import { runHandler } from "../../src/actors/handlers/run-handler.ts";
import { MACHINE_SNAPSHOT_INTERVAL_MS } from "../../src/limits.ts";
import { fakeExecution } from "./fake-execution.ts";
import { lastSnapshot, start, stored, waitThenWork } from "./machine-fixtures.ts";
import { TestClock } from "./test-clock.ts";

describe("a machine as a handler", () => {
  it("runs to its final state, whose output is the outcome", async () => {
    const clock = new TestClock();
    const machine = waitThenWork(async () => "made");
    const { end } = start(machine, clock, { graphAttributes: { goal: "Ship" } });
    await clock.advance(3_600_000);
    expect(await end).toEqual({ outcome: { status: "success", contextUpdates: { goal: "Ship", result: "made" } } });
    expect(clock.pending).toBe(0);
  });

  it("gets plain JSON as input, and its actors reach the execution", async () => {
    const seen: unknown[] = [];
    const machine = setup({
      actors: {
        work: fromPromise(async ({ system }) => {
          const input = handlerInputOf(system);
          await input?.artifacts.write("note.md", `by ${input.execution}`);
        }),
      },
      actions: { see: ({ context, system }) => seen.push(context, handlerInputOf(system)?.stage) },
    }).createMachine({
      context: ({ input }) => ({ input }),
      entry: "see",
      initial: "working",
      states: { working: { invoke: { src: "work", onDone: "done" } }, done: { type: "final" } },
    });
    const options = { context: { key: 1 }, inputs: { pr: 2 }, attributes: { prompt: "p" } };
    const { execution, end } = start(machine, new TestClock(), options);
    expect((await end).outcome).toEqual({ status: "success" });
    expect(execution.artifacts.get("note.md")?.text).toBe("by main/work@1#1.1");
    expect(seen).toEqual([
      {
        input: expect.objectContaining({
          stage: "main/work@1",
          inputs: { pr: 2 },
          context: { key: 1 },
          attributes: { prompt: "p" },
        }),
      },
      "main/work@1",
    ]);
    expect(JSON.parse(JSON.stringify(seen[0]))).toEqual(seen[0]);
  });

  it("logs where the execution logs, and not on the console", async () => {
    const machine = createMachine({
      entry: log(() => "entered", "state"),
      initial: "done",
      states: { done: { type: "final" } },
    });
    const { execution, end } = start(machine, new TestClock());
    await end;
    expect(execution.logged).toEqual([{ level: "info", message: "state entered", fields: { stage: "main/work@1" } }]);
  });

  it("fails with what an actor or an action throws", async () => {
    const failing = waitThenWork(async () => {
      throw Object.assign(new Error("never again"), { name: "TerminalError" });
    });
    const clock = new TestClock();
    const { end } = start(failing, clock);
    await clock.advance(3_600_000);
    expect((await end).thrown).toMatchObject({ name: "TerminalError", failureReason: "never again", terminal: true });
    const throwing = createMachine({
      entry: () => {
        throw new Error("in an action");
      },
    });
    expect((await start(throwing, new TestClock()).end).thrown?.failureReason).toBe("in an action");
    const noContext = createMachine({
      context: ({ input }) => ({ n: (input as { missing: { deep: number } }).missing.deep }),
    });
    expect((await start(noContext, new TestClock()).end).thrown?.name).toBe("TypeError");
  });
});

describe("the stored state of a machine", () => {
  it("is written at rest, at most once an interval, and never of an ended machine", async () => {
    const clock = new TestClock();
    const ticking = createMachine({
      initial: "a",
      context: { n: 0 },
      states: {
        a: {
          after: {
            10: {
              target: "a",
              reenter: true,
              guard: ({ context }) => context.n < 50,
              actions: assign({ n: ({ context }) => context.n + 1 }),
            },
            20: "b",
          },
        },
        b: { type: "final" },
      },
    });
    const { execution, end } = start(ticking, clock);
    await clock.advance(1_000);
    expect((await end).outcome.status).toBe("success");
    expect(execution.snapshots.length).toBe(Math.floor(520 / MACHINE_SNAPSHOT_INTERVAL_MS));
    expect(stored(execution).snapshot).toMatchObject({ status: "active", value: "a" });
  });

  it("lets a delay go on where it was, by the run's clock", async () => {
    const clock = new TestClock();
    let works = 0;
    const machine = waitThenWork(async () => `work ${++works}`);
    const first = start(machine, clock);
    await clock.advance(3_000_000);
    // The process dies here: nothing of the first run is used but what it stored.
    const snapshot = lastSnapshot(first.execution);
    expect(JSON.parse(snapshot).delays).toEqual([
      expect.objectContaining({ source: [], target: [], dueMs: 3_600_000 }),
    ]);
    const second = start(machine, clock, { machineSnapshot: snapshot });
    await clock.advance(599_999);
    expect(works).toBe(0);
    first.execution.abort("lease_lost");
    await clock.advance(1);
    expect((await second.end).outcome.contextUpdates).toEqual({ goal: "", result: "work 1" });
  });

  it("fires overdue delays once, in due order, and a left state's delay not at all", async () => {
    const clock = new TestClock();
    const machine = createMachine({
      type: "parallel",
      context: { order: [] as string[] },
      states: {
        late: {
          initial: "w",
          states: { w: { after: { 2000: { target: "d", actions: note("late") } } }, d: { type: "final" } },
        },
        early: {
          initial: "w",
          states: { w: { after: { 1000: { target: "d", actions: note("early") } } }, d: { type: "final" } },
        },
        left: {
          initial: "w",
          states: { w: { after: { 200: "d", 1500: { actions: note("left") } } }, d: { type: "final" } },
        },
      },
      output: ({ context }) => ({ status: "success", contextUpdates: { order: context.order } }),
    });
    const first = start(machine, clock);
    await clock.advance(500);
    const machineSnapshot = lastSnapshot(first.execution);
    first.execution.abort("lease_lost");
    await clock.advance(10_000);
    const { end } = start(machine, clock, { machineSnapshot });
    await clock.advance(0);
    expect((await end).outcome.contextUpdates).toEqual({ order: ["early", "late"] });
  });

  it("runs active invocations again, and keeps delayed events between actors", async () => {
    const clock = new TestClock();
    const calls: string[] = [];
    const child = setup({ types: { events: {} as { type: "WAKE" } } }).createMachine({
      initial: "asleep",
      states: { asleep: { on: { WAKE: "awake" } }, awake: { type: "final" } },
    });
    const machine = setup({
      actors: { child, work: fromPromise(() => endless(calls)) },
    }).createMachine({
      id: "parent",
      invoke: [{ src: "child", id: "kid", onDone: ".done" }, { src: "work" }],
      entry: sendTo("kid", { type: "WAKE" }, { delay: 1_000, id: "wake" }),
      initial: "waiting",
      states: { waiting: {}, done: { type: "final" } },
    });
    const first = start(machine, clock);
    await clock.advance(400);
    expect(stored(first.execution).delays).toMatchObject([{ id: "wake", source: [], target: ["kid"], dueMs: 1_000 }]);
    const second = start(machine, clock, { machineSnapshot: lastSnapshot(first.execution) });
    await clock.advance(599);
    expect(calls).toEqual(["work", "work"]);
    await clock.advance(1);
    expect((await second.end).outcome.status).toBe("success");
  });

  it("belongs to its attempt: a retry begins anew", async () => {
    const clock = new TestClock();
    const machine = waitThenWork(async () => "x");
    const first = start(machine, clock);
    await clock.advance(3_599_000);
    const second = start(machine, clock, { machineSnapshot: lastSnapshot(first.execution), attempt: 2 });
    await clock.advance(3_000_000);
    expect(stored(second.execution)).toMatchObject({ attempt: 2, delays: [{ dueMs: 3_599_000 + 3_600_000 }] });
    second.execution.abort("cancel");
    expect((await second.end).thrown?.name).toBe("ExecutionAbort");
  });

  it("is refused by name when the machine is another", async () => {
    const clock = new TestClock();
    const states = { waiting: { after: { 1000: "done" } }, done: { type: "final" as const } };
    const { execution } = start(createMachine({ id: "m", initial: "waiting", states }), clock);
    await clock.advance(200);
    const machineSnapshot = lastSnapshot(execution);
    const refusal = async (machine: AnyStateMachine) => (await start(machine, clock, { machineSnapshot }).end).thrown;
    expect(await refusal(createMachine({ id: "other", initial: "waiting", states }))).toMatchObject({
      name: "checkpoint_incompatible",
      terminal: true,
      failureReason: expect.stringMatching(/m@- was stored, and the registered machine is other@-/),
    });
    expect(await refusal(createMachine({ id: "m", version: "2", initial: "waiting", states }))).toMatchObject({
      failureReason: expect.stringMatching(/m@2/),
    });
    const renamed = { idle: states.waiting, done: states.done };
    expect(await refusal(createMachine({ id: "m", initial: "idle", states: renamed }))).toMatchObject({
      failureReason: expect.stringMatching(/stored in state "waiting", which "m" has no longer/),
    });
  });

  it("must be plain JSON: what would come back as something else ends the execution, by name", async () => {
    const clock = new TestClock();
    const dated = createMachine({
      id: "dated",
      context: { at: null as unknown },
      entry: assign({ at: () => ({ when: new Date(0) }) }),
    });
    const { end } = start(dated, clock);
    await clock.advance(MACHINE_SNAPSHOT_INTERVAL_MS);
    expect((await end).thrown).toMatchObject({
      name: "handler_invalid",
      failureReason: expect.stringMatching(/snapshot\.context\.at\.when is a Date/),
    });
    const inline = createMachine({
      id: "spawns",
      context: { child: null as unknown },
      entry: assign({
        child: ({ spawn }) =>
          spawn(
            fromCallback(() => {}),
            { id: "kid" },
          ),
      }),
    });
    const second = start(inline, clock);
    await clock.advance(MACHINE_SNAPSHOT_INTERVAL_MS);
    expect((await second.end).thrown?.failureReason).toMatch(/actor "kid" of "spawns" is inline/);
  });

  it("ends the execution when it cannot be written", async () => {
    const clock = new TestClock();
    const machine = waitThenWork(async () => "x");
    const execution = fakeExecution({ clock, runTimeMs: clock.runTimeMs });
    const host = { ...execution.input.host, saveMachineSnapshot: () => Promise.reject(new Error("lease_lost")) };
    const end = runHandler({ handler: machine }, { ...execution.input, host });
    await clock.advance(MACHINE_SNAPSHOT_INTERVAL_MS);
    expect((await end).thrown?.failureReason).toBe("lease_lost");
    expect(clock.pending).toBe(0);
  });
});

function endless(calls: string[]): Promise<void> {
  calls.push("work");
  return new Promise(() => {});
}

function note(word: string) {
  return assign({ order: ({ context }: { context: { order: string[] } }) => [...context.order, word] });
}
