/** The examples of fan-outs, foreach and loops do what their READMEs say. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JournalEntry, JsonValue } from "../../src/index.ts";
import type { RunView } from "../../src/journal/run-view.ts";
import { run } from "../package/commands.ts";
import { ROOT, readSource } from "../tidy/sources.ts";
import { freshDist } from "./fresh-dist.ts";
import { sessionsOf, settled } from "./readme.ts";
import { openTerminal, type Terminal, until } from "./terminal.ts";

const terminals: Terminal[] = [];

beforeAll(freshDist, 60_000);
afterAll(() => {
  for (const terminal of terminals) terminal.close();
});

function open(name: string, env: Readonly<Record<string, string>> = {}) {
  const terminal = openTerminal(name, (dir) => ({ COUNT_LOG: join(dir, "foreach.log"), ...env }));
  terminals.push(terminal);
  const json = async <T>(command: string) => {
    const { stdout, stderr } = await terminal.paste(`npx safepoint ${command} --json`);
    if (stdout === "") throw new Error(stderr);
    return JSON.parse(stdout) as T;
  };
  return { ...terminal, json };
}

it("the parallel review is decided by three of five, and listens to the strictest", async () => {
  const { paste, json } = open("review");
  const [session, look] = sessionsOf("examples/parallel-review/README.md");
  const { code, stdout, stderr } = await paste(session?.commands ?? "");
  expect(code, stderr).toBe(0);
  // At which seq depends on which of the failure and the reviews is there first.
  const rows = (printed: string) =>
    settled(printed.replace(/at seq \d+/, "at seq <seq>")).filter((line) => line.startsWith("main/"));
  expect(rows(stdout)).toEqual(rows(session?.printed ?? ""));
  expect(rows(stdout)).toHaveLength(16);

  const looked = await paste(look?.commands ?? "");
  expect(looked.code, looked.stderr).toBe(0);
  const events = looked.stdout.split("\n").filter((line) => line.startsWith('{"'));
  const [started, decided] = events.map((line) => JSON.parse(line) as JournalEntry);
  expect(started?.data).toMatchObject({ joinRule: "fan_in", join: "pick", policy: "quorum", need: 3, maxParallel: 3 });
  expect(decided?.data).toMatchObject({ decision: "success", succeeded: 3, failed: 1, open: 1 });
  const context = await json<Record<string, JsonValue>>("context review");
  expect(context).toMatchObject({ "parallel.winner": "words", score: 5, remarks: "lines 3, 4, 8, 12, 15" });
  expect(context["tool.output"]).toBe("Begin with the words: lines 3, 4, 8, 12, 15");
  // The lawyer has left nothing.
  const results = context["parallel.review.results"] as readonly { readonly id: string }[];
  expect(results.map(({ id }) => id)).toEqual(["sources", "sentences", "words", "structure"]);
  expect(Object.keys(context).filter((key) => key.startsWith("parallel.review.1."))).toEqual([]);
}, 30_000);

it("the review that too few read is put off, and never reaches the fan-in", async () => {
  const { dir, paste, json } = open("put-off", { DRAFT: "examples/parallel-review/no-such-draft.md" });
  // Nobody waits a minute for the slow one, which could make it two.
  const quick = readSource("examples/parallel-review/pipeline.dot").text.replace(
    "review.sh lawyer",
    "review.sh nobody",
  );
  const file = join(dir, "quick.dot");
  writeFileSync(file, quick);
  const { code } = await paste(`npx safepoint run ${file} --run-id r`);
  expect(code).toBe(1);
  const view = await json<RunView>("show r");
  expect(view.failure?.code).toBe("stage_failed");
  const main = view.stages.filter(({ branch }) => branch === "main").map(({ node, status }) => `${node} ${status}`);
  expect(main).toEqual(["start succeeded", "review failed", "put_off failed"]);
}, 30_000);

it("the foreach is paused, killed and resumed, and counts every file once", async () => {
  const { dir, paste, json } = open("foreach", { STEP_SECONDS: "0.1" });
  const log = join(dir, "foreach.log");
  const counted = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
  const [start, pause, kill, look] = sessionsOf("examples/foreach/README.md");
  const first = paste(start?.commands ?? "");
  await until(() => counted().length >= 10);

  const paused = await paste(pause?.commands ?? "");
  expect(paused.code, paused.stderr).toBe(0);
  const view = JSON.parse(paused.stdout.slice(paused.stdout.indexOf('{\n  "runId"'))) as RunView;
  const [container] = view.containers;
  expect(view).toMatchObject({ status: "paused", control: { draining: [] } });
  expect(container).toMatchObject({ activation: "main/count_all@1", kind: "foreach", total: 60, failed: 0 });
  // What was counted when the pause came waits for its end to be taken.
  const held = view.control.held.filter(({ what }) => what === "end");
  expect(held.length).toBeLessThanOrEqual(4);
  expect(counted()).toHaveLength((container?.completed ?? 0) + held.length);

  const resumed = await paste(kill?.commands ?? "");
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(await first).toMatchObject({ signal: "SIGKILL" });
  expect(counted()).toHaveLength(60);
  const looked = await paste(look?.commands ?? "");
  expect([looked.code, looked.stdout.split("\n")[0], looked.stdout]).toEqual([
    0,
    "{",
    expect.stringContaining("f: ok"),
  ]);

  const context = await json<Record<string, JsonValue>>("context f");
  const results = context["foreach.count_all.results"] as readonly { index: number; status: string; value: number }[];
  const files = context["files"] as readonly string[];
  const lines = files.map((file) => readFileSync(join(ROOT, file), "utf8").split("\n").length - 1);
  expect(results.map(({ index, status, value }) => [index, status, value])).toEqual(
    lines.map((count, index) => [index, "success", count]),
  );
  expect(context).toMatchObject({ counted: 60, lines: lines.reduce((sum, count) => sum + count, 0) });
  expect(counted().toSorted()).toEqual([...files]);
}, 60_000);

it("the nested loops print what their README says, paused twice in one iteration", async () => {
  const [session] = sessionsOf("examples/nested-loops/README.md");
  const { stdout, code } = await run("bash", ["-c", session?.commands ?? ""], { cwd: ROOT });
  expect([code, stdout]).toEqual([0, session?.printed]);
}, 30_000);
