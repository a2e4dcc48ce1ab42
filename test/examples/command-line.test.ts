/** The examples that are typed into a terminal print what their READMEs say. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRuntime, lint, parsePipeline } from "../../src/index.ts";
import { run } from "../package/commands.ts";
import { projectPaths, ROOT, readSource } from "../tidy/sources.ts";
import { freshDist } from "./fresh-dist.ts";
import { sessionsOf, settled } from "./readme.ts";

let dir: string;

beforeAll(async () => {
  await freshDist();
  dir = await mkdtemp(join(tmpdir(), "safepoint-examples-"));
}, 60_000);

afterAll(async () => await rm(dir, { recursive: true, force: true }));

/** As pasted into a shell at the root of the repository, with the stores elsewhere. */
function paste(commands: string) {
  const elsewhere = commands.replaceAll(".safepoint/", `${dir}/`);
  const store = join(dir, "store.db");
  const path = `export PATH="${dirname(process.execPath)}:$PATH" SAFEPOINT_STORE="${store}" npm_config_loglevel=error`;
  return run("bash", ["-c", `${path}\nexec 2>&1\n${elsewhere}`], { cwd: ROOT });
}

it("hello prints what its README says, and can be asked about afterwards", async () => {
  const [start, afterwards] = sessionsOf("examples/hello/README.md");
  const printed = await paste(start?.commands ?? "");
  expect(settled(printed.stdout)).toEqual(settled(start?.printed ?? ""));
  expect(printed.code).toBe(0);
  const asked = await paste(`set -e\n${afterwards?.commands}`);
  expect(asked.code, asked.stdout).toBe(0);
  expect(asked.stdout).toContain('"to":"happy"');
  expect(asked.stdout).toContain('"tool.output": "hello, world"');
  expect(asked.stdout).toContain("prompt.md");
});

it("hello goes back while its check fails, until its third visit was the last", async () => {
  const source = readSource("examples/hello/pipeline.dot").text.replace(
    /tool_command="[^"]*"/,
    'tool_command="exit 1"',
  );
  await using runtime = await createRuntime();
  const view = await (await runtime.start(source)).finished();
  expect(view.failure?.code).toBe("max_visits");
  const visits = view.stages.map(({ node, visit }) => `${node}@${visit}`);
  const once = (visit: number) => [`greet@${visit}`, `check@${visit}`, `happy@${visit}`];
  expect(visits).toEqual(["start@1", ...once(1), ...once(2), ...once(3)]);
});

it("the resume script finds what a killed process left open, and ends it", async () => {
  const [session] = sessionsOf("examples/resume-script/README.md");
  const { stdout, code } = await paste(session?.commands ?? "");
  // What the shell says of the process that was killed is between the two programs' lines.
  const lines = settled(stdout).filter((line) => !/\bKilled\b/.test(line));
  expect(lines).toEqual(settled(session?.printed ?? ""));
  expect(code).toBe(0);
});

describe("the pipeline of", () => {
  const pipelines = projectPaths().filter((path) => path.startsWith("examples/") && path.endsWith(".dot"));

  it.each(pipelines)("%s has nothing that lint would warn of", (path) => {
    const found = lint(parsePipeline(readSource(path).text), { types: new Set(["rollout"]) });
    const own = path.includes("state-machine") ? ["all_conditional_edges", "failure_has_no_route"] : [];
    const problems = found.filter(({ severity, rule }) => severity !== "info" && !own.includes(rule));
    expect(problems.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([]);
  });
});
