import { describe, expect, it } from "vitest";
import { INLINE_VALUE_BYTES_MAX } from "../../src/limits.ts";
import type { Run, Runtime } from "../../src/runtime/api.ts";
import { AGAIN, createWorld, LINE, type World } from "./control-world.ts";

const GATED = `digraph gated {
  start [shape=Mdiamond]
  a [prompt="a"]
  ask [shape=hexagon, label="Go on?", human.timeout="60s", human.default_choice=Yes]
  b [prompt="b"]
  exit [shape=Msquare]
  start -> a -> ask
  ask -> b [label=Yes]
  ask -> exit [label=No]
  b -> exit
}`;

async function sound(runtime: Runtime, ...runs: readonly Run[]): Promise<void> {
  for (const run of runs) expect(await runtime.verify(run.id)).toMatchObject({ ok: true, problems: [] });
}

async function lineAt(node: "a" | "b", world: World = createWorld()) {
  const runtime = await world.runtime();
  const run = await runtime.start(LINE, { runId: "r", inputs: { pr: 42 }, labels: { team: "x" } });
  const first = await world.call("a");
  if (node === "b") {
    first.end();
    await world.call("b");
  }
  return { world, runtime, run };
}

describe("a fork of a live run", () => {
  it("begins at its newest turn; what was going on is still to do, under the same attempt number", async () => {
    const { world, runtime, run } = await lineAt("b");
    const fork = await runtime.fork(run.id, { runId: "f" });
    await world.rest();
    expect(world.open().map(({ input }) => `${input.runId} ${input.execution}`)).toEqual([
      "r main/b@1#1.1",
      "f main/b@1#1.1",
    ]);
    await sound(runtime, run, fork);
    for (const call of world.open()) call.end();
    expect((await fork.finished()).status).toBe("completed");
    expect((await run.finished()).status).toBe("completed");
    expect(world.calls.filter(({ node }) => node === "a")).toHaveLength(1);
    await sound(runtime, run, fork);
  });

  it("has its inputs, labels and context, and knows where it comes from; its source knows it too", async () => {
    const { world, runtime, run } = await lineAt("b");
    const { seq } = await run.view();
    const fork = await runtime.fork(run.id, { context: { extra: [1], "graph.goal": "other" } });
    await world.rest();
    expect(await fork.context()).toMatchObject({ "inputs.pr": 42, last_stage: "a", extra: [1], "graph.goal": "other" });
    expect(await run.context()).not.toHaveProperty("extra");
    expect(await fork.view()).toMatchObject({
      labels: { team: "x" },
      inputs: { pr: 42 },
      status: "running",
      lineage: { parentRun: "r", parentSeq: seq },
    });
    expect((await run.view()).lineage.children).toEqual([{ runId: fork.id, status: "running" }]);
    expect((await runtime.entries(fork.id)).slice(0, 3).map(({ type }) => type)).toEqual([
      "run.created",
      "run.forked",
      "run.queued",
    ]);
  });

  it("takes no control state along: one of a paused run goes on", async () => {
    const { world, runtime, run } = await lineAt("a");
    await run.pause({ mode: "interrupt" });
    await world.rest();
    expect((await run.view()).status).toBe("paused");
    const fork = await runtime.fork(run.id);
    expect((await world.call("a")).input.runId).toBe(fork.id);
    expect(await fork.view()).toMatchObject({ status: "running", control: { held: [], draining: [] } });
    expect((await run.view()).status).toBe("paused");
    await sound(runtime, run, fork);
  });

  it("of a run that is queued and has not begun begins at the beginning", async () => {
    const world = createWorld();
    const runtime = await world.runtime({ maxConcurrentRuns: 1 });
    const first = await runtime.start(LINE, { runId: "first" });
    const second = await runtime.start(LINE, { runId: "second" });
    const fork = await runtime.fork(second.id, { runId: "third" });
    await sound(runtime, first, second, fork);
    for (const runId of ["first", "second", "third"]) {
      for (const node of ["a", "b"]) (await world.call(node, runId)).end();
    }
    expect((await world.clock.runUntil(fork.finished())).status).toBe("completed");
  });

  it("asks its questions anew, each with all of its time", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(GATED, { runId: "g" });
    (await world.call("a")).end();
    await world.clock.advance(50_000);
    const fork = await runtime.fork(run.id, { runId: "h" });
    await world.rest();
    expect((await runtime.questions()).map(({ runId, gate }) => `${runId} ${gate}`)).toEqual([
      "g main/ask@1",
      "h main/ask@1",
    ]);
    await sound(runtime, run, fork);
    expect(await fork.answer("main/ask@1", "No")).toMatchObject({ accepted: true });
    expect((await fork.finished()).status).toBe("completed");
    expect(await run.questions()).toHaveLength(1);
    await sound(runtime, run, fork);
  });

  it("keeps what is left of a back-off and of a wait", async () => {
    const source = `digraph w {
      start [shape=Mdiamond]
      wait [shape=insulator, duration="10s"]
      b [prompt=b, max_retries=3, retry_policy=linear]
      exit [shape=Msquare]
      start -> wait -> b -> exit
    }`;
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(source, { runId: "w" });
    await world.clock.advance(3_000);
    const fork = await runtime.fork(run.id, { runId: "v" });
    await run.cancel();
    await world.clock.advance(6_999);
    expect(world.calls).toEqual([]);
    await world.clock.advance(1);
    const first = await world.call("b");
    expect(first.input.runId).toBe("v");
    first.end("fail");
    await world.rest();
    const again = await runtime.fork(fork.id, { runId: "u" });
    await fork.cancel();
    await sound(runtime, run, fork, again);
    await world.clock.advance(499);
    expect(world.open()).toEqual([]);
    await world.clock.advance(1);
    expect((await world.call("b")).input).toMatchObject({ runId: "u", attempt: 2 });
  });

  it("refers to large values, and copies none", async () => {
    const world = createWorld();
    const big = "x".repeat(INLINE_VALUE_BYTES_MAX + 1);
    const runtime = await world.runtime({
      handlers: { codergen: async () => ({ status: "success", contextUpdates: { big } }) },
    });
    const run = await runtime.start(LINE.replace("b [prompt", 'b [shape=hexagon, label="?", x'), { runId: "r" });
    await world.rest();
    const fork = await runtime.fork(run.id, { runId: "f" });
    await world.rest();
    expect((await fork.context())["big"]).toBe(big);
    const [row] = await world.store.read("context", { runId: "f", scope: "main", key: "big" });
    expect(row?.value).toMatchObject({ blob: expect.any(String) });
    await sound(runtime, run, fork);
  });
});

