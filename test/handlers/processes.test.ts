import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/actors/clock.ts";
import { endGroup } from "../../src/actors/processes/end-group.ts";
import { currentOwner, isProcessAlive } from "../../src/actors/processes/identity.ts";
import { liveGroups } from "../../src/actors/processes/live-groups.ts";
import { type GroupCommand, runGroup, shellCommand } from "../../src/actors/processes/process-group.ts";
import { groupMembers, parsePs, parseStat, readProcess } from "../../src/actors/processes/process-table.ts";
import { endRecordedGroups } from "../../src/actors/processes/recover.ts";
import type { ProcessRow } from "../../src/persistence/store.ts";
import { type FakeExecution, fakeExecution, until } from "./fake-execution.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "safepoint-test-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function commandOf(execution: FakeExecution, shell: string, more: Partial<GroupCommand> = {}): GroupCommand {
  const { host, signal, log } = execution.input;
  const env = { ...process.env, DIR: dir };
  return { ...shellCommand(shell), cwd: dir, env, signal, graceMs: 100, host, log, onOutput: () => {}, ...more };
}

const path = (name: string) => join(dir, name);
const pidIn = (name: string) => Number(readFileSync(path(name), "utf8"));
const hasWritten = (name: string) => existsSync(path(name)) && readFileSync(path(name), "utf8").trim() !== "";

