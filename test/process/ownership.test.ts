import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRuntime } from "../../src/index.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import type { Store } from "../../src/persistence/store.ts";
import { openStore, temporaryFolder } from "../persistence/temporary.ts";
import { entryOf } from "../runtime/fixtures.ts";
import { isAlive, startDriver, textOf, until } from "./children.ts";
import { PIPELINES } from "./pipelines.ts";

const BIN = new URL("../../src/cli/bin.ts", import.meta.url).pathname;
const LONG_LEASE = "15000";

/** A run that is stored, live and nobody's, with work that ends when told. */
async function leaveHeld() {
  const folder = temporaryFolder();
  const path = join(folder, "runs.db");
  const trace = join(folder, "trace");
  const store = openStore(path);
  process.env["TOOL_TRACE"] = trace;
  const runtime = await createRuntime({ store });
  await runtime.start(PIPELINES.held, { runId: "held" });
  await runtime.stop({ graceMs: 0 });
  const [row] = await store.read("run", { runId: "held" });
  expect([row?.status, row?.owner]).toEqual(["running", undefined]);
  return { path, trace, store };
}

const journalOf = (store: Store, runId: string): Promise<readonly JournalEntry[]> => store.read("journal", { runId });

describe("two processes that resume one run", () => {
  it("are told apart: one drives it to its end, the other is refused with the owner's name", async () => {
    const { path, trace, store } = await leaveHeld();
    const both = [1, 2].map(() => startDriver([path, LONG_LEASE, "resume", "held"], { TOOL_TRACE: trace }));
    const words = await Promise.all(both.map((child) => child.said(/^(drives|refused) /)));
    expect(words.filter((line) => line === "drives held")).toHaveLength(1);
    const [refusal] = words.filter((line) => line !== "drives held");
    const winner = both.find((child) => child.lines.includes("drives held"));
    expect(refusal).toContain(`refused held run_owned 75: run held is driven by process ${winner?.process.pid} on `);
    writeFileSync(`${trace}.quick`, "");
    expect(await Promise.all(both.map((child) => child.ended))).toEqual([0, 0]);
    const types = (await journalOf(store, "held")).map(({ type }) => type);
    expect(types.filter((type) => type === "run.resumed" || type === "run.completed")).toEqual([
      ...["run.resumed", "run.completed"],
    ]);
  });

  it("on the command line: one ends well, the other exits 75 with a message", async () => {
    const { path, trace, store } = await leaveHeld();
    const both = [1, 2].map(() => resumeByCommand(path, trace));
    const loser = await Promise.race(both.map(({ ended }) => ended));
    expect(loser.code).toBe(75);
    expect(loser.errors).toMatch(/run "held" is driven by process \d+ on /);
    writeFileSync(`${trace}.quick`, "");
    expect((await Promise.all(both.map(({ ended }) => ended))).map(({ code }) => code).sort()).toEqual([0, 75]);
    expect((await journalOf(store, "held")).filter(({ type }) => type === "run.completed")).toHaveLength(1);
  });
});

function resumeByCommand(path: string, trace: string) {
  const env = { ...process.env, TOOL_TRACE: trace };
  const child = spawn(process.execPath, [BIN, "resume", "held", "--store", path], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let errors = "";
  child.stderr.on("data", (bytes: Buffer) => {
    errors += bytes.toString();
  });
  const ended = new Promise<{ code: number | null; errors: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, errors })),
  );
  return { ended };
}

describe("an owner that was stopped (SIGSTOP) until its lease ended", () => {
  it("writes nothing when it wakes up: its handlers are aborted, its processes ended, its result is lost", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "runs.db");
    const trace = join(folder, "trace");
    const runIds = ["hang", "late", "tool"] as const;
    const old = startDriver([path, "1200", "start", ...runIds], { TOOL_TRACE: trace });
    await old.said(/^drives tool$/);
    await until(() => textOf(trace).includes("tick"));
    const pid = Number(/pid (\d+)/.exec(textOf(trace))?.[1]);
    expect(isAlive(pid)).toBe(true);
    old.process.kill("SIGSTOP");

    const store = openStore(path);
    writeFileSync(`${trace}.quick`, "");
    const runtime = await createRuntime({ store, leaseMs: 15_000, handlers: { hang: () => {}, late: () => {} } });
    onTestFinished(() => runtime.stop());
    process.env["TOOL_TRACE"] = trace;
    for (const runId of runIds) {
      await until(async () => ((await store.read("run", { runId }))[0]?.leaseUntilMs ?? 0) <= Date.now());
      const run = await runtime.resume(runId);
      expect((await run.finished()).status).toBe("completed");
    }
    // The taker over ended it, before it began the tool again.
    expect(isAlive(pid)).toBe(false);
    const before = await Promise.all(runIds.map((runId) => journalOf(store, runId)));
    expect(before.map((entries) => entries.filter(({ type }) => type === "stage.interrupted").length)).toEqual([
      1, 1, 1,
    ]);

    old.process.kill("SIGCONT");
    await old.said(/^aborted hang lease_lost$/);
    await old.said(/^done late$/);
    // It is in working order and still writes nothing, to the last thing it does.
    old.process.kill("SIGTERM");
    expect(await old.ended).toBe(0);
    expect(await Promise.all(runIds.map((runId) => journalOf(store, runId)))).toEqual(before);
    for (const runId of runIds) expect((await runtime.verify(runId)).problems).toEqual([]);
  });
});

