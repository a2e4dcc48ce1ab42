import { describe, expect, it } from "vitest";
import { createRuntime, type Runtime } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { codeOf } from "../../src/testing/store-fixtures.ts";
import { EagerClock } from "./eager-clock.ts";
import { entryOf, gate, openRuntime, perNode, pipeline } from "./fixtures.ts";

const ONE = pipeline("start -> a -> exit");

async function startAll(runtime: Runtime, ids: readonly string[]) {
  const runs = [];
  for (const runId of ids) runs.push(await runtime.start(ONE, { runId }));
  return runs;
}

/** Ids in the order in which their runs got a slot. */
async function startOrder(runtime: Runtime): Promise<string[]> {
  const entries = await runtime.store.read("journal", { types: ["run.started"] });
  return entries.map(({ runId }) => runId);
}

describe("runs that want more room than there is", () => {
  it("are queued and started in the order they came, never more at once than allowed", async () => {
    const ids = ["a", "b", "c", "d", "e", "f", "g"];
    let running = 0;
    let most = 0;
    const runtime = await openRuntime({
      maxConcurrentRuns: 2,
      handlers: {
        async step() {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        },
      },
    });
    const runs = await startAll(runtime, ids);
    await Promise.all(runs.map((run) => run.finished()));
    expect(most).toBe(2);
    expect(await startOrder(runtime)).toEqual(ids);
  });

  it("say that they are queued, can be cancelled there, and let others pass then", async () => {
    const release = gate();
    const runtime = await openRuntime({ maxConcurrentRuns: 1, handlers: { step: () => release.promise } });
    const [first, second, third] = await startAll(runtime, ["first", "second", "third"]);
    expect((await second?.view())?.status).toBe("queued");
    expect(await second?.cancel()).toMatchObject({ accepted: true, before: "queued", after: "cancelled" });
    release.resolve();
    expect((await third?.finished())?.status).toBe("completed");
    expect((await first?.finished())?.status).toBe("completed");
    expect(await startOrder(runtime)).toEqual(["first", "third"]);
  });

  it("get the slot of a run that is paused; a continued one waits for the next", async () => {
    const gates = new Map(["first", "second"].map((runId) => [runId, gate()]));
    const runtime = await openRuntime({
      maxConcurrentRuns: 1,
      handlers: { step: ({ runId }) => gates.get(runId)?.promise },
    });
    const [first, second] = await startAll(runtime, ["first", "second"]);
    if (!first || !second) throw new Error("two runs were started");
    await entryOf(first, "stage.started");
    await first.pause({ mode: "drain" });
    gates.get("first")?.resolve();
    await first.settled("paused");
    await entryOf(second, "run.started");
    expect(await first.continue()).toMatchObject({ accepted: true, after: "queued" });
    gates.get("second")?.resolve();
    expect((await first.finished()).status).toBe("completed");
    expect((await second.finished()).status).toBe("completed");
  });

  it("keep their order over a restart", async () => {
    const store = memoryStore();
    const clock = new EagerClock();
    const ids = ["a", "b", "c", "d"];
    const first = await createRuntime({
      store,
      clock,
      maxConcurrentRuns: 1,
      handlers: { step: () => new Promise(() => {}) },
    });
    await startAll(first, ids);
    await first.stop({ graceMs: 0 });
    const second = await openRuntime({
      store,
      clock,
      maxConcurrentRuns: 1,
      recover: true,
      handlers: { step: () => {} },
    });
    for (const runId of ids) expect((await (await second.get(runId)).finished()).status).toBe("completed");
    expect(await startOrder(second)).toEqual(ids);
  });
});

describe("taking up a run", () => {
  it("is refused where there is nothing to go on with", async () => {
    const release = gate();
    const runtime = await openRuntime({ handlers: { step: () => release.promise } });
    const run = await runtime.start(ONE, { runId: "r" });
    expect(await codeOf(runtime.start(ONE, { runId: "r" }))).toBe("run_exists");
    expect(await codeOf(runtime.resume("nowhere"))).toBe("run_not_found");
    release.resolve();
    await run.finished();
    expect(await codeOf(runtime.resume("r"))).toBe("run_finished");
    const other = await runtime.start(pipeline('w [type=wait, duration="1h"]; start -> w -> exit'), { runId: "c" });
    await other.cancel();
    await other.finished();
    expect(await codeOf(runtime.resume("c"))).toBe("run_cancelled_new_run_required");
  });

  it("is refused while its owner's lease holds, and works once that is over", async () => {
    const store = memoryStore();
    const clock = new EagerClock();
    const first = await createRuntime({ store, clock, handlers: { step: () => new Promise(() => {}) } });
    await first.start(ONE, { runId: "r" });
    await first.stop({ graceMs: 0 });
    const rival = { host: "elsewhere", bootId: "b", pid: 1, processStart: "1" };
    await store.claim({ runId: "r", owner: rival, nowMs: clock.now(), leaseMs: 60_000 });
    const second = await openRuntime({ store, clock, handlers: { step: () => {} } });
    clock.hold();
    const refused = await second.resume("r").catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "run_owned", exitCode: 75, details: { owner: rival } });
    expect((refused as Error).message).toContain("process 1 on elsewhere");
    clock.advance(60_001);
    clock.release();
    expect((await (await second.resume("r")).finished()).status).toBe("completed");
  });

  it("is refused without a handler for each of its types, by name; recovery passes such a run over", async () => {
    const store = memoryStore();
    const first = await createRuntime({
      store,
      clock: new EagerClock(),
      handlers: { step: () => new Promise(() => {}) },
    });
    await first.start(ONE, { runId: "r" });
    await first.stop({ graceMs: 0 });
    const second = await openRuntime({ store, recover: true });
    expect((await second.view("r")).status).toBe("running");
    const refused = await second.resume("r").catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "handler_missing", details: { missing: ["step"] } });
    second.register("step", () => {});
    expect((await (await second.resume("r")).finished()).status).toBe("completed");
  });

  it("leaves a paused run paused, and a paused run does not run in the recovery of another process", async () => {
    const store = memoryStore();
    const clock = new EagerClock();
    const calls: string[] = [];
    const handlers = { step: perNode({ a: () => void calls.push("a"), b: () => void calls.push("b") }) };
    const first = await createRuntime({ store, clock, handlers });
    const run = await first.start(pipeline('w [type=wait, duration="1h"]; start -> a -> w -> b -> exit'), {
      runId: "r",
    });
    await entryOf(run, "timer.set");
    clock.hold();
    await run.pause();
    await run.settled("paused");
    clock.release();
    await first.stop({ graceMs: 0 });
    const second = await openRuntime({ store, clock, handlers, recover: true });
    const taken = await second.resume("r");
    await new Promise<void>((resolve) => clock.setTimer(resolve, 48 * 3_600_000));
    expect((await taken.view()).status).toBe("paused");
    expect(calls).toEqual(["a"]);
    expect(await taken.continue()).toMatchObject({ accepted: true, after: "running" });
    expect((await taken.finished()).status).toBe("completed");
    expect(calls).toEqual(["a", "b"]);
  });
});
