/** What whoever sits in front of a run sees and does: the tree and the lines while it pauses, questions inline, Ctrl-C. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import type { FakeOptions } from "./fake-io.ts";
import { fakeIo, fakeKeyboard, fakeStream, run, tempDir } from "./fake-io.ts";

const SLOW = `digraph slow {
  start [shape=Mdiamond]
  a [shape=parallelogram, tool_command="touch began; while [ -e slow.dot ] && [ ! -e go ]; do sleep 0.02; done"]
  b [shape=parallelogram, tool_command="echo b"]
  exit [shape=Msquare]
  start -> a -> b -> exit
}
`;
const GATE = `digraph gated {
  start [shape=Mdiamond]
  ask [shape=hexagon, label="Ship it?", human.timeout="1h", human.default_choice="N"]
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

let cwd: string;
beforeEach(() => {
  cwd = tempDir({ "slow.dot": SLOW, "gate.dot": GATE });
});

const json = async (line: string) => JSON.parse((await run(`${line} --json`, { cwd })).stdout);

/** A command with a terminal of 90 columns in front of it. */
function atTerminal(args: readonly string[], options: Partial<FakeOptions> = {}) {
  const stderr = fakeStream({ isTTY: true, columns: 90, rows: 24 });
  const keyboard = fakeKeyboard();
  const io = fakeIo({ cwd, stderr, keyboard, ...options });
  return { io, stderr, keyboard, done: main(args, io), seen: () => stripVTControlCharacters(stderr.text) };
}

