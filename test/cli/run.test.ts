import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import type { FakeIo } from "./fake-io.ts";
import { fakeIo, fakeStream, HELLO, run, tempDir } from "./fake-io.ts";

const GATE = `digraph gated {
  start [shape=Mdiamond]
  ask [shape=hexagon, label="Ship it?"]
  ship [prompt="ship"]
  hold [prompt="hold"]
  exit [shape=Msquare]
  start -> ask
  ask -> ship [label="[Y] Yes"]
  ask -> hold [label="[N] No"]
  ship -> exit
  hold -> exit
}
`;
const SLOW = `digraph slow {
  start [shape=Mdiamond]
  a [shape=parallelogram, tool_command="touch began; while [ -e slow.dot ] && [ ! -e go ]; do sleep 0.02; done"]
  b [shape=parallelogram, tool_command="echo b"]
  exit [shape=Msquare]
  start -> a -> b -> exit
}
`;

let cwd: string;
beforeEach(() => {
  cwd = tempDir({ "hello.dot": HELLO, "gate.dot": GATE, "slow.dot": SLOW });
});

const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
const errorOf = (stderr: string) => JSON.parse(stderr.trimEnd().split("\n").at(-1) ?? "").error;

describe("run", () => {
  it("follows in plain lines on stderr and ends with the view on stdout", async () => {
    const { code, stdout, stderr } = await run("run hello.dot --json --run-id r1", { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ runId: "r1", status: "completed", pipeline: { name: "hello" } });
    expect(stderr.split("\n").map((line) => line.slice(9))).toEqual([
      "run created (hello)",
      "run started",
      "greet#1 started",
      "greet#1 succeeded",
      "run completed",
      "",
    ]);
  });

  it("says nothing on the way with --quiet, and sums up for a person", async () => {
    const { code, stdout, stderr } = await run("run hello.dot --quiet", { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^run +\S+\npipeline +hello/);
    expect(stdout).toMatch(/main\/greet@1 +succeeded +#1/);
  });

  it("takes inputs and labels", async () => {
    write("inputs.json", '{"pr": 1, "who": "file"}');
    const line = "run hello.dot --json --inputs inputs.json --input pr=42 --input name=abc --label team=a --label n=1";
    const view = JSON.parse((await run(line, { cwd })).stdout);
    expect(view.inputs).toEqual({ pr: 42, who: "file", name: "abc" });
    expect(view.labels).toEqual({ team: "a", n: "1" });
    write("list.json", "[1]");
    expect((await run("run hello.dot --inputs list.json", { cwd })).code).toBe(2);
    write("broken.json", "{");
    expect((await run("run hello.dot --inputs broken.json", { cwd })).code).toBe(2);
  });

  it("refuses a pipeline with errors before there is a store", async () => {
    write("bad.dot", "digraph { a -> b }");
    const plain = await run("run bad.dot", { cwd });
    expect(plain).toMatchObject({ code: 65, stdout: "" });
    expect(plain.stderr).toMatch(/safepoint: bad\.dot:1:\d+: error \[start_node\]/);
    const json = await run("run bad.dot --json", { cwd });
    expect(errorOf(json.stderr)).toMatchObject({ code: "pipeline_invalid", details: { file: "bad.dot" } });
    expect(existsSync(join(cwd, ".safepoint"))).toBe(false);
  });

  it("tells warnings once and runs all the same", async () => {
    write("warn.dot", HELLO.replace('prompt="Greet"', 'prompt="Greet", promt="x"'));
    const { code, stderr } = await run("run warn.dot", { cwd });
    expect(code).toBe(0);
    expect(stderr.match(/warning \[unknown_attribute\]/g)).toHaveLength(1);
  });

  it("exits 1 when the run fails", async () => {
    write("script.json", '{"greet": ["fail"]}');
    const { code, stdout } = await run("run hello.dot --json --simulate-script script.json", { cwd });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: "failed", failure: { stage: "main/greet@1" } });
  });

  it("refuses an id that is taken", async () => {
    await run("run hello.dot --run-id r1", { cwd });
    const { code, stderr } = await run("run hello.dot --run-id r1 --json", { cwd });
    expect(code).toBe(5);
    expect(errorOf(stderr)).toMatchObject({ code: "run_exists" });
  });

  it("runs in memory, and leaves nothing", async () => {
    expect((await run("run hello.dot --store :memory:", { cwd })).code).toBe(0);
    expect(existsSync(join(cwd, ".safepoint"))).toBe(false);
  });

  it("draws a tree on a terminal, and gives the cursor back", async () => {
    const stderr = fakeStream({ isTTY: true, columns: 60, rows: 20 });
    const { code } = await run("run hello.dot", { cwd, stderr });
    expect(code).toBe(0);
    expect(stderr.text.startsWith("\u001b[?25l")).toBe(true);
    expect(stderr.text.endsWith("\u001b[?25h")).toBe(true);
    expect(stderr.text).toContain("\u001b[32m✓");
    const plain = fakeStream({ isTTY: true, columns: 60, rows: 20 });
    await run("run hello.dot --no-color", { cwd, stderr: plain });
    expect(plain.text).not.toContain("\u001b[32m");
    const dumb = fakeStream({ isTTY: true, columns: 60, rows: 20 });
    await run("run hello.dot", { cwd, stderr: dumb, env: { TERM: "dumb" } });
    expect(dumb.text).not.toContain("\u001b");
  });

  it("follows a run that starts over to the one that takes its place", async () => {
    write(
      "again.dot",
      `digraph again {
        start [shape=Mdiamond]; a [type=sometimes]; exit [shape=Msquare]
        start -> a
        a -> start [condition="outcome=again", loop_restart=true]
        a -> exit [condition="outcome!=again"]
      }`,
    );
    write(
      "sometimes.mjs",
      "let n = 0; export const handlers = { sometimes: () => ({ status: n++ === 0 ? 'again' : 'success' }) };",
    );
    const { code, stdout, stderr } = await run("run again.dot --run-id r1 --json --handlers sometimes.mjs", { cwd });
    const view = JSON.parse(stdout);
    expect({ code, status: view.status }).toEqual({ code: 0, status: "completed" });
    expect(view.runId).not.toBe("r1");
    expect(stderr).toContain(`run restarted as ${view.runId}`);
    const followed = await run("events r1 --follow --type run.created --type run.completed", { cwd });
    const lines = followed.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map((entry) => `${entry.runId} ${entry.type}`)).toEqual([
      "r1 run.created",
      `${view.runId} run.created`,
      `${view.runId} run.completed`,
    ]);
  });
});

