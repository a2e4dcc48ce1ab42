/** Two runtimes in one process: the store would let each take the other's leases, since they are one owner. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { createRuntime } from "../../src/runtime/create-runtime.ts";

const WAITING = `digraph w {
  start [shape=Mdiamond]
  ask [shape=hexagon, label="?"]
  exit [shape=Msquare]
  start -> ask -> exit
}`;

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "safepoint-holds-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const tokenOf = async (store: Store, runId: string) => (await store.read("run", { runId }))[0]?.token;

it("one file opened twice: neither takes what the other drives, and its commands go through the inbox", async () => {
  const path = join(folder(), "runs.db");
  const [mine, yours] = [sqliteStore(path), sqliteStore(path)];
  await using first = await createRuntime({ store: mine });
  await using second = await createRuntime({ store: yours, recover: true });
  const run = await first.start(WAITING, { runId: "r" });
  await expect(second.resume("r")).rejects.toMatchObject({ code: "run_owned" });
  await expect(second.start(WAITING, { runId: "r" })).rejects.toMatchObject({ code: "run_exists" });
  const elsewhere = await second.get("r");
  expect(await elsewhere.pause()).toMatchObject({ accepted: true, after: "paused" });
  expect(await tokenOf(mine, "r")).toBe(1);
  expect((await run.view()).status).toBe("paused");
  await first.stop();
  expect((await second.resume("r")).id).toBe("r");
  expect(await tokenOf(mine, "r")).toBe(2);
});

it("a runtime whose store is gone holds nothing: what it drove may be taken", async () => {
  const path = join(folder(), "runs.db");
  const dead = sqliteStore(path);
  const first = await createRuntime({ store: dead });
  await first.start(WAITING, { runId: "r" });
  await dead.close();
  await using second = await createRuntime({ store: sqliteStore(path) });
  expect((await second.resume("r")).id).toBe("r");
  await first.stop({ graceMs: 0 });
});

it("stores in memory have nothing to do with each other", async () => {
  const stores = [sqliteStore(":memory:"), sqliteStore(":memory:")];
  for (const store of stores) {
    const runtime = await createRuntime({ store });
    expect((await runtime.start(WAITING, { runId: "r" })).id).toBe("r");
    onTestFinished(() => runtime.stop());
  }
});

it("commands for one run that come at once are applied one after another", async () => {
  const store = sqliteStore(join(folder(), "runs.db"));
  const driver = await createRuntime({ store });
  await driver.start(WAITING, { runId: "r" });
  await driver.stop();
  await using runtime = await createRuntime({ store });
  const run = await runtime.get("r");
  const results = await Promise.all([
    run.pause(),
    run.continue(),
    run.pause(),
    run.answer("main/ask@1", "ok"),
    run.cancel(),
  ]);
  expect(results.every(({ accepted }) => accepted !== null)).toBe(true);
  expect((await run.view()).status).toBe("cancelled");
  const audits = (await runtime.entries("r")).filter(({ type }) => type.startsWith("control."));
  expect(audits).toHaveLength(5);
  expect(await runtime.verify("r")).toMatchObject({ problems: [] });
});