describe("SIGTERM", () => {
  it("interrupts what is in flight without using up a retry, ends its processes and gives the lease back", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "runs.db");
    const trace = join(folder, "trace");
    const driver = startDriver([path, LONG_LEASE, "start", "tool", "hang"], { TOOL_TRACE: trace });
    await driver.said(/^drives hang$/);
    await until(() => textOf(trace).includes("tick"));
    const pid = Number(/pid (\d+)/.exec(textOf(trace))?.[1]);
    driver.process.kill("SIGTERM");
    await driver.said(/^aborted hang shutdown$/);
    expect(await driver.ended).toBe(0);
    expect(isAlive(pid)).toBe(false);

    const store = openStore(path);
    for (const runId of ["tool", "hang"]) {
      const [row] = await store.read("run", { runId });
      expect([row?.status, row?.owner, row?.leaseUntilMs]).toEqual(["running", undefined, undefined]);
      const entries = await journalOf(store, runId);
      expect(entries.at(-1)).toMatchObject({ type: "stage.interrupted", data: { cause: "shutdown" } });
    }
    writeFileSync(`${trace}.quick`, "");
    process.env["TOOL_TRACE"] = trace;
    const runtime = await createRuntime({ store, handlers: { hang: () => {}, late: () => {} } });
    onTestFinished(() => runtime.stop());
    for (const runId of ["tool", "hang"]) {
      expect((await (await runtime.resume(runId)).finished()).status).toBe("completed");
      const starts = (await journalOf(store, runId)).filter(({ type }) => type === "stage.started");
      expect(starts.map(({ execution }) => execution)).toEqual(["main/work@1#1.1", "main/work@1#1.2"]);
    }
  });
});

describe("kill -9", () => {
  it("leaves a tool that goes on writing, until the run is taken up: then it is ended before anything starts", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "runs.db");
    const trace = join(folder, "trace");
    const driver = startDriver([path, LONG_LEASE, "start", "tool"], { TOOL_TRACE: trace });
    await until(() => textOf(trace).includes("tick"));
    const pid = Number(/pid (\d+)/.exec(textOf(trace))?.[1]);
    driver.process.kill("SIGKILL");
    expect(await driver.ended).toBe("SIGKILL");
    // Nobody told it: the trap this is about.
    const written = textOf(trace).length;
    await until(() => textOf(trace).length > written + 10);
    expect(isAlive(pid)).toBe(true);

    const store = openStore(path);
    process.env["TOOL_TRACE"] = trace;
    writeFileSync(`${trace}.quick`, "");
    const runtime = await createRuntime({ store });
    onTestFinished(() => runtime.stop());
    const run = await runtime.resume("tool");
    expect(isAlive(pid)).toBe(false);
    await entryOf(run, "run.completed");
    const lines = textOf(trace).trim().split("\n");
    expect(lines.at(-1)).toMatch(/^pid /);
    expect(lines.filter((line) => line.startsWith("pid"))).toHaveLength(2);
  });

  it("leaves runs that a runtime with recovery takes up when it starts, long before their leases end", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "runs.db");
    const trace = join(folder, "trace");
    const driver = startDriver([path, LONG_LEASE, "start", "tool", "hang"], { TOOL_TRACE: trace });
    await driver.said(/^drives hang$/);
    driver.process.kill("SIGKILL");
    await driver.ended;
    const store = openStore(path);
    expect((await store.read("run", { runId: "hang" }))[0]?.leaseUntilMs).toBeGreaterThan(Date.now());
    process.env["TOOL_TRACE"] = trace;
    writeFileSync(`${trace}.quick`, "");
    const runtime = await createRuntime({ store, recover: true, handlers: { hang: () => {} } });
    onTestFinished(() => runtime.stop());
    for (const runId of ["tool", "hang"]) {
      expect((await (await runtime.get(runId)).finished()).status).toBe("completed");
    }
  });
});