describe("handlers and backends", () => {
  const own = "digraph { start [shape=Mdiamond]; a [type=review]; exit [shape=Msquare]; start -> a -> exit }";

  it("loads a module's handlers", async () => {
    write("own.dot", own);
    write("own.mjs", "export default { review: async ({ stage }) => `looked at ${stage}` };");
    const { code, stdout } = await run("run own.dot --json --handlers own.mjs", { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).stages[1]).toMatchObject({ node: "a", notes: "looked at main/a@1" });
  });

  it.each([
    ["missing.mjs", undefined, 66],
    ["empty.mjs", "export const other = 1;", 78],
    ["throws.mjs", "throw new Error('at load');", 78],
    ["list.mjs", "export default [() => {}];", 78],
  ])("refuses %s", async (name, text, code) => {
    write("own.dot", own);
    if (text !== undefined) write(name, text);
    expect((await run(`run own.dot --handlers ${name}`, { cwd })).code).toBe(code);
  });

  it.each([
    ["--backend ai", 78],
    ["--backend command", 78],
    ["--backend command --agent nobody", 2],
    ["--backend gpt", 2],
  ])("refuses %s, and says what would do", async (options, code) => {
    const result = await run(`run hello.dot ${options}`, { cwd });
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(/^safepoint: .+\nhint: .+\n$/);
  });

  it("runs any command as an agent", async () => {
    const { code } = await run("run hello.dot --run-id r1 --backend command --agent-command cat", { cwd });
    expect(code).toBe(0);
    const listed = JSON.parse((await run("artifacts r1 --json", { cwd })).stdout).artifacts;
    const { artifact } = listed.find((each: { name: string }) => each.name === "response.md");
    expect((await run(`artifacts r1 --get ${artifact}`, { cwd })).stdout).toContain("Greet");
    const env = { SAFEPOINT_AGENT_COMMAND: "cat" };
    expect((await run("run hello.dot --backend command", { cwd, env })).code).toBe(0);
  });
});

describe("questions", () => {
  it("--no-wait-gates leaves with 4, and the run can be answered and resumed", async () => {
    const first = await run("run gate.dot --run-id r1 --json --no-wait-gates", { cwd });
    expect(first.code).toBe(4);
    expect(JSON.parse(first.stdout)).toMatchObject({ status: "running", waitingOn: [{ kind: "gate" }] });
    expect(first.stderr).toContain("ask asks: Ship it?");
    const second = await run("resume r1 --json --auto-approve", { cwd });
    expect(second.code).toBe(0);
    expect(JSON.parse(second.stdout).stages.map((stage: { node: string }) => stage.node)).toContain("ship");
  });

  it.each([
    ["a list", '["N"]'],
    ["by node", '{"ask": "N"}'],
    ["by stage, as a list", '{"main/ask@1": ["N"]}'],
  ])("--answers from %s", async (_how, text) => {
    write("answers.json", text);
    const { code, stdout } = await run("run gate.dot --json --answers answers.json", { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).stages.map((stage: { node: string }) => stage.node)).toContain("hold");
  });

  it("an answer that fits nothing is told, and the question stays open", async () => {
    write("answers.json", '["perhaps"]');
    const { code, stderr } = await run("run gate.dot --answers answers.json --no-wait-gates", { cwd });
    expect(code).toBe(4);
    expect(stderr).toMatch(/answer to \S+ refused: answer_invalid/);
  });

  it("refuses answers that are none", async () => {
    write("answers.json", "3");
    expect((await run("run gate.dot --answers answers.json", { cwd })).code).toBe(2);
  });
});

