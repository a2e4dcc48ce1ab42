/** What --wait, --dry-run and refusals say, with drivers that live, die, or never were. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { fakeIo, run, tempDir } from "./fake-io.ts";

const SLOW = `digraph slow {
  start [shape=Mdiamond]
  a [shape=parallelogram, tool_command="touch began; while [ -e slow.dot ] && [ ! -e go ]; do sleep 0.02; done"]
  b [shape=parallelogram, tool_command="echo b"]
  exit [shape=Msquare]
  start -> a -> b -> exit
}
`;
const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

let cwd: string;
beforeEach(() => {
  cwd = tempDir({ "slow.dot": SLOW });
});

const json = async (line: string) => {
  const { code, stdout, stderr } = await run(`${line} --json`, { cwd });
  return { code, stderr, result: stdout === "" ? undefined : JSON.parse(stdout) };
};

/** A process that drives r1 and has its first stage in flight. */
async function began(): Promise<{ child: ChildProcess; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [BIN, "run", "slow.dot", "--quiet", "--run-id", "r1"], {
    cwd,
    stdio: "ignore",
  });
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  await until(() => existsSync(join(cwd, "began")));
  return { child, ended };
}

/** r1 with its first stage open and no process. */
async function lost(): Promise<void> {
  const { child, ended } = await began();
  child.kill("SIGKILL");
  await ended;
}

describe("--wait", () => {
  it("with --json prints one document, of what has become true", async () => {
    const { ended } = await began();
    const pausing = json("pause r1 --wait");
    expect((await run("wait r1 --for pausing --timeout 10s", { cwd })).code).toBe(0);
    writeFileSync(join(cwd, "go"), "");
    expect(await pausing).toMatchObject({
      code: 0,
      result: { accepted: true, changed: true, before: "running", after: "paused", draining: [], held: ["main/b@1"] },
    });
    expect(await json("continue r1 --wait")).toMatchObject({
      code: 0,
      result: { accepted: true, before: "paused", after: "completed", draining: [], held: [] },
    });
    expect(await ended).toBe(0);
  });

  it("comes to paused also when the driver is killed while it drains", async () => {
    const { child, ended } = await began();
    const pausing = run("pause r1 --wait --json", { cwd });
    expect((await run("wait r1 --for pausing --timeout 10s", { cwd })).code).toBe(0);
    child.kill("SIGKILL");
    await ended;
    const { code, stdout, stderr } = await pausing;
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("settling it here") });
    expect(JSON.parse(stdout)).toMatchObject({ accepted: true, after: "paused", draining: [] });
    const view = JSON.parse((await run("show r1 --json", { cwd })).stdout);
    expect(view).toMatchObject({ status: "paused", owner: null, statusReason: "unowned" });
  });

  it("names the command that goes on: continue while somebody drives the run, else resume --continue", async () => {
    const { child, ended } = await began();
    const pausing = run("pause r1 --wait", { cwd });
    expect((await run("wait r1 --for pausing --timeout 10s", { cwd })).code).toBe(0);
    writeFileSync(join(cwd, "go"), "");
    expect((await pausing).stdout).toMatch(/ {2}go on with `safepoint continue r1`\n$/);
    child.kill("SIGKILL");
    await ended;
    expect((await run("pause r1 --wait", { cwd })).stdout).toMatch(
      / {2}go on with `safepoint resume r1 --continue`\n$/,
    );
  });

  it("fails when the pause is withdrawn, and still says that it was accepted", async () => {
    const { ended } = await began();
    const pausing = json("pause r1 --wait");
    expect((await run("wait r1 --for pausing --timeout 10s", { cwd })).code).toBe(0);
    expect((await run("continue r1", { cwd })).code).toBe(0);
    const { code, result, stderr } = await pausing;
    expect({ code, result }).toMatchObject({ code: 5, result: { accepted: true, after: "pausing" } });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "pause_withdrawn" } });
    await run("cancel r1 --force", { cwd });
    await ended;
  });

  it("leaves with 130 at Ctrl-C, and the command stays in force", async () => {
    const { ended } = await began();
    const io = fakeIo({ cwd });
    const waiting = main(["pause", "r1", "--wait", "--json"], io);
    expect((await run("wait r1 --for pausing --timeout 10s", { cwd })).code).toBe(0);
    await until(() => io.listeners() > 0);
    io.send("SIGINT");
    expect(await waiting).toBe(130);
    expect(JSON.parse(io.stdout.text)).toMatchObject({ accepted: true, after: "pausing" });
    expect(io.listeners()).toBe(0);
    expect(JSON.parse((await run("show r1 --json", { cwd })).stdout).status).toBe("pausing");
    await run("cancel r1 --force", { cwd });
    await ended;
  });

  it("does not wait for a run that nobody would drive on, and says who must", async () => {
    await lost();
    await run("pause r1", { cwd });
    const { code, stdout } = await run("continue r1 --wait", { cwd });
    expect(code).toBe(75);
    expect(stdout).toBe(
      "continue accepted: paused → queued, and nobody drives the run\n" +
        "  it goes on once somebody drives it: `safepoint resume r1`\n",
    );
  });
});

