import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { HELLO, type Result, tempDir } from "./fake-io.ts";

const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

let cwd: string;
beforeEach(() => {
  cwd = tempDir({ "hello.dot": HELLO, "slow.dot": slow(1) });
});

/** A pipeline whose first stage waits for a file `go`. */
function slow(stages: number): string {
  const nodes = Array.from({ length: stages }, (_, index) => `n${index} [prompt="x"]; `).join("");
  const chain = Array.from({ length: stages }, (_, index) => `n${index} -> `).join("");
  return `digraph slow {
    start [shape=Mdiamond]
    a [shape=parallelogram, tool_command="echo ran >> ran; while [ -e ran ] && [ ! -e go ]; do sleep 0.02; done"]
    ${nodes}
    exit [shape=Msquare]
    start -> a -> ${chain} exit
  }`;
}

function cli(args: readonly string[], env: Record<string, string> = {}): Promise<Result> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, ...env }, encoding: "utf8" as const };
    execFile(process.execPath, [BIN, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

/** Starts the slow run as a process of its own and waits until its command runs. */
async function began(): Promise<{ child: ChildProcess; ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [BIN, "run", "slow.dot", "--run-id", "r1", "--json"], { cwd, stdio: "pipe" });
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  child.stdout?.resume();
  child.stderr?.resume();
  await until(() => existsSync(join(cwd, "ran")));
  return { child, ended };
}

const ran = () => readFileSync(join(cwd, "ran"), "utf8").trim().split("\n").length;

describe("the binary", () => {
  it("exits with what main answers, data on stdout alone", async () => {
    const done = await cli(["run", "hello.dot", "--json", "--quiet"]);
    expect(done).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(done.stdout)).toMatchObject({ status: "completed" });
    expect(await cli(["show", "nope", "--json"])).toMatchObject({ code: 66, stdout: "" });
    expect((await cli(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+/);
  });

  it("follows and waits for a run that another process drives, to its end", async () => {
    const { ended } = await began();
    const followed = cli(["events", "r1", "--follow"]);
    const waited = cli(["wait", "r1", "--json"]);
    // By the end of this one the two have read all there is, and wait.
    expect((await cli(["show", "r1", "--json"])).code).toBe(0);
    writeFileSync(join(cwd, "go"), "");
    expect(await ended).toBe(0);
    const { code, stdout, stderr } = await followed;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ type: "run.completed" });
    expect(await waited).toMatchObject({ code: 0 });
  });

  it("bears a reader that leaves early", async () => {
    writeFileSync(join(cwd, "go"), "");
    writeFileSync(join(cwd, "slow.dot"), slow(300));
    await cli(["run", "slow.dot", "--run-id", "r1", "--quiet"]);
    const program = `"$0" "$1" events r1 | head -n 1; echo "exit \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) =>
      execFile("bash", ["-c", program, process.execPath, BIN], { cwd, encoding: "utf8" }, (_e, stdout, stderr) =>
        resolve({ stdout, stderr }),
      ),
    );
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^\{"runId":"r1","seq":1,.*\}\nexit 0\n$/);
  });

  it("loads handlers written in TypeScript", async () => {
    const own = "digraph { start [shape=Mdiamond]; a [type=review]; exit [shape=Msquare]; start -> a -> exit }";
    writeFileSync(join(cwd, "own.dot"), own);
    writeFileSync(
      join(cwd, "own.ts"),
      "export const handlers = { review: (input: { stage: string }): string => input.stage };",
    );
    const { code, stdout } = await cli(["run", "own.dot", "--json", "--quiet", "--handlers", "own.ts"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).stages[1]).toMatchObject({ node: "a", notes: "main/a@1" });
  });

  it("does not call it done when its result could not be written", async () => {
    await cli(["run", "hello.dot", "--run-id", "r1", "--quiet"]);
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [BIN, "show", "r1"], { cwd, stdio: ["ignore", full, "ignore"] });
    expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(75);
    closeSync(full);
  });

  it("names the owner to whoever resumes a run that is driven, and exits 75", async () => {
    const { child, ended } = await began();
    const { code, stderr } = await cli(["resume", "r1", "--json"]);
    expect(code).toBe(75);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "run_owned", details: { owner: { pid: child.pid }, leaseUntil: expect.stringMatching(/Z$/) } },
    });
    writeFileSync(join(cwd, "go"), "");
    expect(await ended).toBe(0);
  });

  it("killed with SIGKILL leaves a run that another process resumes to its end", async () => {
    const { child, ended } = await began();
    child.kill("SIGKILL");
    await ended;
    writeFileSync(join(cwd, "go"), "");
    const { code, stdout } = await cli(["resume", "r1", "--json"]);
    expect(code).toBe(0);
    const view = JSON.parse(stdout);
    expect(view).toMatchObject({ status: "completed", resumeEpoch: 1 });
    expect(view.stages[1].attempts.map((each: { status: string }) => each.status)).toEqual([
      "interrupted",
      "succeeded",
    ]);
    expect(ran()).toBe(2);
    expect((await cli(["verify", "--all"])).code).toBe(0);
  });

  it("pauses on Ctrl-C, and ends itself and its processes on the third", async () => {
    writeFileSync(
      join(cwd, "slow.dot"),
      `digraph { start [shape=Mdiamond]; exit [shape=Msquare]
        a [shape=parallelogram, tool_command="trap '' TERM; echo $$ > ran; while :; do sleep 0.05; done"]
        start -> a -> exit }`,
    );
    const { child, ended } = await began();
    await until(() => readFileSync(join(cwd, "ran"), "utf8") !== "");
    const pid = Number(readFileSync(join(cwd, "ran"), "utf8"));
    expect(isAlive(pid)).toBe(true);
    for (const _ of [1, 2, 3]) {
      child.kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await ended).toBe(130);
    await until(() => !isAlive(pid));
  });

  it("--detach prints the id once the run is stored and leaves it to another process", async () => {
    const { code, stdout } = await cli(["run", "slow.dot", "--detach", "--json", "--input", "n=1", "--label", "a=b c"]);
    expect(code).toBe(0);
    const { runId, pid, log } = JSON.parse(stdout);
    expect(JSON.parse((await cli(["show", runId, "--json"])).stdout)).toMatchObject({
      inputs: { n: 1 },
      labels: { a: "b c" },
      owner: { pid },
    });
    writeFileSync(join(cwd, "go"), "");
    expect((await cli(["wait", runId, "--timeout", "20s"])).code).toBe(0);
    expect(readFileSync(log, "utf8")).toContain("run completed");
    expect(ran()).toBe(1);
  });

  it("--detach tells why a run did not start", async () => {
    const { code, stdout, stderr } = await cli(["run", "hello.dot", "--detach", "--run-id", "not/an/id"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("not/an/id");
    await cli(["run", "hello.dot", "--quiet", "--run-id", "r1"]);
    expect((await cli(["run", "hello.dot", "--detach", "--run-id", "r1"])).code).toBe(5);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