describe("a fork at a point", () => {
  it("by seq is rounded down to a turn, and does again what came later", async () => {
    const { world, runtime, run } = await lineAt("b");
    const before = (await runtime.entries(run.id)).find(
      ({ stage, type }) => stage === "main/b@1" && type === "stage.started",
    );
    const fork = await runtime.fork(run.id, { at: (before?.seq ?? 0) - 1 });
    expect((await world.call("a")).input).toMatchObject({ runId: fork.id, execution: "main/a@1#1.1" });
    await sound(runtime, fork);
  });

  it("by the address of a stage does that stage again, and nothing before it", async () => {
    const { world, runtime, run } = await lineAt("b");
    (await world.call("b")).end();
    await run.finished();
    const fork = await runtime.fork(run.id, { at: "main/b@1" });
    (await world.call("b")).end();
    expect((await fork.finished()).status).toBe("completed");
    expect(world.calls.map(({ node }) => node)).toEqual(["a", "b", "b"]);
    await sound(runtime, run, fork);
  });

  it("where nothing is left to do is refused", async () => {
    const { world, runtime, run } = await lineAt("b");
    (await world.call("b")).end();
    const { seq } = await run.finished();
    await expect(runtime.fork(run.id)).rejects.toMatchObject({ code: "run_finished" });
    await expect(runtime.fork(run.id, { at: seq })).rejects.toMatchObject({ code: "run_finished" });
    await expect(runtime.fork(run.id, { at: "main/nowhere@1" })).rejects.toMatchObject({ code: "usage" });
    await expect(runtime.fork(run.id, { at: 0 })).rejects.toMatchObject({ code: "usage" });
    await expect(runtime.fork("nobody")).rejects.toMatchObject({ code: "run_not_found" });
    await expect(runtime.fork(run.id, { at: "main/b@1", runId: run.id })).rejects.toMatchObject({ code: "run_exists" });
    await expect(runtime.fork(run.id, { at: "main/b@1", runId: "no/slash" })).rejects.toMatchObject({ code: "usage" });
  });
});

