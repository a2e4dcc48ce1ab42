/** Run time: what is due stands still with the run, whoever drives it, and goes on with what was left. */
import { describe, expect, it } from "vitest";
import { RetryableError } from "../../src/errors.ts";
import type { Run } from "../../src/runtime/api.ts";
import { createWorld, LINE, type World } from "./control-world.ts";

const HOUR = 3_600_000;
const RETRIED = LINE.replace('a [prompt="a"]', "a [prompt=a, max_retries=3]");

/** The first attempt fails and says that it wants another one in ten seconds. */
function backingOff(world: World) {
  const starts: number[] = [];
  const codergen = async () => {
    starts.push(world.clock.now());
    if (starts.length === 1) throw new RetryableError("busy", { retryAfterMs: 10_000 });
    return { status: "success" };
  };
  return { starts, handlers: { codergen } };
}

describe("a back-off of ten seconds, paused after three for an hour", () => {
  it("fires seven seconds after the continue", async () => {
    const world = createWorld();
    const { starts, handlers } = backingOff(world);
    const runtime = await world.runtime({ handlers });
    const run = await runtime.start(RETRIED, { runId: "r" });
    await world.clock.advance(3_000);
    expect(await run.pause()).toMatchObject({ after: "paused" });
    await world.clock.advance(HOUR);
    await run.continue();
    await world.clock.advance(6_999);
    expect(starts).toHaveLength(1);
    await world.clock.advance(1);
    expect(starts).toHaveLength(3);
    expect((await run.view()).status).toBe("completed");
  });

  it.each([1, 2, 3])("so too where its process dies %s times in between", async (deaths) => {
    const world = createWorld();
    const { starts, handlers } = backingOff(world);
    let { runtime, die } = await world.mortal({ handlers });
    let run = await runtime.start(RETRIED, { runId: "r" });
    await world.clock.advance(3_000);
    await run.pause();
    for (let death = 0; death < deaths; death += 1) {
      await world.clock.advance(HOUR / 2);
      die();
      await world.clock.advance(HOUR / 2);
      ({ runtime, die } = await world.mortal({ handlers }));
      run = await runtime.resume("r");
      await world.rest();
      expect((await run.view()).status).toBe("paused");
    }
    await run.continue();
    await world.clock.advance(6_999);
    expect(starts).toHaveLength(1);
    await world.clock.advance(1);
    expect(starts).toHaveLength(3);
  });

  it("and continued while nobody drives it, goes on at once in run time: seven seconds later it is due", async () => {
    const world = createWorld();
    const { starts, handlers } = backingOff(world);
    const { runtime, die } = await world.mortal({ handlers });
    await (await runtime.start(RETRIED, { runId: "r" })).view();
    await world.clock.advance(3_000);
    await (await runtime.get("r")).pause();
    die();
    await world.clock.advance(HOUR);
    const other = await world.runtime({ handlers });
    expect(await (await other.get("r")).continue()).toMatchObject({ accepted: true, after: "queued", needs: "resume" });
    await world.clock.advance(5_000);
    await other.resume("r");
    await world.clock.advance(1_999);
    expect(starts).toHaveLength(1);
    await world.clock.advance(1);
    expect(starts).toHaveLength(3);
  });

  it("with many short pauses in between waits ten seconds in all, and no less", async () => {
    const world = createWorld();
    const { starts, handlers } = backingOff(world);
    const runtime = await world.runtime({ handlers });
    const run = await runtime.start(RETRIED, { runId: "r" });
    await world.rest();
    for (let second = 0; second < 9; second += 1) {
      await world.clock.advance(1_000);
      await run.pause();
      await world.clock.advance(60_000);
      await run.continue();
    }
    await world.clock.advance(999);
    expect(starts).toHaveLength(1);
    await world.clock.advance(1);
    expect(starts).toHaveLength(3);
  });
});

