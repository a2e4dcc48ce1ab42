/** What the library says to callers that types do not hold back, and how its streams end. */
import { lastValueFrom, toArray } from "rxjs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { SafepointError } from "../../src/errors.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Runtime } from "../../src/runtime/api.ts";
import { createRuntime } from "../../src/runtime/create-runtime.ts";
import { tailEntries } from "../../src/runtime/queries/tail-entries.ts";
import { createWorld, LINE } from "./control-world.ts";

const CALLS: Readonly<Record<string, (runtime: Runtime, id: never) => Promise<unknown>>> = {
  get: (runtime, id) => runtime.get(id),
  resume: (runtime, id) => runtime.resume(id),
  fork: (runtime, id) => runtime.fork(id),
  view: (runtime, id) => runtime.view(id),
  stateAt: (runtime, id) => runtime.stateAt(id, 1),
  entries: (runtime, id) => runtime.entries(id),
  pipeline: (runtime, id) => runtime.pipeline(id),
  artifacts: (runtime, id) => runtime.artifacts(id),
  artifact: (runtime, id) => runtime.artifact(id, "a" as never),
  "artifact, its own id": (runtime, id) => runtime.artifact("r", id),
  checkpoint: (runtime, id) => runtime.checkpoint(id),
  lineage: (runtime, id) => runtime.lineage(id),
  verify: (runtime, id) => runtime.verify(id),
  actorRef: async (runtime, id) => runtime.actorRef(id),
};

describe("an id that is no string, or an empty one, is a usage error", () => {
  it.each(Object.keys(CALLS))("for %s", async (name) => {
    const world = createWorld();
    const runtime = await world.runtime();
    await runtime.start(LINE, { runId: "r" });
    for (const id of [undefined, null, 7, {}, ""]) {
      await expect(CALLS[name]?.(runtime, id as never), String(id)).rejects.toMatchObject({
        code: "usage",
        message: expect.stringMatching(/^expected an? (run|artifact) id, a string that is not empty, found /),
      });
    }
  });
});

describe("the streams of all runs", () => {
  it("complete when the runtime stops, with all that the stop has stored", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const streams = [runtime.events$, runtime.events({ after: 2 })].map((each) => lastValueFrom(each.pipe(toArray())));
    await runtime.start(LINE, { runId: "r" });
    await world.call("a");
    await world.clock.runUntil(runtime.stop({ graceMs: 0 }));
    const stored = await world.store.read("journal", { runId: "r" });
    expect(stored.at(-1)?.type).toBe("stage.interrupted");
    const [all, later] = await Promise.all(streams);
    expect(all).toEqual(stored);
    expect(later).toEqual(stored.slice(2));
  });

  it("begin with what is written from now on, when they are asked to be live", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    await runtime.start(LINE, { runId: "r" });
    const before = await world.store.read("journal", { runId: "r" });
    const live = lastValueFrom(runtime.events({ live: true }).pipe(toArray()));
    const from = lastValueFrom(runtime.events({ live: true, after: 1 }).pipe(toArray()));
    await world.call("a");
    await world.clock.runUntil(runtime.stop({ graceMs: 0 }));
    const stored = await world.store.read("journal", { runId: "r" });
    expect(stored.length).toBeGreaterThan(before.length);
    expect(await live).toEqual(stored.slice(before.length));
    // A place that is named counts, as it does over HTTP.
    expect(await from).toEqual(stored.slice(1));
  });

  it("give what is there and complete, for one who subscribes afterwards", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    await runtime.start(LINE, { runId: "r" });
    await world.clock.runUntil(runtime.stop({ graceMs: 0 }));
    const stored = await world.store.read("journal", { runId: "r" });
    expect(await lastValueFrom(runtime.events().pipe(toArray()))).toEqual(stored);
  });

  it("fail with their store while the runtime lives, and complete where it was closed after the stop", async () => {
    const store = memoryStore();
    store.read = () => Promise.reject(new SafepointError("store_corrupt", "gone"));
    const closing = new AbortController();
    const outcome = () =>
      lastValueFrom(tailEntries(store, { closing: closing.signal }).pipe(toArray())).catch(
        (failure: unknown) => failure,
      );
    expect(await outcome()).toMatchObject({ message: "gone" });
    closing.abort();
    expect(await outcome()).toEqual([]);
  });
});

describe("a runtime that recovers", () => {
  it("refuses to begin over a store that it cannot read", async () => {
    const store = memoryStore();
    store.read = () => Promise.reject(new SafepointError("store_corrupt", "gone"));
    await expect(createRuntime({ store, recover: true })).rejects.toMatchObject({ code: "store_corrupt" });
  });

  it("outlives a look that failed, and takes at the next one what nobody drives", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const world = createWorld();
    const first = await world.runtime();
    const warnings: string[] = [];
    const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
    const runtime = await world.runtime({ recover: true, log });
    const read = world.store.read.bind(world.store);
    world.store.read = () => Promise.reject(new SafepointError("store_full", "away"));
    vi.advanceTimersByTime(1_000);
    await world.rest();
    expect(warnings).toEqual(["no look was taken at what nobody drives"]);
    world.store.read = read;
    await first.start(LINE, { runId: "r" });
    await world.call("a");
    await world.clock.runUntil(first.stop({ graceMs: 0 }));
    vi.advanceTimersByTime(1_000);
    expect((await world.call("a")).input.runId).toBe("r");
    expect(await runtime.view("r")).toMatchObject({ status: "running", resumeEpoch: 1 });
    await world.clock.runUntil(runtime.stop({ graceMs: 0 }));
    vi.advanceTimersByTime(5_000);
    expect(warnings).toHaveLength(1);
  });
});