describe("a fork of a run that has ended", () => {
  it("cancelled: from before the cancel, which the refusal points to", async () => {
    const { world, runtime, run } = await lineAt("b");
    await run.cancel({ reason: "wrong branch" });
    await world.rest();
    expect((await run.finished()).status).toBe("cancelled");
    const refused = await run.continue();
    expect(refused).toMatchObject({ code: "run_cancelled_new_run_required", hint: expect.stringContaining("fork r") });
    const fork = await runtime.fork(run.id);
    (await world.call("b")).end();
    expect(await fork.finished()).toMatchObject({ status: "completed", control: { abandoned: [] } });
    expect((await run.view()).status).toBe("cancelled");
    await sound(runtime, run, fork);
  });

  it("cancelled while paused: goes on as if neither had been said", async () => {
    const { world, runtime, run } = await lineAt("b");
    await run.pause({ mode: "interrupt" });
    await world.rest();
    await run.cancel();
    await run.finished();
    const fork = await runtime.fork(run.id);
    (await world.call("b")).end();
    expect((await fork.finished()).status).toBe("completed");
    await sound(runtime, fork);
  });

  it("cancelled before it began: from the beginning", async () => {
    const world = createWorld();
    const runtime = await world.runtime({ maxConcurrentRuns: 1 });
    await runtime.start(LINE, { runId: "first" });
    const run = await runtime.start(LINE, { runId: "second" });
    await run.cancel();
    expect((await run.view()).status).toBe("cancelled");
    (await world.call("a")).end();
    (await world.call("b")).end();
    await world.rest();
    const fork = await runtime.fork(run.id);
    expect((await world.call("a")).input.runId).toBe(fork.id);
    await sound(runtime, run, fork);
  });

  it("failed: the failing stage has its last attempt once more, and what was before it is not done again", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(LINE.replace('b [prompt="b"]', "b [prompt=b, max_retries=1, retry_policy=linear]"));
    (await world.call("a")).end();
    (await world.call("b")).end("fail");
    await world.clock.advance(500);
    (await world.call("b")).end("fail");
    expect((await run.finished()).failure).toMatchObject({ stage: "main/b@1" });
    const fork = await runtime.fork(run.id);
    const call = await world.call("b");
    expect(call.input).toMatchObject({ runId: fork.id, execution: "main/b@1#2.1" });
    await sound(runtime, run, fork);
    call.end();
    expect((await fork.finished()).status).toBe("completed");
    await sound(runtime, run, fork);
  });
});

it("a fork that nobody drives waits, over a restart, for whoever resumes it", async () => {
  const { world, runtime, run } = await lineAt("b");
  const fork = await runtime.fork(run.id, { runId: "f", drive: false });
  expect(await fork.view()).toMatchObject({ status: "queued", statusReason: "unowned" });
  await world.clock.runUntil(runtime.stop({ graceMs: 0 }));
  const next = await world.runtime();
  await next.resume("f");
  (await world.call("b")).end();
  expect((await fork.finished()).status).toBe("completed");
  await sound(next, fork);
});

it("a fork of a fork, of a run started over, counts on", async () => {
  const world = createWorld();
  const runtime = await world.runtime();
  const run = await runtime.start(AGAIN, { runId: "r" });
  (await world.call("a")).end();
  const second = await world.call("a");
  expect(second.input.runId).toBe("r~r1");
  const fork = await runtime.fork("r~r1", { runId: "f" });
  await world.rest();
  const forked = await world.call("a");
  expect(forked.input.runId).toBe("f");
  forked.end();
  await world.rest();
  expect((await world.call("a", "f~r2")).input.execution).toBe("main/a@1#1.1");
  second.end("done");
  expect((await run.finished()).status).toBe("completed");
  (await world.call("a", "f~r2")).end("done");
  expect((await fork.finished()).status).toBe("completed");
});
