/** Control over real processes that are killed: what was asked for holds, and everybody gets their own answer. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Run, Runtime } from "../../src/runtime/api.ts";
import { createRuntime } from "../../src/runtime/create-runtime.ts";
import { seededRandom } from "../../src/testing/seeded-random.ts";

const CHILD = new URL("control-child.ts", import.meta.url).pathname;

interface Service {
  readonly ready: Promise<void>;
  kill(): Promise<void>;
}

function startService(database: string): Service {
  const child: ChildProcess = spawn(process.execPath, [CHILD, database], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  const ready = once(child.stdout as NonNullable<typeof child.stdout>, "data").then(() => {});
  return { ready, kill };
}

/** A store on disk and a runtime that drives nothing: it only gives commands. */
async function place(): Promise<{ database: string; runtime: Runtime }> {
  const folder = mkdtempSync(join(tmpdir(), "safepoint-control-"));
  const database = join(folder, "runs.db");
  const store = sqliteStore({ path: database, synchronous: "NORMAL" });
  const handlers = { echo: async () => "", hang: async () => "" };
  const runtime = await createRuntime({ store, handlers, actor: "operator" });
  onTestFinished(async () => {
    await runtime.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { database, runtime };
}

/** A run that is stored and that nobody drives, in `before`. */
async function unowned(database: string, source: string, runIds: readonly string[]): Promise<void> {
  const store = sqliteStore({ path: database, synchronous: "NORMAL" });
  const runtime = await createRuntime({ store, handlers: { echo: async () => "", hang: async () => "" } });
  await Promise.all(runIds.map((runId) => runtime.start(source, { runId })));
  await runtime.stop({ graceMs: 0 });
  await store.close();
}

const HANGING = `digraph h {
  start [shape=Mdiamond]
  ask [shape=hexagon, label="?"]
  work [type=hang]
  exit [shape=Msquare]
  start -> ask
  ask -> work [label=Go]
  work -> exit
}`;

async function inWork(runtime: Runtime, start: number): Promise<Run> {
  const run = await runtime.get("r");
  const execution = `main/work@1#1.${start}`;
  await new Promise<void>((resolve, reject) => {
    const watching = run.events().subscribe({
      next: (entry) => {
        if (entry.type !== "stage.started" || entry.execution !== execution) return;
        resolve();
        queueMicrotask(() => watching.unsubscribe());
      },
      complete: () => reject(new Error("the run ended")),
      error: reject,
    });
  });
  return run;
}

it("paused stays paused over kill -9 and restart, and goes on when it is continued", { timeout: 60_000 }, async () => {
  const { database, runtime } = await place();
  await unowned(database, HANGING, ["r"]);
  let service = startService(database);
  await service.ready;
  expect(await (await runtime.get("r")).answer("main/ask@1", "Go")).toMatchObject({ accepted: true });
  const run = await inWork(runtime, 1);
  expect(await run.pause({ reason: "deploy" })).toMatchObject({ after: "pausing", draining: ["main/work@1#1.1"] });
  await service.kill();
  for (let restart = 0; restart < 2; restart += 1) {
    service = startService(database);
    await service.ready;
    expect((await run.settled("paused")).status).toBe("paused");
    await service.kill();
  }
  const started = await runtime.entries("r", { types: ["stage.started"] });
  expect(started.map(({ execution }) => execution)).toEqual(["main/work@1#1.1"]);
  expect(await run.view()).toMatchObject({ status: "paused", statusReason: "unowned", owner: null });
  service = startService(database);
  await service.ready;
  expect(await run.continue()).toMatchObject({ accepted: true, before: "paused", after: "running" });
  await inWork(runtime, 2);
  expect(await runtime.verify("r")).toMatchObject({ problems: [] });
});

it("cancelling ends cancelled over kill -9 and restart", { timeout: 60_000 }, async () => {
  const { database, runtime } = await place();
  await unowned(database, HANGING, ["r"]);
  const first = startService(database);
  await first.ready;
  await (await runtime.get("r")).answer("main/ask@1", "Go");
  const run = await inWork(runtime, 1);
  expect(await run.cancel()).toMatchObject({ after: "cancelling", draining: ["main/work@1#1.1"] });
  await first.kill();
  await startService(database).ready;
  expect(await run.settled("cancelled")).toMatchObject({ status: "cancelled" });
  expect((await runtime.entries("r")).filter(({ type }) => type === "stage.cancelled")).toHaveLength(1);
  expect(await run.continue()).toMatchObject({ code: "run_cancelled_new_run_required" });
  expect(await runtime.verify("r")).toMatchObject({ problems: [] });
});

const ECHOING = `digraph e {
  start [shape=Mdiamond]
  ask [shape=hexagon, label="What?", human.kind=freeform]
  echo [type=echo]
  exit [shape=Msquare]
  start -> ask -> echo -> exit
}`;

it("a hundred gates, answered in random order while their service is killed again and again, get each its own answer", {
  timeout: 120_000,
}, async () => {
  const { database, runtime } = await place();
  const runIds = Array.from({ length: 100 }, (_, index) => `r${index}`);
  await unowned(database, ECHOING, runIds);
  const random = seededRandom(7);
  const order = runIds
    .map((runId) => ({ runId, key: random.integer(1_000_000) }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ runId }) => runId);
  let service = startService(database);
  await service.ready;
  for (let at = 0; at < order.length; at += 10) {
    const given = order.slice(at, at + 10).map(async (runId) => {
      const run = await runtime.get(runId);
      const [first, second] = await Promise.all([
        run.answer("main/ask@1", `for ${runId}`),
        run.answer("main/ask@1", `also for ${runId}`),
      ]);
      return { runId, first, second };
    });
    // The next service starts while the last one's commands are on their way.
    await service.kill();
    service = startService(database);
    for (const { runId, first, second } of await Promise.all(given)) {
      const accepted = [first, second].filter((result) => result.accepted === true);
      const refused = [first, second].filter((result) => result.accepted === false);
      expect([accepted.length, refused.length], `${runId}: ${JSON.stringify([first, second])}`).toEqual([1, 1]);
      expect(["gate_answered", "run_finished"]).toContain(refused[0]?.code);
    }
  }
  await service.ready;
  for (const runId of runIds) {
    const run = await runtime.get(runId);
    await run.settled("completed");
    const answers = await runtime.entries(runId, { types: ["gate.answered"] });
    expect(answers, runId).toHaveLength(1);
    const { echoed } = await run.context();
    expect([`for ${runId}`, `also for ${runId}`]).toContain(echoed);
    expect(answers[0]?.data).toMatchObject({ answer: echoed, by: "operator" });
    expect(await runtime.verify(runId)).toMatchObject({ problems: [] });
  }
});