describe("a run whose driver was killed", () => {
  it("has no owner at once, not when its lease is over", async () => {
    await lost();
    expect(await json("show r1")).toMatchObject({ result: { owner: null, statusReason: "unowned" } });
    expect((await json("runs")).result.runs).toMatchObject([{ runId: "r1", owner: null }]);
    expect((await run("doctor", { cwd })).stdout).toContain("r1");
  });

  it("stays paused, and goes on with resume --continue", async () => {
    await lost();
    expect(await json("pause r1 --wait")).toMatchObject({ code: 0, result: { after: "paused" } });
    expect((await run("resume r1", { cwd })).code).toBe(4);
    writeFileSync(join(cwd, "go"), "");
    const { code, stderr } = await run("resume r1 --continue", { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain("a#1 started");
  });
});

describe("--dry-run", () => {
  it("gives one run nothing either", async () => {
    await lost();
    expect(await run("cancel r1 --dry-run", { cwd })).toMatchObject({ code: 0, stdout: "r1  running\n" });
    expect(await json("cancel r1 --dry-run")).toMatchObject({
      result: { runId: "r1", status: "running", dryRun: true },
    });
    expect(await json("show r1")).toMatchObject({ result: { status: "running" } });
  });
});

describe("refusals say what to do instead", () => {
  it("of a run that was cancelled: a new one", async () => {
    await lost();
    expect((await run("cancel r1 --wait", { cwd })).code).toBe(0);
    const { code, stdout } = await run("continue r1", { cwd });
    expect(code).toBe(5);
    expect(stdout).toMatch(
      /^continue refused: run_cancelled_new_run_required \(.+\)\n {2}instead: `safepoint fork r1` /,
    );
    const resumed = await run("resume r1", { cwd });
    expect(resumed.code).toBe(5);
    expect(resumed.stderr).toContain("`safepoint fork r1`");
    expect(await json("continue r1")).toMatchObject({
      code: 5,
      result: { accepted: false, code: "run_cancelled_new_run_required", hint: expect.stringContaining("fork r1") },
    });
  });

  it("with the store that was named", async () => {
    await lost();
    const { stdout, code } = await run("continue r1 --store .safepoint/safepoint.db", { cwd });
    expect(code).toBe(5);
    expect(stdout).toContain("instead: `safepoint show r1 --store .safepoint/safepoint.db`");
  });
});

describe("many runs", () => {
  it("are all given their command before any is waited for", async () => {
    const { ended } = await began();
    const pausing = run("pause --all --wait --json", { cwd });
    expect((await run("wait r1 --for pausing --timeout 10s", { cwd })).code).toBe(0);
    writeFileSync(join(cwd, "go"), "");
    const { code, stdout } = await pausing;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ runId: "r1", accepted: true, after: "paused" });
    expect((await run("cancel --status paused --wait", { cwd })).stdout).toBe(
      "r1: cancel accepted: paused → cancelled\n",
    );
    expect(await ended).toBe(3);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const late = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > late) throw new Error(`not within 10 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
