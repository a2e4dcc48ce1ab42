import { beforeEach, expect, it } from "vitest";
import { run, tempDir } from "./fake-io.ts";

const SOURCE = `digraph p {
  start [shape=Mdiamond]
  a [shape=parallelogram, tool_command="echo a >> done"]
  b [shape=parallelogram, tool_command="echo b >> done; test -e ready"]
  exit [shape=Msquare]
  start -> a -> b -> exit
}
`;

let cwd: string;
beforeEach(() => {
  cwd = tempDir({ "p.dot": SOURCE });
});
const json = async (line: string) => {
  const { code, stdout, stderr } = await run(`${line} --json`, { cwd });
  return { code, result: JSON.parse(stdout || stderr) };
};

it("makes a new run of one that has ended, and leaves it to be resumed", async () => {
  const { readFileSync, writeFileSync } = await import("node:fs");
  expect((await run("run p.dot --run-id r --quiet", { cwd })).code).toBe(1);
  const forked = await json("fork r --run-id f --context k=[1] --label who=me");
  expect(forked).toMatchObject({ code: 0, result: { runId: "f", from: "r", status: "queued", needs: "resume" } });
  expect((await json("runs --label who=me")).result.runs).toMatchObject([{ runId: "f", parentRun: "r" }]);
  writeFileSync(`${cwd}/ready`, "");
  expect((await run("resume f --quiet", { cwd })).code).toBe(0);
  expect(readFileSync(`${cwd}/done`, "utf8")).toBe("a\nb\nb\n");
  expect((await json("context f")).result).toMatchObject({ k: [1] });
  expect((await json("show r")).result).toMatchObject({ status: "failed", lineage: { children: [{ runId: "f" }] } });
  expect((await run("verify --all", { cwd })).code).toBe(0);
});

it("takes a seq or a stage, and says what is wrong with others", async () => {
  await run("run p.dot --run-id r --quiet", { cwd });
  expect(await json("fork r --at main/a@1 --run-id f")).toMatchObject({ code: 0, result: { runId: "f" } });
  expect((await run("fork r --at 6", { cwd })).stdout).toMatch(/^forked r at seq \d+ as .*\n`safepoint resume/);
  expect(await json("fork r --at soon")).toMatchObject({ code: 2 });
  expect(await json("fork r --at main/x@1")).toMatchObject({ code: 2 });
  expect(await json("fork nobody")).toMatchObject({ code: 66 });
  expect(await json("fork r --run-id f")).toMatchObject({ code: 5, result: { error: { code: "run_exists" } } });
});
