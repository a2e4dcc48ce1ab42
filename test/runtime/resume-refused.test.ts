/** Taking up a run that has ended: why it is refused, where to go instead, and that the attempt is kept. */
import { describe, expect, it } from "vitest";
import { reportError } from "../../src/cli/report-error.ts";
import { SafepointError } from "../../src/errors.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Runtime } from "../../src/runtime/api.ts";
import { fakeIo } from "../cli/fake-io.ts";
import { AGAIN, createWorld, LINE, type World } from "./control-world.ts";

/** A run `r` that has gone on as `r~r1`, which is at work. */
async function startedOver(world: World, runtime: Runtime): Promise<void> {
  await runtime.start(AGAIN, { runId: "r" });
  (await world.call("a")).end();
  await world.call("a", "r~r1");
}

async function ended(world: World, runtime: Runtime, how: "completed" | "failed" | "cancelled"): Promise<void> {
  const run = await runtime.start(LINE, { runId: "r" });
  const call = await world.call("a");
  if (how === "cancelled") await run.cancel();
  else call.end(how === "failed" ? "fail" : "success");
  if (how === "completed") (await world.call("b")).end();
  await run.settled(how);
}

const thrownBy = (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined).catch((error) => error);

describe("resume of a run that was started over", () => {
  it("names the run that goes on, and takes nothing", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    await startedOver(world, runtime);
    await expect(runtime.resume("r")).rejects.toMatchObject({
      code: "run_restarted",
      message: "run r was started over as r~r1, which goes on",
      details: { runId: "r", status: "completed", newRunId: "r~r1" },
    });
    expect(await runtime.get("r~r1").then((run) => run.view())).toMatchObject({ status: "running" });
    expect(world.open().map(({ input }) => input.runId)).toEqual(["r~r1"]);
  });

  it("names the next of the chain, not the last", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    await startedOver(world, runtime);
    (await world.call("a", "r~r1")).end();
    await world.call("a", "r~r2");
    await expect(runtime.resume("r")).rejects.toMatchObject({ details: { newRunId: "r~r1" } });
    await expect(runtime.resume("r~r1")).rejects.toMatchObject({
      code: "run_restarted",
      details: { newRunId: "r~r2" },
    });
  });

  it("tells a person at the terminal what to do, and leaves with 5", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    await startedOver(world, runtime);
    const io = fakeIo({ cwd: "." });
    expect(await reportError(await thrownBy(runtime.resume("r")), { io, json: false })).toBe(5);
    expect(io.stderr.text).toContain("run r was started over as r~r1");
    expect(io.stderr.text).toContain("`safepoint resume r~r1`");
  });
});

describe("a refused resume is kept", () => {
  it.each([
    ["completed", "run_finished"],
    ["failed", "run_finished"],
    ["cancelled", "run_cancelled_new_run_required"],
  ] as const)("in a run that is %s", async (how, code) => {
    const world = createWorld();
    const runtime = await world.runtime();
    await ended(world, runtime, how);
    const before = await (await runtime.get("r")).view();
    const other = await world.runtime({ actor: "somebody" });
    await expect(other.resume("r")).rejects.toMatchObject({ code });
    const entry = (await world.store.read("journal", { runId: "r" })).at(-1);
    expect(entry).toMatchObject({
      type: "control.rejected",
      data: { verb: "resume", state: how, code, hint: expect.any(String) },
      cause: { actor: "somebody" },
    });
    expect(await (await runtime.get("r")).view()).toEqual({ ...before, seq: before.seq + 1 });
    expect(await runtime.verify("r")).toMatchObject({ problems: [] });
  });

  it("in one that was started over", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    await startedOver(world, runtime);
    await expect(runtime.resume("r")).rejects.toMatchObject({ code: "run_restarted" });
    const [entry] = await world.store.read("journal", { runId: "r", types: ["control.rejected"] });
    expect(entry?.data).toMatchObject({ verb: "resume", code: "run_restarted", hint: expect.stringContaining("r~r1") });
  });

  it("and stands where it cannot be: the store takes nothing more", async () => {
    const store = memoryStore();
    store.claim = () => Promise.reject(new SafepointError("store_full", "no room"));
    const warnings: string[] = [];
    const world = createWorld(store);
    const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
    const runtime = await world.runtime({ log });
    await ended(world, runtime, "completed");
    const resumed = thrownBy(runtime.resume("r"));
    expect(await world.clock.runUntil(resumed)).toMatchObject({ code: "run_finished" });
    expect(warnings).toContain("a refused resume was not noted");
  });

  it("and one of a run that is driven, or that never was, leaves nothing", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    await runtime.start(LINE, { runId: "r" });
    await world.call("a");
    const other = await world.runtime();
    await expect(other.resume("r")).rejects.toMatchObject({ code: "run_owned" });
    await expect(other.resume("never")).rejects.toMatchObject({ code: "run_not_found" });
    expect(await world.store.read("journal", { runId: "r", types: ["control.rejected"] })).toEqual([]);
  });
});
