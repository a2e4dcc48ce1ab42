/** Who follows a run answers, or is told of, the questions of its child runs as well. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { fakeStream, run, tempDir } from "./fake-io.ts";

const digraph = (body: string) => `digraph d { start [shape=Mdiamond]; exit [shape=Msquare]; ${body} }`;
const ASKS = digraph(
  'ask [shape=hexagon, label="Ship it?"]; start -> ask; ask -> exit [label=Yes]; ask -> ask [label=No]',
);
const CHILD = (file: string) => digraph(`sub [type=pipeline, child="${file}"]; start -> sub -> exit`);

let cwd: string;
beforeEach(() => {
  cwd = tempDir({ "top.dot": CHILD("middle.dot"), "middle.dot": CHILD("asks.dot"), "asks.dot": ASKS });
});

const ASKED = "r1~sub@1.0~sub@1.0";

it("--auto-approve answers questions of children, and of theirs", async () => {
  const { code } = await run("run top.dot --run-id r1 --auto-approve --json", { cwd });
  expect(code).toBe(0);
  const { stdout } = await run(`show ${ASKED} --json`, { cwd });
  expect(JSON.parse(stdout)).toMatchObject({ status: "completed" });
});

it("--answers has them by node", async () => {
  writeFileSync(join(cwd, "answers.json"), JSON.stringify({ ask: ["No", "Yes"] }));
  const { code } = await run("run top.dot --run-id r1 --answers answers.json --json", { cwd });
  expect(code).toBe(0);
  const { stdout } = await run(`show ${ASKED} --json`, { cwd });
  expect(JSON.parse(stdout).stages.filter(({ node }: { node: string }) => node === "ask")).toHaveLength(2);
});

it("--no-wait-gates leaves where nothing but an answer to a child is missing", async () => {
  const { code } = await run("run top.dot --run-id r1 --no-wait-gates --json", { cwd });
  expect(code).toBe(4);
  const questions = await run("questions --json", { cwd });
  expect(JSON.parse(questions.stdout).questions).toMatchObject([{ runId: ASKED, gate: "main/ask@1" }]);
  expect((await run(`answer ${ASKED} main/ask@1 Yes`, { cwd })).code).toBe(0);
  expect((await run("resume r1 --json", { cwd })).code).toBe(0);
});

it("says which command answers a question of a child", async () => {
  // Whoever drives the run writes its line: that is when the question is there.
  const told = Promise.withResolvers<void>();
  const stderr = fakeStream();
  const write = async (text: string) => {
    await stderr.write(text);
    if (stderr.text.includes("answer with")) told.resolve();
  };
  const running = run("run top.dot --run-id r1 --json", {
    cwd,
    stderr: Object.assign(Object.create(stderr), { write }),
  });
  await told.promise;
  expect(stderr.text).toContain(`answer with: safepoint answer ${ASKED} main/ask@1 <Y|N>`);
  expect((await run(`answer ${ASKED} main/ask@1 Yes`, { cwd })).code).toBe(0);
  expect((await running).code).toBe(0);
});
