import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createRollout } from "../../examples/state-machine/rollout.machine.ts";
import { lastSnapshot, start, stored } from "./machine-fixtures.ts";
import { TestClock } from "./test-clock.ts";

const at = (path: string) => new URL(`../../${path}`, import.meta.url).href;
/** Resolves the package to its sources, where a user of the example has it installed. */
const HOOK = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  const doors = { safepoint: "${at("src/index.ts")}", "safepoint/sqlite": "${at("src/persistence/sqlite/index.ts")}" };
  registerHooks({ resolve: (name, context, next) => next(doors[name] ?? name, context) });
`)}`;

function runMain(...args: string[]) {
  const main = new URL("../../examples/state-machine/main.ts", import.meta.url).pathname;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["--import", HOOK, main, dir, ...args], {
    encoding: "utf8",
  });
  return { status, signal, stdout, stderr };
}

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "safepoint-test-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const traffic = () => readFileSync(join(dir, "traffic"), "utf8");
const rollout = (isHealthy = (_percent: number) => true) =>
  createRollout({ trafficFile: join(dir, "traffic"), isHealthy });

/** Time passes while files are written: in small steps until the handler has ended. */
async function finish(clock: TestClock, end: Promise<unknown>): Promise<void> {
  let ended = false;
  void end.then(() => {
    ended = true;
  });
  while (!ended) await clock.advance(20);
}

it("rolls out step by step", async () => {
  const clock = new TestClock();
  const { end } = start(rollout(), clock);
  await finish(clock, end);
  expect((await end).outcome).toEqual({ status: "success", contextUpdates: { percent: 100 } });
  expect(traffic()).toBe("10\n50\n100\n");
});

it("stops where it is unhealthy", async () => {
  const clock = new TestClock();
  const { end } = start(
    rollout((percent) => percent < 50),
    clock,
  );
  await finish(clock, end);
  expect((await end).outcome).toEqual({ status: "unhealthy", contextUpdates: { percent: 50 } });
  expect(traffic()).toBe("10\n50\n");
});

it("goes on after its process died while it was baking, and shifts no traffic twice", async () => {
  const clock = new TestClock();
  const first = start(rollout(), clock);
  while (first.execution.snapshots.length === 0 || stored(first.execution).snapshot.value !== "baking") {
    await clock.advance(10);
  }
  const machineSnapshot = lastSnapshot(first.execution);
  first.execution.abort("lease_lost");
  await first.end;
  const { end } = start(rollout(), clock, { machineSnapshot });
  await finish(clock, end);
  expect((await end).outcome.status).toBe("success");
  expect(traffic()).toBe("10\n50\n100\n");
});

it("goes on after kill -9 as a whole program, with the delay that was left", () => {
  expect(runMain("--crash")).toMatchObject({ status: null, signal: "SIGKILL", stdout: "starts\n" });
  expect(runMain()).toEqual({
    status: 0,
    signal: null,
    stdout: "goes on\nstatus: completed\ntraffic: 10, 50, 100 percent\n",
    stderr: "",
  });
});