describe("identity of processes", () => {
  it("says alive of this process and of a child, gone of an ended child and of a zombie", async () => {
    expect(isProcessAlive(currentOwner())).toBe("alive");
    const child = spawn("sleep", ["60"]);
    const owner = {
      ...currentOwner(),
      pid: child.pid as number,
      processStart: readProcess(child.pid as number)?.start ?? "",
    };
    expect(isProcessAlive(owner)).toBe("alive");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isProcessAlive(owner)).toBe("gone");
    // A shell that becomes a process which never looks after its child leaves a zombie.
    const parent = spawn("sh", ["-c", "sleep 0.05 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(String(line));
    const start = readProcess(pid)?.start ?? "";
    await until(() => readProcess(pid)?.zombie === true, "the child becomes a zombie");
    expect(isProcessAlive({ ...currentOwner(), pid, processStart: start })).toBe("gone");
    parent.kill("SIGKILL");
    await once(parent, "exit");
  });

  it("tells a reused pid, another boot and another host", () => {
    const here = currentOwner();
    expect(isProcessAlive({ ...here, processStart: "1" })).toBe("gone");
    expect(isProcessAlive({ ...here, pid: process.ppid, processStart: "1" })).toBe("gone");
    expect(isProcessAlive({ ...here, bootId: "another" })).toBe("gone");
    expect(isProcessAlive({ ...here, host: "another" })).toBe("unknown");
    expect(isProcessAlive({ ...here, host: "another", bootId: "another" })).toBe("unknown");
  });

  it("reads names with spaces and parentheses, and the lines of ps", () => {
    const fields = Array.from({ length: 30 }, (_, index) => index + 5).join(" ");
    expect(parseStat(`77 (a) S (b c) Z 1 42 ${fields}`)).toEqual({ pid: 77, group: 42, start: "21", zombie: true });
    expect(parseStat("77 (cut")).toBeUndefined();
    expect(parsePs("  12  10 Ss+  Fri Nov 20 11:00:00 2026\n 13 10 Z Fri Nov 20 11:00:01 2026\n")).toEqual([
      { pid: 12, group: 10, start: "Fri Nov 20 11:00:00 2026", zombie: false },
      { pid: 13, group: 10, start: "Fri Nov 20 11:00:01 2026", zombie: true },
    ]);
  });
});

describe("process groups", () => {
  it("records the group before the command runs, passes output on, and records the end", async () => {
    const states: boolean[] = [];
    const execution = fakeExecution({
      recordProcess: async ({ pid, processStart }) => {
        expect(readProcess(pid)).toMatchObject({ start: processStart, group: pid });
        await new Promise((resolve) => void setTimeout(resolve, 50));
        states.push(existsSync(path("ran")));
      },
    });
    const end = await runGroup(commandOf(execution, 'echo $$ > "$DIR/ran"; echo out; echo err >&2; exit 3'));
    expect(end).toEqual({ exitCode: 3, signal: null, aborted: false, leftovers: 0 });
    expect(states).toEqual([false]);
    expect(execution.output).toEqual({ stdout: "out\n", stderr: "err\n" });
    // The command is the recorded leader, not a child of it.
    expect(execution.ended).toEqual([pidIn("ran")]);
    expect(liveGroups()).toEqual([]);
  });

  it("never runs the command when the group cannot be recorded", async () => {
    const lost = new Error("lease_lost");
    let leader = 0;
    const execution = fakeExecution({
      recordProcess: async ({ pid }) => {
        leader = pid;
        throw lost;
      },
    });
    await expect(runGroup(commandOf(execution, 'touch "$DIR/ran"'))).rejects.toBe(lost);
    expect(existsSync(path("ran"))).toBe(false);
    expect(groupMembers(leader)).toEqual([]);
    expect(execution.ended).toEqual([]);
  });

  it("gives arguments as they are and stdin whole", async () => {
    const execution = fakeExecution();
    const args = ["-c", 'printf "%s|" "$@"; cat', "sh", "a b", "$(touch x)", "'", "*"];
    const stdin = "y".repeat(300_000);
    await runGroup(commandOf(execution, "", { file: "sh", args, stdin }));
    expect(execution.output.stdout).toBe(`a b|$(touch x)|'|*|${stdin}`);
    const early = fakeExecution();
    const end = await runGroup(commandOf(early, "exec 0<&-; echo ignored", { stdin }));
    expect([end.exitCode, early.output.stdout]).toEqual([0, "ignored\n"]);
  });

  it("ends a group that ignores TERM after the grace, with its grandchildren", async () => {
    const execution = fakeExecution();
    const script = `trap '' TERM; (trap '' TERM; sh -c 'echo $$ > "$DIR/grandchild"; sleep 60') & echo $$ > "$DIR/leader"; wait; sleep 60`;
    const running = runGroup(commandOf(execution, script));
    await until(() => hasWritten("grandchild") && hasWritten("leader"), "the group is up");
    const grandchild = pidIn("grandchild");
    expect(groupMembers(pidIn("leader")).map(({ pid }) => pid)).toContain(grandchild);
    const from = performance.now();
    execution.abort("cancel", 150);
    const end = await running;
    expect(performance.now() - from).toBeGreaterThan(140);
    expect(end).toMatchObject({ exitCode: null, signal: "SIGKILL", aborted: true });
    expect(groupMembers(pidIn("leader"))).toEqual([]);
    expect(readProcess(grandchild)?.zombie ?? true).toBe(true);
  });

  it("lets a group end by itself within the grace, and ends the grace early when hurried", async () => {
    const polite = fakeExecution();
    const running = runGroup(
      commandOf(polite, `trap 'echo bye; exit 7' TERM; touch "$DIR/up"; while :; do sleep 0.02; done`),
    );
    await until(() => existsSync(path("up")), "the trap is set");
    polite.abort("pause", 20_000);
    expect(await running).toMatchObject({ exitCode: 7, signal: null, aborted: true });
    expect(polite.output.stdout).toBe("bye\n");

    const stubborn = fakeExecution();
    const hurry = new AbortController();
    const ending = runGroup(commandOf(stubborn, `trap '' TERM; touch "$DIR/stubborn"; while :; do sleep 0.02; done`));
    await until(() => existsSync(path("stubborn")), "the trap is set");
    stubborn.abort("cancel", 60_000, hurry.signal);
    hurry.abort();
    expect(await ending).toMatchObject({ signal: "SIGKILL" });
  });

  it("ends what a finished leader leaves behind in its group, and keeps the leader's exit code", async () => {
    const execution = fakeExecution();
    const script = `(trap '' TERM; echo "$$" > /dev/null; sh -c 'trap "" TERM; echo $$ > "$DIR/left"; while :; do sleep 0.02; done') & while [ ! -s "$DIR/left" ]; do sleep 0.02; done; echo done`;
    const end = await runGroup(commandOf(execution, script));
    expect(end.exitCode).toBe(0);
    expect(end.leftovers).toBeGreaterThan(0);
    expect(execution.output.stdout).toBe("done\n");
    expect(readProcess(pidIn("left"))?.zombie ?? true).toBe(true);
  });

  it("does not wait for ever for somebody who left the group and holds its output", async () => {
    const execution = fakeExecution();
    const end = await runGroup(commandOf(execution, `setsid sleep 30 & echo $! > "$DIR/away"; echo done`));
    expect([end.exitCode, execution.output.stdout]).toEqual([0, "done\n"]);
    process.kill(pidIn("away"), "SIGKILL");
  });

  it("says what is wrong with the working directory or the command, and rejects when already aborted", async () => {
    const execution = fakeExecution();
    await expect(runGroup(commandOf(execution, "true", { cwd: path("missing") }))).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringContaining(path("missing")),
    });
    await expect(runGroup(commandOf(execution, `true ${"x".repeat(300_000)}`))).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringContaining("too long"),
    });
    expect(execution.processes).toEqual([]);
    execution.abort("cancel");
    await expect(runGroup(commandOf(execution, 'touch "$DIR/ran"'))).rejects.toMatchObject({ reason: "cancel" });
    expect(existsSync(path("ran"))).toBe(false);
  });

  it("loses nothing of a lot of output, and waits while it is stored", async () => {
    const execution = fakeExecution();
    let flushes = 0;
    const host = {
      ...execution.input.host,
      flushOutput: async () => {
        flushes += 1;
        await new Promise((resolve) => void setTimeout(resolve, 5));
      },
    };
    await runGroup(commandOf(execution, "head -c 5000000 /dev/zero | tr '\\0' x", { host }));
    expect(execution.output.stdout.length).toBe(5_000_000);
    expect(flushes).toBeGreaterThan(3);
  });
});

