import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import { createRuntime } from "../../src/runtime/create-runtime.ts";
import { createWorld, LINE } from "./control-world.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function three() {
  const world = createWorld();
  const runtime = await world.runtime();
  await runtime.start(LINE, { runId: "a", labels: { team: "x", env: "prod" } });
  await runtime.start(LINE, { runId: "b", labels: { team: "x" } });
  const c = await runtime.start(LINE, { runId: "c", labels: { team: "y" } });
  await world.rest();
  return { world, runtime, c };
}

const short = (results: readonly { runId: string; accepted: boolean | null; code?: string }[]) =>
  results.map(({ runId, accepted, code }) => `${runId} ${accepted ?? "not given"}${code ? ` ${code}` : ""}`);

describe("one command for many runs", () => {
  it.each([
    [{ all: true }, ["c true", "b true", "a true"]],
    [{ labels: { team: "x" } }, ["b true", "a true"]],
    [{ labels: { team: "x", env: "prod" } }, ["a true"]],
    [{ status: ["running"], labels: { team: "y" } }, ["c true"]],
    [{ status: ["paused", "queued"] }, []],
    [{ status: ["completed"] }, []],
    [{ labels: { team: "nobody" } }, []],
  ] as const)("means %j", async (selector, expected) => {
    const { runtime } = await three();
    const { ...given } = selector;
    expect(short(await runtime.control(given as never, "pause"))).toEqual(expected);
  });

  it("says each run's own result", async () => {
    const { runtime, c } = await three();
    await c.pause();
    expect(short(await runtime.control({ all: true }, "continue"))).toEqual([
      "c true",
      "b false not_paused",
      "a false not_paused",
    ]);
  });

  it("leaves out those that have ended", async () => {
    const { world, runtime, c } = await three();
    await c.cancel();
    await world.rest();
    expect(short(await runtime.control({ all: true }, "pause"))).toEqual(["b true", "a true"]);
  });

  it("in a dry run only says which", async () => {
    const { world, runtime } = await three();
    const results = await runtime.control({ labels: { team: "x" } }, "cancel", { dryRun: true });
    expect(results).toMatchObject([
      { runId: "b", accepted: null, changed: false, before: "running" },
      { runId: "a", accepted: null, changed: false, before: "running" },
    ]);
    expect(world.open()).toHaveLength(3);
    expect(await world.store.read("commands", {})).toEqual([]);
  });

  it("hands on reason, actor, id and what the verb takes", async () => {
    const { world, runtime } = await three();
    await runtime.control({ all: true }, "pause", {
      mode: "interrupt",
      reason: "deploy",
      actor: "ada",
      commandId: "d",
    });
    await world.rest();
    for (const runId of ["a", "b", "c"]) {
      expect((await runtime.view(runId)).status).toBe("paused");
      const [row] = await world.store.read("commands", { runId, commandId: "d" });
      expect(row).toMatchObject({ actor: "ada", reason: "deploy", body: { mode: "interrupt" } });
    }
  });

  it("that says nothing is refused", async () => {
    const { runtime } = await three();
    await expect(runtime.control({}, "cancel")).rejects.toMatchObject({ code: "usage" });
    await expect(runtime.control({ labels: {}, status: [] }, "cancel")).rejects.toMatchObject({ code: "usage" });
  });

  it.each(["driven here", "driven by another runtime", "driven by nobody"] as const)(
    "reaches 500 runs on disk: %s",
    async (who) => {
      const folder = mkdtempSync(join(tmpdir(), "safepoint-many-"));
      folders.push(folder);
      const store = sqliteStore({ path: join(folder, "runs.db"), synchronous: "NORMAL" });
      const handlers = { codergen: () => new Promise<never>(() => {}) };
      const driver = await createRuntime({ store, handlers, maxConcurrentRuns: 1_000, abortGraceMs: 0 });
      await Promise.all(Array.from({ length: 500 }, (_, index) => driver.start(LINE, { runId: `r${index}` })));
      const giver = who === "driven here" ? driver : await createRuntime({ store, handlers });
      if (who === "driven by nobody") await driver.stop({ graceMs: 0 });
      const results = await giver.control({ all: true }, "pause");
      expect(new Set(results.map(({ runId, accepted }) => `${accepted} ${runId}`)).size).toBe(500);
      expect(results.every(({ accepted }) => accepted === true)).toBe(true);
      const after = who === "driven by nobody" ? "paused" : "pausing";
      expect(await store.read("runs", { status: [after] })).toHaveLength(500);
      await Promise.all([driver.stop({ graceMs: 0 }), giver.stop({ graceMs: 0 })]);
      await store.close();
    },
  );
});