describe("signals", () => {
  /** Starts the slow pipeline and waits until its first command runs. */
  async function began(): Promise<{ io: FakeIo; done: Promise<number> }> {
    const io = fakeIo({ cwd });
    const done = main(["run", "slow.dot", "--run-id", "r1", "--json"], io);
    await until(() => existsSync(join(cwd, "began")));
    return { io, done };
  }
  const view = (io: FakeIo) => JSON.parse(io.stdout.text);

  it("the first Ctrl-C pauses: what is in flight finishes, then exit 4", async () => {
    const { io, done } = await began();
    io.send("SIGINT");
    await until(() => io.stderr.text.includes("run pausing"));
    write("go", "");
    expect(await done).toBe(4);
    expect(view(io)).toMatchObject({ status: "paused" });
    expect(io.listeners()).toBe(0);

    const stays = await run("resume r1 --json", { cwd });
    expect(stays.code).toBe(4);
    expect(errorOf(stays.stderr)).toMatchObject({
      code: "run_paused",
      details: { hint: expect.stringContaining("--continue") },
    });
    const goesOn = await run("resume r1 --json --continue", { cwd });
    expect(goesOn.code).toBe(0);
    expect(JSON.parse(goesOn.stdout)).toMatchObject({ status: "completed" });
    expect(goesOn.stderr).not.toContain("a#1 started");
    expect(goesOn.stderr).toContain("b#1 started");
  });

  it("the second cancels: exit 3", async () => {
    const { io, done } = await began();
    io.send("SIGINT");
    io.send("SIGINT");
    expect(await done).toBe(3);
    expect(view(io)).toMatchObject({ status: "cancelled", stages: [{}, { node: "a", status: "cancelled" }] });
  });

  it("the third leaves at once with 130", async () => {
    const { io, done } = await began();
    io.send("SIGINT");
    io.send("SIGINT");
    io.send("SIGINT");
    expect(io.exits).toEqual([130]);
    await done;
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s gives the run back and exits %i", async (signal, code) => {
    const { io, done } = await began();
    io.send(signal);
    // What is in flight may finish; nothing new starts.
    write("go", "");
    expect(await done).toBe(code);
    expect(io.stdout.text).toBe("");
    expect(io.listeners()).toBe(0);
    const left = JSON.parse((await run("show r1 --json", { cwd })).stdout);
    expect(left).toMatchObject({ status: "running", owner: null, statusReason: "unowned" });
    const resumed = await run("resume r1", { cwd });
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).not.toContain("a#1 started");
  });

  it("the second SIGTERM leaves at once, also while the runtime is stopping", async () => {
    const { io, done } = await began();
    io.send("SIGTERM");
    await until(() => io.stderr.text !== "");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(io.exits).toEqual([]);
    io.send("SIGTERM");
    expect(io.exits).toEqual([143]);
    write("go", "");
    await done;
  });
});

describe("resume", () => {
  it("of a run that has ended exits 5, of none 66", async () => {
    await run("run hello.dot --run-id r1", { cwd });
    const ended = await run("resume r1 --json", { cwd });
    expect(ended.code).toBe(5);
    expect(errorOf(ended.stderr)).toMatchObject({ code: "run_finished" });
    expect((await run("resume r2", { cwd })).code).toBe(66);
  });
});

describe("verify", () => {
  it("of sound runs exits 0", async () => {
    await run("run hello.dot --run-id r1", { cwd });
    await run("run gate.dot --run-id r2 --no-wait-gates", { cwd });
    const one = await run("verify r1", { cwd });
    expect(one).toMatchObject({ code: 0, stdout: expect.stringMatching(/^r1: ok \(\d+ entries\)\n$/) });
    const all = JSON.parse((await run("verify --all --json", { cwd })).stdout);
    expect(all).toMatchObject({ ok: true, store: [], runs: [{ ok: true }, { ok: true }] });
  });

  it("of a run whose rows and journal differ exits 1 and names the difference", async () => {
    await run("run hello.dot --run-id r1", { cwd });
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(cwd, ".safepoint/safepoint.db"));
    database.exec("UPDATE runs SET status = 'failed'");
    database.close();
    const { code, stdout } = await run("verify r1", { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^r1: NOT SOUND[\s\S]+status/);
  });

  it("needs a run or --all, and not both", async () => {
    await run("run hello.dot --run-id r1", { cwd });
    for (const line of ["verify", "verify r1 --all"]) expect((await run(line, { cwd })).code).toBe(2);
    expect((await run("verify r2", { cwd })).code).toBe(66);
  });
});

describe("what a run leaves", () => {
  it("can be looked at by every reading command", async () => {
    await run("run hello.dot --run-id r1", { cwd });
    for (const line of [
      "show r1",
      "events r1",
      "context r1",
      "checkpoint r1",
      "artifacts r1",
      "graph --run r1",
      "inspect r1",
      "wait r1",
      "export r1 --dir out",
    ]) {
      expect({ line, ...(await run(line, { cwd })) }).toMatchObject({ code: 0, stderr: "" });
    }
    expect(readFileSync(join(cwd, "out/greet/prompt.md"), "utf8")).toContain("Greet");
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
