/** Code that goes on after its grace: named until it returns, and never run beside itself. */
import { expect, it } from "vitest";
import { RunWorld, scriptedHandlers } from "../../src/testing/index.ts";

const PIPELINE = `digraph stubborn { start -> work -> exit; work [type=work]; exit [shape=Msquare] }`;

/** Its first call goes on for a minute, whatever it is told. */
function stubbornWorld(): RunWorld {
  const script = { work: { durationMs: 60_000, onAbort: "ignore", outcome: "fail" } } as const;
  return new RunWorld({ pipeline: PIPELINE, ...scriptedHandlers(script, { types: ["work"] }) });
}

it("what goes on after an interrupting pause is listed as abandoned until it returns, and paused waits for it", async () => {
  const world = stubbornWorld();
  await world.do(async () => {
    await world.boot();
    const run = await world.run();
    await world.when(() => world.handlers.inFlight().length === 1);
    await run.pause({ mode: "interrupt" });
    await world.scheduler.clock.sleep(10_000);
    const { status, control } = await run.view();
    expect(status).toBe("pausing");
    expect(control.draining).toEqual([]);
    expect(control.abandoned).toEqual([{ execution: "main/work@1#1.1", stage: "main/work@1" }]);
    await world.when(() => world.status === "paused");
    expect(world.handlers.inFlight()).toEqual([]);
    expect((await run.view()).control.abandoned).toEqual([]);
  });
  expect(await world.problems()).toEqual([]);
});

it("an execution that was abandoned does not run beside its successor when the pause is withdrawn", async () => {
  const world = stubbornWorld();
  await world.do(async () => {
    await world.boot();
    const run = await world.run();
    await world.when(() => world.handlers.inFlight().length === 1);
    await run.pause({ mode: "interrupt" });
    await world.scheduler.clock.sleep(10_000);
    expect((await run.continue()).accepted).toBe(true);
    await world.scheduler.clock.sleep(20_000);
    expect(world.handlers.inFlight().map(({ execution }) => execution)).toEqual(["main/work@1#1.1"]);
    await world.when(() => world.isFinished);
  });
  expect(world.handlers.calls.map(({ execution }) => execution)).toEqual(["main/work@1#1.1", "main/work@1#1.2"]);
  expect(await world.problems()).toEqual([]);
});

it("an execution that is abandoned after its pause was withdrawn does not run beside its successor", async () => {
  const world = stubbornWorld();
  await world.do(async () => {
    await world.boot();
    const run = await world.run();
    await world.when(() => world.handlers.inFlight().length === 1);
    await run.pause({ mode: "interrupt" });
    expect((await run.continue()).accepted).toBe(true);
    await world.scheduler.clock.sleep(20_000);
    expect((await run.view()).control.abandoned).toEqual([{ execution: "main/work@1#1.1", stage: "main/work@1" }]);
    expect(world.handlers.calls.length).toBe(1);
    await world.when(() => world.isFinished);
  });
  expect(world.handlers.calls.map(({ execution }) => execution)).toEqual(["main/work@1#1.1", "main/work@1#1.2"]);
  expect(await world.problems()).toEqual([]);
});

it("a crash while abandoned code goes on leaves nothing to wait for: its stage goes on in the next process", async () => {
  const world = stubbornWorld();
  await world.do(async () => {
    await world.boot();
    await world.when(() => world.handlers.inFlight().length === 1);
    await (await world.run()).pause({ mode: "interrupt" });
    await world.scheduler.clock.sleep(10_000);
    await (await world.run()).continue();
    world.kill();
    await world.boot();
    await world.when(() => world.handlers.calls.length === 2);
    expect((await (await world.run()).view()).control.abandoned).toEqual([]);
    await world.when(() => world.isFinished);
  });
  expect(await world.problems()).toEqual([]);
});
