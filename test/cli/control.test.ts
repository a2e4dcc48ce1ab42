import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { describeControl, exitCodeOf } from "../../src/cli/control/describe-control.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { ControlResult } from "../../src/runtime/api.ts";
import { demoStore } from "../queries/stored-run.ts";
import { run, tempDir } from "./fake-io.ts";

const SLOW = `digraph slow {
  start [shape=Mdiamond]
  a [shape=parallelogram, tool_command="touch $PLACE; while [ -e slow.dot ] && [ ! -e go ]; do sleep 0.02; done"]
  ask [shape=hexagon, label="Ship it?"]
  ship [prompt="ship \${continue.message}"]
  exit [shape=Msquare]
  start -> a -> ask
  ask -> ship [label="[Y] Yes"]
  ask -> exit [label="[N] No"]
  ship -> exit
}
`;

let cwd: string;
beforeEach(() => {
  cwd = tempDir({ "slow.dot": SLOW.replace("$PLACE", "began") });
});

const go = () => writeFileSync(join(cwd, "go"), "");
const json = async (line: string) => {
  const { code, stdout } = await run(`${line} --json`, { cwd });
  return { code, result: JSON.parse(stdout) };
};

const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

/** Starts the run in a process of its own and waits until it is stored; its exit code comes with `ended`. */
async function drive(runId = "r1", ...options: readonly string[]): Promise<{ ended: Promise<number | null> }> {
  const child = spawn(process.execPath, [BIN, "run", "slow.dot", "--quiet", "--run-id", runId, ...options], {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (bytes) => {
    said += String(bytes);
  });
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  await until(async () => {
    if (child.exitCode !== null && child.exitCode > 5) throw new Error(`it left with ${child.exitCode}: ${said}`);
    return (await run(`show ${runId}`, { cwd })).code === 0;
  });
  return { ended };
}

/** As {@link drive}, and waits until the first stage is in flight. */
async function began(): Promise<{ ended: Promise<number | null> }> {
  const driven = await drive();
  await until(() => existsSync(join(cwd, "began")));
  return driven;
}

describe("pause, continue, cancel", () => {
  it("reach a run that somebody else drives, and print what they came to", async () => {
    const { ended } = await began();
    const paused = await json("pause r1 --reason lunch");
    expect(paused).toMatchObject({
      code: 0,
      result: { accepted: true, changed: true, before: "running", after: "pausing", draining: ["main/a@1#1.1"] },
    });
    const again = await json("pause r1");
    expect(again).toMatchObject({ code: 0, result: { accepted: true, changed: false } });
    go();
    expect((await run("wait r1 --for paused --timeout 10s", { cwd })).code).toBe(0);
    expect(await json("continue r1")).toMatchObject({ code: 0, result: { accepted: true, after: "running" } });
    expect(await json("continue r1")).toMatchObject({ code: 5, result: { accepted: false, code: "not_paused" } });
    expect((await run("cancel r1 --wait", { cwd })).code).toBe(0);
    expect(await ended).toBe(3);
    expect(await json("pause r1")).toMatchObject({ code: 5, result: { accepted: false, code: "run_cancelled" } });
    const { stdout } = await run("events r1 --type control.accepted", { cwd });
    expect(stdout).toContain('"reason":"lunch"');
  });

  it("--wait waits for the truth", async () => {
    const { ended } = await began();
    const pausing = run("pause r1 --wait", { cwd });
    expect((await run("wait r1 --for pausing --timeout 10s", { cwd })).code).toBe(0);
    go();
    expect(await pausing).toMatchObject({
      code: 0,
      stdout: [
        "pause accepted: running → pausing, 1 draining",
        "  draining main/a@1#1.1",
        "run paused, 1 held",
        "  held stage main/ask@1",
        "  go on with `safepoint continue r1`",
        "",
      ].join("\n"),
    });
    expect(JSON.parse((await run("show r1 --json", { cwd })).stdout).status).toBe("paused");
    expect((await run("cancel r1", { cwd })).code).toBe(0);
    await ended;
  });

  it("the same command id repeats the result", async () => {
    const { ended } = await began();
    const first = await json("pause r1 --command-id c1");
    const second = await json("pause r1 --command-id c1");
    expect(second.result).toEqual(first.result);
    const other = await run("cancel r1 --command-id c1 --json", { cwd });
    expect(other.code).toBe(5);
    expect(JSON.parse(other.stderr)).toMatchObject({ error: { code: "command_id_reused" } });
    await run("cancel r1 --force", { cwd });
    await ended;
  });

  it("with --all, --label or --status give many runs theirs, one line each", async () => {
    const first = await drive("r1", "--label", "team=a");
    const second = await drive("r2", "--label", "team=b");
    const dry = await run("pause --all --dry-run", { cwd });
    expect(dry.stdout.trim().split("\n").toSorted()).toEqual(["r1  running", "r2  running"]);
    const { code, stdout } = await run("cancel --label team=a --json", { cwd });
    expect(code).toBe(0);
    const results = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(results).toMatchObject([{ runId: "r1", accepted: true }]);
    expect((await run("cancel --status running,pausing --wait", { cwd })).stdout).toMatch(/^r2: cancel accepted/);
    expect(await Promise.all([first.ended, second.ended])).toEqual([3, 3]);
    expect((await run("cancel --all", { cwd })).stdout).toBe("");
  });

  it("need a run or a selection, and not both", async () => {
    const store = sqliteStore(join(cwd, ".safepoint/safepoint.db"));
    await demoStore(5, store);
    await store.close();
    for (const line of ["pause", "pause demo --all", "cancel demo --label a=b"]) {
      expect((await run(line, { cwd })).code).toBe(2);
    }
    expect((await run("pause nope", { cwd })).code).toBe(66);
    expect(await json("cancel demo")).toMatchObject({ code: 5, result: { code: "run_finished" } });
    expect((await run("pause demo --mode gently", { cwd })).code).toBe(2);
    expect((await run("pause demo --deadline soon", { cwd })).code).toBe(2);
  });
});

describe("a run that nobody drives", () => {
  it("is paused and cancelled by whoever asks, and starts nothing", async () => {
    go();
    await run("run slow.dot --quiet --run-id r1 --no-wait-gates", { cwd });
    expect(await json("pause r1")).toMatchObject({ code: 0, result: { accepted: true, after: "paused" } });
    expect((await run("resume r1", { cwd })).code).toBe(4);
    expect(await json("cancel r1")).toMatchObject({ code: 0, result: { accepted: true, after: "cancelled" } });
    expect(await json("show r1")).toMatchObject({ result: { status: "cancelled" } });
  });
});

describe("questions and answers", () => {
  it("are listed and given from elsewhere", async () => {
    go();
    const { ended } = await began();
    await until(async () => (await json("questions r1")).result.questions.length === 1);
    const { result } = await json("questions");
    expect(result.questions).toMatchObject([
      { runId: "r1", stage: "main/ask@1", text: "Ship it?", kind: expect.any(String) },
    ]);
    const { gate } = result.questions[0];
    expect((await run("questions r1", { cwd })).stdout).toContain("Ship it?");
    expect(await json(`answer r1 ${gate} perhaps`)).toMatchObject({
      code: 5,
      result: { accepted: false, code: "answer_invalid" },
    });
    expect(await json("answer r1 nogate Y")).toMatchObject({ code: 66, result: { code: "gate_not_found" } });
    expect(await json(`answer r1 ${gate} Y`)).toMatchObject({ code: 0, result: { accepted: true } });
    expect(await ended).toBe(0);
    expect((await run("questions", { cwd })).stdout).toBe("no open questions\n");
    expect((await run("questions nope", { cwd })).code).toBe(66);
  });
});

describe("what a command came to", () => {
  const base: ControlResult = {
    runId: "r1",
    commandId: "c1",
    verb: "pause",
    accepted: true,
    changed: true,
    draining: [],
    held: [],
  };

  it.each([
    [{ before: "running", after: "pausing", draining: ["x"] }, 0, "pause accepted: running → pausing, 1 draining"],
    [{ changed: false, after: "paused", held: ["x", "y"] }, 0, "pause accepted: no change, paused, 2 held"],
    [{ accepted: null, pending: true }, 75, "pause stored as c1; whoever drives the run will take it"],
    [{ accepted: false, code: "run_finished", hint: "it is over" }, 5, "pause refused: run_finished (it is over)"],
    [{ accepted: false, code: "gate_not_found" }, 66, "pause refused: gate_not_found"],
  ] as const)("%j", (changes, code, text) => {
    const result = { ...base, ...changes } as ControlResult;
    expect(exitCodeOf(result)).toBe(code);
    expect(describeControl(result)).toBe(text);
  });
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