describe("the tree", () => {
  it("shows what drains and why, then what will resume", async () => {
    const { io, done, seen } = atTerminal(["run", "slow.dot", "--run-id", "r1"]);
    await until(() => existsSync(join(cwd, "began")));
    await run("pause r1 --reason lunch", { cwd });
    await until(() => /slow {2}r1 {2}pausing[\s\S]+: lunch\s+waits for a#1, in flight for \d/.test(seen()));
    writeFileSync(join(cwd, "go"), "");
    await until(() => /slow {2}r1 {2}paused[\s\S]+: lunch\s+will resume b\s/.test(seen()));
    await run("cancel r1 --reason enough", { cwd });
    expect(await done).toBe(3);
    expect(seen()).toMatch(/cancelled/);
    expect(io.listeners()).toBe(0);
  });

  it("shows what a cancel ends", async () => {
    writeFileSync(join(cwd, "slow.dot"), SLOW.replace("touch began", "trap 'sleep 0.5; exit 1' TERM; touch began"));
    const { done, seen } = atTerminal(["run", "slow.dot", "--run-id", "r1"]);
    await until(() => existsSync(join(cwd, "began")));
    await run("cancel r1", { cwd });
    expect(await done).toBe(3);
    expect(seen()).toMatch(/ending a#1, in flight for/);
  });
});

describe("plain lines", () => {
  it("say what is in flight when a pause begins, and what is held when it has come", async () => {
    const io = fakeIo({ cwd });
    const done = main(["run", "slow.dot", "--run-id", "r1"], io);
    await until(() => existsSync(join(cwd, "began")));
    io.send("SIGINT");
    await until(() => io.stderr.text.includes("run pausing"));
    writeFileSync(join(cwd, "go"), "");
    expect(await done).toBe(4);
    const lines = io.stderr.text.split("\n").map((line) => line.replace(/\b\d\d:\d\d:\d\d\b/g, "<time>"));
    expect(lines.filter((line) => !/created|^<time> (?:run|a#1) started|succeeded/.test(line))).toEqual([
      "pausing: what is in flight may finish; Ctrl-C again cancels the run",
      expect.stringMatching(/^(?:<time> run pausing|waits for)/),
      expect.anything(),
      expect.anything(),
      expect.anything(),
      "<time> run paused: Ctrl-C",
      "<time> b is held (stage, pause)",
      "go on with: safepoint resume r1 --continue",
      "",
    ]);
    expect(lines).toContain("<time> run pausing (drain, 1 in flight): Ctrl-C");
    expect(lines).toContain("<time> a#1 is in flight since <time>");
    expect(lines).toContain("waits for main/a@1#1.1");
    expect(lines).toContain("go on later with: safepoint resume r1 --continue");
  });

  it("name the options that the run was driven with in the command that goes on", async () => {
    writeFileSync(join(cwd, "own handlers.mjs"), "export const handlers = {};");
    const io = fakeIo({ cwd });
    const done = main(["run", "slow.dot", "--run-id", "r1", "--handlers", "own handlers.mjs", "--store", "s.db"], io);
    await until(() => existsSync(join(cwd, "began")));
    io.send("SIGINT");
    writeFileSync(join(cwd, "go"), "");
    expect(await done).toBe(4);
    const line = /go on with: safepoint (.+)/.exec(io.stderr.text)?.[1];
    expect(line).toBe("resume r1 --continue '--handlers=own handlers.mjs' --store s.db");
  });
});

describe("a question at the terminal", () => {
  it("is asked below the tree and answered with keys", async () => {
    const { keyboard, stderr, done, seen } = atTerminal(["run", "gate.dot", "--run-id", "r1", "--json"]);
    await until(() => seen().includes("? Ship it?"));
    expect(seen()).toMatch(/\[Y\] Yes {2}→ ship[\s\S]+\[N\] No {2}→ hold[\s\S]+in 59m \d\ds the answer is No/);
    await pastDeaf();
    keyboard.type("y");
    await until(() => seen().includes("> y▏  Yes"));
    keyboard.type("\r");
    expect(await done).toBe(0);
    expect(seen()).toContain("ask: Ship it? Yes\n");
    expect(keyboard.takers).toBe(0);
    expect(stderr.text.endsWith("\u001b[?25h")).toBe(true);
    const { stages } = await json("show r1");
    expect(stages.map((stage: { node: string }) => stage.node)).toContain("ship");
    const [answered] = (await run("events r1 --type gate.answered", { cwd })).stdout.trim().split("\n");
    expect(JSON.parse(answered ?? "").data.by).toMatch(/@/);
  });

  it("goes away when somebody else answers it", async () => {
    const { keyboard, done, seen } = atTerminal(["run", "gate.dot", "--run-id", "r1"]);
    await until(() => seen().includes("? Ship it?"));
    keyboard.type("y");
    const [{ gate }] = (await json("questions r1")).questions;
    expect((await run(`answer r1 ${gate} hold`, { cwd })).code).toBe(0);
    expect(await done).toBe(0);
    expect(keyboard.takers).toBe(0);
  });

  it("Ctrl-C inside it pauses the run and leaves with 4; the question is asked again by resume", async () => {
    const first = atTerminal(["run", "gate.dot", "--run-id", "r1"]);
    await until(() => first.seen().includes("? Ship it?"));
    first.keyboard.type("n\u0003");
    expect(await first.done).toBe(4);
    expect(first.keyboard.takers).toBe(0);
    expect(await json("show r1")).toMatchObject({ status: "paused", waitingOn: [{ kind: "gate" }] });
    const { questions } = await json("questions");
    expect(questions).toMatchObject([{ runId: "r1", deadlineLeftMs: expect.any(Number) }]);
    expect(questions[0]).not.toHaveProperty("deadline");
    expect((await run("questions", { cwd })).stdout).toMatch(/59m \d\ds, stands still, then N\n$/);
    const second = atTerminal(["resume", "r1", "--continue"]);
    await until(() => second.seen().includes("? Ship it?"));
    await pastDeaf();
    second.keyboard.type("yes\r");
    expect(await second.done).toBe(0);
  });

  it("Ctrl-C three times leaves with 130, as everywhere", async () => {
    const { io, keyboard, done, seen } = atTerminal(["run", "gate.dot", "--run-id", "r1"]);
    await until(() => seen().includes("? Ship it?"));
    keyboard.type("\u0003");
    keyboard.type("\u0003");
    keyboard.type("\u0003");
    io.send("SIGINT");
    expect(io.exits).toContain(130);
    await done;
  });

  it("is not put where stderr is no terminal: the line says how to answer", async () => {
    const keyboard = fakeKeyboard();
    const io = fakeIo({ cwd, keyboard });
    const done = main(["run", "gate.dot", "--run-id", "r1"], io);
    await until(() => io.stderr.text.includes("answer with: safepoint answer r1 "));
    expect(keyboard.takers).toBe(0);
    const line = /answer with: safepoint (.+) <Y\|N>/.exec(io.stderr.text)?.[1] ?? "";
    expect((await run(`${line} N`, { cwd })).code).toBe(0);
    expect(await done).toBe(0);
  });

  it("is nobody's to answer with --no-wait-gates", async () => {
    const { keyboard, done, seen } = atTerminal(["run", "gate.dot", "--run-id", "r1", "--no-wait-gates"]);
    expect(await done).toBe(4);
    expect(keyboard.takers).toBe(0);
    expect(seen()).not.toContain("? Ship it?");
    expect(seen()).toContain("waits for answers: safepoint questions r1, then safepoint resume r1 --no-wait-gates");
    expect((await json("questions")).questions).toMatchObject([
      { runId: "r1", deadline: expect.stringMatching(/Z$/), deadlineLeftMs: expect.any(Number) },
    ]);
  });
});

describe("answer", () => {
  const TEXT = GATE.replace("ask [shape=hexagon, ", 'ask [shape=hexagon, human.kind="freeform", ');

  it.each(["y", "[Y] Yes", "yes", "ship"])("takes the choice as %s", async (word) => {
    await run("run gate.dot --run-id r1 --no-wait-gates", { cwd });
    const [{ gate }] = (await json("questions r1")).questions;
    expect(await main(["answer", "r1", gate, word], fakeIo({ cwd }))).toBe(0);
    expect((await json("resume r1")).stages.map((stage: { node: string }) => stage.node)).toContain("ship");
  });

  it("reads a text from stdin, and says that somebody must resume the run", async () => {
    writeFileSync(join(cwd, "text.dot"), TEXT);
    await run("run text.dot --run-id r1 --no-wait-gates", { cwd });
    const [{ gate }] = (await json("questions r1")).questions;
    const { code, stdout } = await run(`answer r1 ${gate} -`, { cwd, stdin: "two\nlines\n" });
    expect(code).toBe(0);
    expect(stdout).toMatch(/and nobody drives the run\n {2}it goes on once somebody drives it: `safepoint resume r1`/);
    const again = await run(`answer r1 ${gate} other`, { cwd });
    expect(again.code).toBe(5);
    expect(again.stdout).toMatch(
      /^answer refused: gate_answered \(.+two\\nlines.+\)\n {2}instead: `safepoint questions r1`/,
    );
    await json("resume r1");
    expect(await json("context r1")).toMatchObject({ "human.gate.text": "two\nlines" });
  });
});

/** Longer than keys are not listened to after the first question appears. */
const pastDeaf = () => new Promise((resolve) => setTimeout(resolve, 80));

async function until(condition: () => boolean): Promise<void> {
  const late = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > late) throw new Error(`not within 10 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
