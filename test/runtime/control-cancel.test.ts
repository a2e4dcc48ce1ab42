/** Cancel settles: whatever the run was doing, every attempt has its end, nothing is left, and it stays cancelled. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { groupMembers } from "../../src/actors/processes/process-table.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Run, Runtime } from "../../src/runtime/api.ts";
import { createRuntime } from "../../src/runtime/create-runtime.ts";
import { createWorld, LINE, type World } from "./control-world.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const GATE = LINE.replace('a [prompt="a"]', 'a [shape=hexagon, label="?", human.timeout="1h", human.default_choice=b]');
const WAIT = LINE.replace('a [prompt="a"]', 'a [shape=insulator, duration="1h"]');
const BACKOFF = LINE.replace('a [prompt="a"]', "a [prompt=a, max_retries=3, retry_policy=linear]");

/** Ends of attempts and stages, timers, gates, processes, inbox: what a cancelled run must not leave open. */
async function nothingLeft(runtime: Runtime, run: Run): Promise<void> {
  const { store } = runtime;
  const image = await store.load(run.id);
  expect(image).toMatchObject({ actors: [], timers: [], gates: [], commands: [], processes: [], handlerSnapshots: [] });
  const entries = await store.read("journal", { runId: run.id });
  const ends = new Set(
    entries
      .filter(({ type }) => /^stage\.(succeeded|failed|skipped|cancelled|interrupted|retry_scheduled)$/.test(type))
      .map(({ execution }) => execution),
  );
  const started = entries.filter(({ type }) => type === "stage.started").map(({ execution }) => execution);
  expect(started.filter((execution) => !ends.has(execution))).toEqual([]);
  expect(
    (await run.view()).stages.every(({ status }) => !["running", "waiting", "held", "backing_off"].includes(status)),
  ).toBe(true);
  expect(await run.continue()).toMatchObject({ accepted: false, code: "run_cancelled_new_run_required" });
  await expect(runtime.resume(run.id)).rejects.toMatchObject({ code: "run_cancelled_new_run_required" });
  expect(await runtime.verify(run.id)).toMatchObject({ problems: [] });
}

const situations: Readonly<Record<string, (world: World, runtime: Runtime) => Promise<Run>>> = {
  running: async (world, runtime) => {
    const run = await runtime.start(LINE, { runId: "r" });
    await world.call("a");
    return run;
  },
  paused: async (world, runtime) => {
    const run = await runtime.start(LINE, { runId: "r" });
    const call = await world.call("a");
    await run.pause();
    call.end();
    await run.settled("paused");
    return run;
  },
  interrupted: async (world, runtime) => {
    const run = await runtime.start(LINE, { runId: "r" });
    await world.call("a");
    await run.pause({ mode: "interrupt" });
    await run.settled("paused");
    return run;
  },
  pausing: async (world, runtime) => {
    const run = await runtime.start(LINE, { runId: "r" });
    await world.call("a");
    await run.pause();
    return run;
  },
  queued: async (_world, runtime) => {
    await runtime.start(LINE, { runId: "first" });
    return runtime.start(LINE, { runId: "r" });
  },
  "queued again": async (world, runtime) => {
    const run = await runtime.start(LINE, { runId: "r" });
    const call = await world.call("a");
    await run.pause();
    call.end();
    await run.settled("paused");
    await runtime.start(LINE, { runId: "first" });
    await world.call("a", "first");
    expect(await run.continue()).toMatchObject({ after: "queued" });
    return run;
  },
  "in a back-off": async (world, runtime) => {
    const run = await runtime.start(BACKOFF, { runId: "r" });
    (await world.call("a")).end("fail");
    await world.rest();
    expect(await world.store.read("timers", { runId: "r" })).toHaveLength(1);
    return run;
  },
  "at a gate": async (world, runtime) => {
    const run = await runtime.start(GATE, { runId: "r" });
    await world.rest();
    expect(await run.questions()).toHaveLength(1);
    return run;
  },
  "at an answered gate, paused": async (world, runtime) => {
    const run = await runtime.start(GATE, { runId: "r" });
    await world.rest();
    await run.pause();
    await run.answer("main/a@1", "b");
    return run;
  },
  "in a wait": async (world, runtime) => {
    const run = await runtime.start(WAIT, { runId: "r" });
    await world.rest();
    expect(await world.store.read("timers", { runId: "r" })).toHaveLength(1);
    return run;
  },
};