/** Runs a group in a process of its own; prints one JSON line per fact on stdout. */
function startHost(script: string, options: { record?: string } = {}) {
  const file = path("host.ts");
  const from = (name: string) => JSON.stringify(new URL(`../../${name}`, import.meta.url).href);
  writeFileSync(
    file,
    `import { runGroup, shellCommand } from ${from("src/actors/processes/process-group.ts")};
import { systemClock } from ${from("src/actors/clock.ts")};
const log = { debug() {}, info() {}, warn() {}, error() {} };
const host = {
  async recordProcess(row) { console.log(JSON.stringify(row)); ${options.record ?? ""} },
  async processEnded() {}, output() {}, async flushOutput() {}, clock: systemClock,
};
const env = { ...process.env, SAFEPOINT_RUN_ID: "run-1", SAFEPOINT_EXECUTION: "main/work@1#1.1", DIR: ${JSON.stringify(dir)} };
const signal = new AbortController().signal;
const exitWhenTold = () => process.exit(9);
process.on("SIGTERM", exitWhenTold);
await runGroup({ ...shellCommand(${JSON.stringify(script)}), cwd: ${JSON.stringify(dir)}, env, signal, graceMs: 100, host, log, onOutput() {} });
`,
  );
  return spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
}

async function recordOf(host: ReturnType<typeof startHost>): Promise<ProcessRow> {
  const [line] = (await once(host.stdout, "data")) as [Buffer];
  const { host: name, bootId } = currentOwner();
  return { runId: "run-1", token: 1, execution: "main/work@1#1.1", host: name, bootId, ...JSON.parse(String(line)) };
}

