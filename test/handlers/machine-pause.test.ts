import { describe, expect, it } from "vitest";
import { type AnyEventObject, fromCallback, fromPromise, setup } from "xstate";
import { runHandler } from "../../src/actors/handlers/run-handler.ts";
import { fakeExecution } from "./fake-execution.ts";
import { lastSnapshot, start, stored, waitThenWork } from "./machine-fixtures.ts";
import { settle, TestClock } from "./test-clock.ts";

describe("a machine and pauses", () => {
  it("that waits is suspended at once, with its state, and goes on from there", async () => {
    const clock = new TestClock();
    const machine = waitThenWork(async () => "made");
    const first = start(machine, clock);
    await clock.advance(600_000);
    clock.frozen = true;
    first.execution.setPausing(true);
    const end = await first.end;
    expect(end).toMatchObject({ suspended: true });
    expect(end).not.toHaveProperty("thrown");
    expect(stored(first.execution).delays).toMatchObject([{ dueMs: 3_600_000 }]);
    expect(clock.pending).toBe(0);
    await clock.advance(10_000_000);
    clock.frozen = false;
    const second = start(machine, clock, { machineSnapshot: lastSnapshot(first.execution) });
    await clock.advance(2_999_999);
    expect(clock.pending).toBeGreaterThan(0);
    await clock.advance(1);
    expect((await second.end).outcome.status).toBe("success");
  });

  it("that waits is suspended soon where nobody tells it", async () => {
    const clock = new TestClock();
    const fake = fakeExecution({ clock, runTimeMs: clock.runTimeMs });
    const { onPausing: _, ...host } = fake.input.host;
    const end = runHandler({ handler: waitThenWork(async () => "x") }, { ...fake.input, host });
    await clock.advance(1_000);
    fake.control.pausing = true;
    await clock.advance(200);
    expect(await end).toMatchObject({ suspended: true });
    expect(clock.pending).toBe(0);
  });

  it("that works is drained: suspended when the work is done, before anything new", async () => {
    const clock = new TestClock();
    const work = Promise.withResolvers<string>();
    let after = 0;
    const machine = setup({
      actors: { work: fromPromise(() => work.promise), next: fromPromise(async () => void after++) },
    }).createMachine({
      initial: "working",
      states: {
        working: { invoke: { src: "work", onDone: "resting" } },
        resting: { after: { 10: "next" } },
        next: { invoke: { src: "next", onDone: "done" } },
        done: { type: "final" },
      },
    });
    const first = start(machine, clock);
    await clock.advance(1);
    first.execution.setPausing(true);
    await clock.advance(1_000);
    work.resolve("x");
    expect(await first.end).toMatchObject({ suspended: true });
    expect(stored(first.execution).snapshot.value).toBe("resting");
    expect(after).toBe(0);
    const second = start(machine, clock, { machineSnapshot: lastSnapshot(first.execution) });
    await clock.advance(10);
    expect((await second.end).outcome.status).toBe("success");
    expect(after).toBe(1);
  });

  it("holds its delays while the run is being paused, and goes on when the pause is withdrawn", async () => {
    const clock = new TestClock();
    const machine = setup({
      actors: { forever: fromCallback<AnyEventObject>(() => {}) },
    }).createMachine({
      invoke: { src: "forever" },
      initial: "waiting",
      states: { waiting: { after: { 100: "done" } }, done: { type: "final" } },
    });
    const { execution, end } = start(machine, clock);
    await clock.advance(50);
    execution.setPausing(true);
    await clock.advance(10_000);
    expect(stored(execution).snapshot.value).toBe("waiting");
    execution.setPausing(false);
    await clock.advance(100);
    expect((await end).outcome.status).toBe("success");
  });

  it("stops at an interrupt only when its work has stopped, and does that work again", async () => {
    const clock = new TestClock();
    const events: string[] = [];
    const machine = setup({
      actors: {
        work: fromPromise(async ({ signal }) => {
          events.push("begins");
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          await settle();
          events.push("has ended");
        }),
      },
    }).createMachine({ id: "m", invoke: { src: "work", id: "w" } });
    const first = start(machine, clock);
    await clock.advance(0);
    first.execution.abort("pause");
    expect(await first.end).toMatchObject({ suspended: true });
    events.push("suspended");
    expect(events).toEqual(["begins", "has ended", "suspended"]);
    const second = start(machine, clock, { machineSnapshot: lastSnapshot(first.execution) });
    await clock.advance(0);
    expect(events.at(-1)).toBe("begins");
    second.execution.abort("cancel");
    expect((await second.end).thrown?.name).toBe("ExecutionAbort");
    expect(second.execution.snapshots).toEqual([]);
  });

  it("keeps its state at a shutdown, and not at a time-out", async () => {
    const clock = new TestClock();
    const machine = waitThenWork(async () => "x");
    const down = start(machine, clock);
    await clock.advance(1);
    down.execution.abort("shutdown");
    expect(await down.end).toMatchObject({ suspended: true });
    expect(down.execution.snapshots.length).toBe(1);
    const late = start(machine, clock);
    await clock.advance(1);
    late.execution.abort("timeout");
    expect((await late.end).thrown?.failureReason).toMatch(/timeout/);
    expect(late.execution.snapshots).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
