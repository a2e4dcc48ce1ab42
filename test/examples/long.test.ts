/** The session of examples/long, with the processes and the `kill -9` that its README tells to type. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { RunView } from "../../src/journal/run-view.ts";
import { sessionsOf } from "./readme.ts";
import { openTerminal, until } from "./terminal.ts";

const logIn = (dir: string) => join(dir, "long-steps.log");
const { dir, paste, close } = openTerminal("long", (at) => ({ STEPS_LOG: logIn(at), STEP_SECONDS: "0.05" }));
const log = logIn(dir);

afterAll(close);

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