it("a wait node keeps what is left of it", async () => {
  const world = createWorld();
  const runtime = await world.runtime();
  const run = await runtime.start(LINE.replace('a [prompt="a"]', 'a [shape=insulator, duration="10s"]'), {
    runId: "r",
  });
  await world.clock.advance(3_000);
  await run.pause();
  expect((await run.view()).waitingOn).toMatchObject([{ kind: "timer", id: "main/a@1:wait" }]);
  await world.clock.advance(HOUR);
  await run.continue();
  await world.clock.advance(6_999);
  expect(world.open()).toEqual([]);
  await world.clock.advance(1);
  expect((await world.call("b")).node).toBe("b");
});

it("time that passes while the run is pausing is no run time either", async () => {
  const source = `digraph p {
    start [shape=Mdiamond]
    ask [shape=hexagon, label="?", human.timeout="60s", human.default_choice=Yes]
    a [prompt=a]
    exit [shape=Msquare]
    start -> a
    a -> ask [condition="outcome=success"]
    a -> exit
    ask -> exit [label=Yes]
  }`;
  const world = createWorld();
  const runtime = await world.runtime();
  const run = await runtime.start(source, { runId: "r" });
  const call = await world.call("a");
  const began = world.clock.now();
  await run.pause();
  await world.clock.advance(HOUR);
  call.end();
  await world.rest();
  expect((await run.view()).status).toBe("paused");
  await run.continue();
  await world.rest();
  const [question] = await run.questions();
  const [created] = await runtime.entries("r");
  expect(question?.question).toMatchObject({ deadlineMs: began - (created?.at ?? 0) + 60_000 });
});

it("an attempt's time-out is wall time: it counts while the run drains", async () => {
  const world = createWorld();
  const runtime = await world.runtime({ abortGraceMs: 0 });
  const run = await runtime.start(LINE.replace('a [prompt="a"]', 'a [prompt=a, timeout="30s"]'), { runId: "r" });
  await world.call("a");
  await run.pause();
  await world.clock.advance(29_999);
  expect((await run.view()).status).toBe("pausing");
  await world.clock.advance(1);
  expect(await run.view()).toMatchObject({ status: "paused", stages: expect.anything() });
  await run.continue();
  await world.rest();
  expect((await run.view()).failure).toMatchObject({ stage: "main/a@1" });
});

describe("a drain with a deadline", () => {
  it("becomes an interrupt when it passes: the same attempt runs again after continue", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(LINE, { runId: "r" });
    await world.call("a");
    await run.pause({ deadlineMs: 30_000 });
    await world.clock.advance(29_999);
    expect((await run.view()).status).toBe("pausing");
    await world.clock.advance(1);
    expect((await run.view()).status).toBe("paused");
    expect(await world.types(run)).toContain("pause.escalated");
    expect((await run.view()).control.atPause).toEqual([{ execution: "main/a@1#1.1", ended: "interrupted" }]);
    await run.continue();
    expect((await world.call("a")).input).toMatchObject({ attempt: 1, execution: "main/a@1#1.2" });
  });

  it("counts over a crash, and is forgotten by a withdrawal", async () => {
    const world = createWorld();
    const { runtime, die } = await world.mortal();
    const run = await runtime.start(LINE, { runId: "r" });
    await world.call("a");
    await run.pause({ deadlineMs: 30_000 });
    await run.continue();
    await world.clock.advance(60_000);
    expect(await world.types(run)).not.toContain("pause.escalated");
    await run.pause({ deadlineMs: 30_000 });
    await world.clock.advance(10_000);
    die();
    const other = await world.runtime();
    const taken = await other.resume("r");
    await world.rest();
    // What was in flight is lost with its process: nothing is left to drain.
    expect((await taken.view()).status).toBe("paused");
  });
});

it("a queued run that is paused and continued loses no time to its place in the queue", async () => {
  const world = createWorld();
  const runtime = await world.runtime({ maxConcurrentRuns: 1 });
  await runtime.start(LINE, { runId: "first" });
  const run: Run = await runtime.start(LINE, { runId: "second" });
  expect(await run.pause()).toMatchObject({ before: "queued", after: "paused" });
  expect(await run.continue()).toMatchObject({ before: "paused", after: "queued" });
  (await world.call("a", "first")).end();
  (await world.call("b", "first")).end();
  expect((await world.call("a", "second")).input.attempt).toBe(1);
});