describe("when the process that started a group dies", () => {
  it("before the release: the command never runs", async () => {
    const host = startHost('touch "$DIR/ran"', { record: "await new Promise(() => setInterval(() => {}, 1000));" });
    const { pid } = await recordOf(host);
    expect(groupMembers(pid).length).toBe(1);
    host.kill("SIGKILL");
    await until(() => groupMembers(pid).length === 0, "the gate closes");
    expect(existsSync(path("ran"))).toBe(false);
  });

  it("after it: recovery ends the recorded group, and waits until it is gone", async () => {
    const host = startHost(`trap '' TERM; sh -c 'echo $$ > "$DIR/member"; while :; do sleep 0.02; done'; true`);
    const row = await recordOf(host);
    await until(() => hasWritten("member"), "the command runs");
    host.kill("SIGKILL");
    await once(host, "exit");
    expect(groupMembers(row.pid).length).toBeGreaterThan(1);
    const recovered = await endRecordedGroups([row], systemClock);
    expect(recovered).toEqual({ ended: [row], foreign: [], unresolved: [] });
    expect(groupMembers(row.pid)).toEqual([]);
    expect(await endRecordedGroups([row], systemClock)).toEqual({ ended: [row], foreign: [], unresolved: [] });
  });

  it("and the leader too: a member with the marks of the execution is enough", async () => {
    const host = startHost(`sh -c 'trap "" TERM; echo $$ > "$DIR/member"; while :; do sleep 0.02; done' & wait`);
    const row = await recordOf(host);
    await until(() => hasWritten("member"), "the command runs");
    host.kill("SIGKILL");
    await once(host, "exit");
    process.kill(row.pid, "SIGKILL");
    await until(() => readProcess(row.pid) === undefined, "the leader is gone");
    expect(groupMembers(row.pid).length).toBeGreaterThan(0);
    // Of another run's execution of the same name nothing is proven, so nothing is ended.
    const other = { ...row, runId: "run-2" };
    expect(await endRecordedGroups([other], systemClock)).toEqual({ ended: [], foreign: [], unresolved: [other] });
    expect(groupMembers(row.pid).length).toBeGreaterThan(0);
    expect(await endRecordedGroups([row], systemClock)).toMatchObject({ ended: [row] });
    expect(groupMembers(row.pid)).toEqual([]);
  });

  it("by process.exit: its groups are killed on the way out", async () => {
    const host = startHost(`trap '' TERM; touch "$DIR/up"; while :; do sleep 0.02; done`);
    const { pid } = await recordOf(host);
    await until(() => existsSync(path("up")), "the command runs");
    host.kill("SIGTERM");
    expect(await once(host, "exit")).toEqual([9, null]);
    await until(() => groupMembers(pid).length === 0, "the group is killed");
  });
});

describe("recovery", () => {
  it("never signals a process that got the number of a recorded one", async () => {
    const stranger = spawn("sleep", ["60"], { detached: true });
    const pid = stranger.pid as number;
    const { host, bootId } = currentOwner();
    const row: ProcessRow = { runId: "run-1", token: 1, execution: "e", host, bootId, pid, processStart: "1" };
    const rows = [row, { ...row, bootId: "before", processStart: readProcess(pid)?.start ?? "" }];
    const recovered = await endRecordedGroups(rows, systemClock);
    expect(recovered.ended).toEqual(rows);
    expect(groupMembers(pid).length).toBe(1);
    await endGroup(pid, { clock: systemClock, graceMs: 0 });
    expect(groupMembers(pid)).toEqual([]);
  });

  it("says whose processes it can say nothing of", async () => {
    const { bootId } = currentOwner();
    const row = {
      runId: "r",
      token: 1,
      execution: "main/a@1#1.1",
      host: "elsewhere",
      bootId,
      pid: 1,
      processStart: "1",
    };
    expect(await endRecordedGroups([row, row], systemClock)).toEqual({
      ended: [],
      foreign: ["main/a@1#1.1"],
      unresolved: [],
    });
  });
});