describe("a cancel", () => {
  it.each(Object.keys(situations))("of a run that is %s settles", async (name) => {
    const world = createWorld();
    const runtime = await world.runtime({ maxConcurrentRuns: 1 });
    const run = await situations[name]!(world, runtime);
    expect(await run.cancel({ reason: "enough" })).toMatchObject({ accepted: true, changed: true });
    await world.rest();
    expect(await run.view()).toMatchObject({
      status: "cancelled",
      statusReason: "enough",
      control: { draining: [], held: [] },
    });
    expect(world.open().filter(({ input }) => input.runId === "r")).toEqual([]);
    await nothingLeft(runtime, run);
  });

  it.each(Object.keys(situations))(
    "of a run that is %s, whose process dies behind the acknowledgement, settles in the next",
    async (name) => {
      const world = createWorld();
      const { runtime, die } = await world.mortal({ maxConcurrentRuns: 1 });
      const run = await situations[name]!(world, runtime);
      const given = run.cancel();
      await given;
      die();
      const other = await world.runtime();
      const row = (await world.store.read("run", { runId: "r" }))[0];
      if (row?.status === "cancelling") await other.resume("r");
      await world.rest();
      const after = await other.get("r");
      expect((await after.view()).status).toBe("cancelled");
      await nothingLeft(other, after);
    },
  );

  it.each(Object.keys(situations))("of a run that is %s and that nobody drives settles at once", async (name) => {
    const world = createWorld();
    const { runtime, die } = await world.mortal({ maxConcurrentRuns: 1 });
    await situations[name]!(world, runtime);
    die();
    const other = await world.runtime();
    const run = await other.get("r");
    expect(await run.cancel()).toMatchObject({ accepted: true, before: expect.any(String), after: "cancelled" });
    await nothingLeft(other, run);
  });

  it("with force ends the grace of one that goes on", async () => {
    const world = createWorld();
    const runtime = await world.runtime({ abortGraceMs: 3_600_000 });
    const run = await runtime.start(LINE.replace('a [prompt="a"]', "a [prompt=a, stubborn=true]"), { runId: "r" });
    const call = await world.call("a");
    expect(await run.cancel()).toMatchObject({ after: "cancelling", draining: ["main/a@1#1.1"] });
    await world.clock.advance(60_000);
    expect((await run.view()).status).toBe("cancelling");
    expect(await run.cancel({ force: true })).toMatchObject({ accepted: true, changed: false });
    await world.clock.advance(2_000);
    expect(await run.view()).toMatchObject({
      status: "cancelled",
      control: { abandoned: [{ execution: "main/a@1#1.1" }] },
    });
    call.end();
    await world.rest();
    expect((await run.view()).status).toBe("cancelled");
    await nothingLeft(runtime, run);
  });

  it("has a grace, after which what goes on is abandoned and named", async () => {
    const world = createWorld();
    const runtime = await world.runtime({ abortGraceMs: 5_000 });
    const run = await runtime.start(LINE.replace('a [prompt="a"]', "a [prompt=a, stubborn=true]"), { runId: "r" });
    await world.call("a");
    await run.cancel();
    await world.clock.advance(5_000);
    expect((await run.view()).status).toBe("cancelling");
    await world.clock.advance(1_000);
    expect((await run.view()).status).toBe("cancelled");
    const [end] = await runtime.entries("r", { types: ["run.cancelled"] });
    expect(end?.data).toMatchObject({ abandoned: ["main/a@1#1.1"] });
  });

  it("kills a tool that ignores TERM, and leaves no process of it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "safepoint-cancel-"));
    folders.push(folder);
    const store = sqliteStore({ path: join(folder, "runs.db"), synchronous: "NORMAL" });
    const runtime = await createRuntime({ store, cwd: folder, abortGraceMs: 200 });
    const command = "trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done";
    const run = await runtime.start(
      `digraph t { start [shape=Mdiamond]; a [shape=parallelogram, tool_command="${command}"]; exit [shape=Msquare]; start -> a -> exit }`,
    );
    const pid = await written(join(folder, "pid"));
    expect(groupMembers(pid).length).toBeGreaterThan(0);
    expect(await run.cancel()).toMatchObject({ after: "cancelling", draining: ["main/a@1#1.1"] });
    expect((await run.finished()).status).toBe("cancelled");
    expect(groupMembers(pid)).toEqual([]);
    await nothingLeft(runtime, run);
    await runtime.stop();
    await store.close();
  });
});

async function written(path: string): Promise<number> {
  for (;;) {
    try {
      const text = readFileSync(path, "utf8").trim();
      if (text !== "") return Number(text);
    } catch {
      // not there yet
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
