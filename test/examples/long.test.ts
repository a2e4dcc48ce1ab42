/** The session of examples/long, with the processes and the `kill -9` that its README tells to type. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { RunView } from "../../src/journal/run-view.ts";
import { ROOT } from "../tidy/sources.ts";
import { sessionsOf } from "./readme.ts";

const dir = mkdtempSync(join(tmpdir(), "safepoint-long-"));
const log = join(dir, "long-steps.log");
const started: ReturnType<typeof spawn>[] = [];

afterAll(() => {
  for (const child of started) if (child.exitCode === null) child.kill("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A block of the README in a shell at the root, with the sources instead of the package and the store elsewhere. */
function paste(commands: string): Promise<Ended> {
  const own = commands
    .trim()
    .replaceAll("npx safepoint", `"${process.execPath}" src/cli/bin.ts`)
    .replaceAll(".safepoint/", `${dir}/`);
  // One command in place of its shell: what is killed is then the process itself.
  const text = own.includes("\n") ? own : `exec ${own}`;
  const env = { ...process.env, SAFEPOINT_STORE: join(dir, "store.db"), STEPS_LOG: log, STEP_SECONDS: "0.05" };
  const child = spawn("bash", ["-c", `export PATH="${join(process.execPath, "..")}:$PATH"\n${text}`], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  const texts = { stdout: "", stderr: "" };
  child.stdout.on("data", (piece) => (texts.stdout += piece));
  child.stderr.on("data", (piece) => (texts.stderr += piece));
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, ...texts })));
}

const steps = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
const stepsOf = (what: string) => steps().filter((line) => line.startsWith(`${what} `));

it("pauses for another terminal, stays paused over kill -9, and goes on where it was", async () => {
  const [start, pause, kill, resume, look] = sessionsOf("examples/long/README.md");
  const first = paste(start!.commands);
  await until(() => steps().length > 0);

  const paused = await paste(pause!.commands);
  expect(paused).toMatchObject({ code: 0, stderr: "" });
  const { commandId, held, ...answer } = JSON.parse(paused.stdout);
  const { commandId: _id, held: _held, ...promised } = JSON.parse(pause!.printed!);
  expect(answer).toEqual(promised);
  expect(held).toEqual([expect.stringMatching(/^main\/(?:build|check)@1$/)]);
  const doneBefore = steps();

  const shown = await paste(kill!.commands);
  expect(shown.code, shown.stderr).toBe(0);
  expect(await first).toMatchObject({ signal: "SIGKILL" });
  const view = JSON.parse(shown.stdout) as RunView;
  expect(view).toMatchObject({ status: "paused", owner: null, statusReason: "unowned", control: { draining: [] } });
  expect(view.control.held).toMatchObject([{ what: "stage", stage: held[0], reason: "pause" }]);
  expect(view.stages.filter(({ status }) => status === "running")).toEqual([]);

  const second = paste(resume!.commands);
  await until(async () => (await paste("npx safepoint questions demo")).stdout.includes("Publish it?"));
  expect((await paste("npx safepoint answer demo main/ready@1 publish")).code).toBe(0);
  const ended = await second;
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).toContain("check#1 retrying in");

  // What was done before the pause was done once, and nothing was done while it lasted.
  expect(steps().slice(0, doneBefore.length)).toEqual(doneBefore);
  expect([stepsOf("fetch"), stepsOf("build"), stepsOf("check"), stepsOf("publish")].map((all) => all.length)).toEqual([
    20, 30, 20, 20,
  ]);
  const looked = await paste(look!.commands);
  const types = [...looked.stdout.matchAll(/"type":"([a-z.]+)"/g)].map(([, type]) => type);
  expect(types).toEqual(["run.pausing", "run.paused", "run.resumed", "run.continued"]);
}, 60_000);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const late = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > late) throw new Error(`not within 20 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
