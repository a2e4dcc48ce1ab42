import { describe, expect, it } from "vitest";
import { createRuntime } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { failBefore, faultStore } from "../../src/testing/fault-store.ts";
import { codeOf } from "../../src/testing/store-fixtures.ts";
import { EagerClock } from "./eager-clock.ts";
import { entryOf, gate, openRuntime, perNode, pipeline, storyOf, untilAborted } from "./fixtures.ts";

const TWO = pipeline("a [max_retries=2]; start -> a -> b -> exit");

describe("stopping a runtime", () => {
  it("lets what is in flight end in its grace, stores it, and starts nothing more", async () => {
    const store = memoryStore();
    const release = gate();
    const called: string[] = [];
    const steps = perNode({
      a: async () => {
        called.push("a");
        await release.promise;
        return { status: "success", contextUpdates: { a: 1 } };
      },
      b: () => void called.push("b"),
    });
    const runtime = await openRuntime({ store, handlers: { step: steps } });
    const run = await runtime.start(TWO, { runId: "r" });
    await entryOf(run, "stage.started");
    const stopping = runtime.stop();
    release.resolve();
    await stopping;
    const [row] = await store.read("run", { runId: "r" });
    expect([row?.status, row?.owner, row?.leaseUntilMs]).toEqual(["running", undefined, undefined]);
    expect(await storyOf(runtime, "r", ["stage.started", "stage.succeeded", "stage.interrupted"])).toEqual([
      ...["stage.succeeded main/start@1", "stage.started main/a@1#1.1", "stage.succeeded main/a@1#1.1"],
    ]);
    expect((await runtime.verify("r")).problems).toEqual([]);
    const next = await openRuntime({ store, handlers: { step: steps } });
    expect((await (await next.resume("r")).finished()).status).toBe("completed");
    expect(called).toEqual(["a", "b"]);
  });

  it("interrupts what does not: no retry used, the same attempt is executed again on resume", async () => {
    const store = memoryStore();
    const reasons: unknown[] = [];
    const seen: string[] = [];
    const steps = perNode({
      a: async ({ signal, execution, attemptId }) => {
        seen.push(`${execution} ${attemptId}`);
        if (seen.length === 1) await untilAborted(signal).finally(() => reasons.push(signal.reason));
      },
    });
    const first = await openRuntime({ store, handlers: { step: steps } });
    await entryOf(await first.start(TWO, { runId: "r" }), "stage.started");
    await first.stop({ graceMs: 100 });
    expect(reasons).toMatchObject([{ name: "ExecutionAbort", reason: "shutdown", runStatus: "running" }]);
    const [interrupted] = await first.entries("r", { types: ["stage.interrupted"] });
    expect(interrupted?.data).toMatchObject({ cause: "shutdown", inARow: 0 });
    expect((await first.verify("r")).problems).toEqual([]);
    const second = await openRuntime({ store, handlers: { step: steps } });
    expect((await (await second.resume("r")).finished()).status).toBe("completed");
    expect(seen).toEqual(["main/a@1#1.1 r:main/a@1#1", "main/a@1#1.2 r:main/a@1#1"]);
    expect(await second.entries("r", { types: ["stage.retry_scheduled"] })).toEqual([]);
  });

  it("counts a success that came although it was told to stop", async () => {
    const store = memoryStore();
    const steps = perNode({ a: ({ signal }) => untilAborted(signal).catch(() => "done all the same") });
    const first = await openRuntime({ store, handlers: { step: steps } });
    await entryOf(await first.start(TWO, { runId: "r" }), "stage.started");
    await first.stop({ graceMs: 0 });
    expect(await storyOf(first, "r", ["stage.succeeded", "stage.interrupted", "stage.started"])).toEqual([
      ...["stage.succeeded main/start@1", "stage.started main/a@1#1.1", "stage.succeeded main/a@1#1.1"],
    ]);
  });

  it("keeps a back-off: what is left of it goes on at the resume", async () => {
    const store = memoryStore();
    const clock = new EagerClock();
    clock.hold();
    const steps = perNode({ a: ({ attempt }) => ({ status: attempt === 1 ? "retry" : "success" }) });
    const first = await createRuntime({ store, clock, handlers: { step: steps } });
    await entryOf(await first.start(TWO, { runId: "r" }), "stage.retry_scheduled");
    const stopping = first.stop({ graceMs: 0 });
    clock.release();
    await stopping;
    const dueMs = (await store.read("timers", { runId: "r" }))[0]?.dueMs;
    expect(dueMs).toBeGreaterThan(0);
    const second = await openRuntime({ store, clock, handlers: { step: steps } });
    expect((await (await second.resume("r")).finished()).status).toBe("completed");
    const [fired] = await second.entries("r", { types: ["timer.fired"] });
    const [created] = await second.entries("r", { types: ["run.created"] });
    expect((fired?.at ?? 0) - (created?.at ?? 0)).toBeGreaterThanOrEqual(dueMs ?? Number.POSITIVE_INFINITY);
  });

  it("ends also when the store takes nothing any more", async () => {
    let isDown = false;
    const release = gate();
    const store = faultStore(memoryStore(), { faultAt: () => (isDown ? failBefore("store_full") : undefined) });
    const runtime = await openRuntime({ store, handlers: { step: () => release.promise } });
    await entryOf(await runtime.start(TWO, { runId: "r" }), "stage.started");
    isDown = true;
    release.resolve();
    await runtime.stop({ graceMs: 0 });
    isDown = false;
    expect(await storyOf(runtime, "r", ["stage.started"])).toEqual(["stage.started main/a@1#1.1"]);
  });

  it("refuses what comes after, and may be asked twice", async () => {
    const runtime = await openRuntime({ handlers: { step: () => {} } });
    await Promise.all([runtime.stop(), runtime.stop()]);
    expect(await codeOf(runtime.start(TWO))).toBe("runtime_stopped");
    expect(await codeOf(runtime.resume("r"))).toBe("runtime_stopped");
  });
});
