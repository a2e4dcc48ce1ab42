import { describe, expect, it } from "vitest";
import { addEntry } from "../../src/cli/follow/add-entry.ts";
import { createPainter, formatLine } from "../../src/cli/follow/painter.ts";
import { plainLine } from "../../src/cli/follow/plain-line.ts";
import { createProgress, waitsForPerson } from "../../src/cli/follow/progress.ts";
import type { Screen } from "../../src/cli/follow/render-tree.ts";
import { renderTree } from "../../src/cli/follow/render-tree.ts";
import { columnsOf } from "../../src/cli/text/printable.ts";
import type { JournalEntry, NewEntry } from "../../src/journal/entry.ts";
import { demoStore, entry } from "../queries/stored-run.ts";
import { fakeStream } from "./fake-io.ts";

const T0 = Date.UTC(2026, 0, 2, 3, 4, 5);
const WIDE: Screen = { columns: 80, rows: 24, now: T0 + 9_000 };

/** Entries a second apart. */
function numbered(entries: readonly NewEntry[]): JournalEntry[] {
  return entries.map((each, index) => {
    return { ...each, runId: "r1", seq: index + 1, gseq: index + 1, turn: index + 1, at: T0 + index * 1_000, v: 1 };
  });
}

function progressOf(entries: readonly NewEntry[]) {
  const run = createProgress("r1");
  for (const each of numbered(entries)) addEntry(run, each);
  return run;
}

const treeOf = (entries: readonly NewEntry[], screen = WIDE) =>
  renderTree(progressOf(entries), screen).map((line) => formatLine(line, false));

const created = entry("run.created", { pipeline: { name: "hello", hash: "f" }, inputs: {}, labels: {}, context: {} });
const started = entry("run.started", {});
const at = (node: string, attempt?: number, branch = "main") => ({
  branch,
  stage: `${branch}/${node}@1`,
  ...(attempt === undefined ? {} : { attempt, execution: `${branch}/${node}@1#${attempt}.1` }),
});
const begins = (node: string, attempt = 1, branch = "main") => entry("stage.started", {}, at(node, attempt, branch));
const ends = (node: string, status = "success", branch = "main") =>
  entry("stage.succeeded", { outcome: { status } }, at(node, 1, branch));
const retries = (node: string, delayMs: number) =>
  entry(
    "stage.retry_scheduled",
    {
      outcome: { status: "fail", failureReason: "exit code 3" },
      failureClass: "transient",
      nextAttempt: 2,
      delayMs,
      timer: "t",
      dueMs: 1,
    },
    at(node, 1),
  );
const asks = (node: string) =>
  entry(
    "gate.opened",
    { gate: "g1", kind: "yes_no", purpose: "gate", text: "Ship it?", options: [{ key: "Y", label: "Yes" }] },
    at(node),
  );

describe("renderTree", () => {
  it("shows the run, ended stages, a retry counting down, a running stage", () => {
    expect(treeOf([created, started, begins("plan"), ends("plan"), begins("test"), retries("test", 8_000)])).toEqual([
      "hello  r1  running  9.0s  1 stage done",
      "├─ ✓ plan  1.0s",
      "└─ ↻ test  5.0s  retry in 4.0s  exit code 3",
    ]);
  });

  it("turns the spinner with time, and nothing else", () => {
    const run = progressOf([created, started, begins("plan")]);
    const marks = Array.from({ length: 10 }, (_, step) => {
      const [, line] = renderTree(run, { ...WIDE, now: WIDE.now + step * 80 });
      return formatLine(line ?? [], false).slice(3, 4);
    });
    expect(new Set(marks).size).toBe(10);
  });

  it("leaves out stages that only route", () => {
    const passes = [
      entry("stage.entered", { kind: "conditional" }, at("check")),
      entry("stage.succeeded", { kind: "conditional", outcome: { status: "success" } }, at("check")),
    ];
    expect(treeOf([created, started, ...passes, begins("build")])).toHaveLength(2);
  });

  it("folds old stages first, and fits every screen", () => {
    const many = Array.from({ length: 200 }, (_, index) => [begins(`n${index}`), ends(`n${index}`)]).flat();
    const entries = [created, started, ...many, begins("last")];
    const lines = treeOf(entries, { columns: 80, rows: 10, now: T0 });
    expect(lines).toHaveLength(8);
    expect(lines[1]).toBe("├─ … 195 earlier");
    expect(lines.at(-1)).toContain("last");
    for (const rows of [1, 2, 3, 5, 24, 100]) {
      for (const columns of [1, 5, 20, 80]) {
        const screen = { columns, rows, now: T0 };
        const drawn = treeOf(entries, screen);
        expect(drawn.length).toBeLessThanOrEqual(rows);
        for (const line of drawn) expect(columnsOf(line)).toBeLessThanOrEqual(Math.max(0, columns - 1));
      }
    }
  });

  it("lets no node's name or reason act on the terminal", () => {
    const [, line] = treeOf([created, started, begins("a\u001b[2Jb\nc\u0007")]);
    expect(line).toMatch(/^└─ . ab c {3}\d/);
  });

  it("measures wide letters", () => {
    const lines = treeOf([created, started, begins("構築構築構築構築")], { columns: 14, rows: 5, now: T0 });
    expect(columnsOf(lines[1] ?? "")).toBeLessThanOrEqual(13);
    expect(lines[1]).toContain("…");
  });

  it("names a failure", () => {
    const failed = entry("run.failed", { code: "no_route", message: "no edge leaves check" });
    expect(treeOf([created, started, failed])[0]).toBe("hello  r1  failed  2.0s  0 stages done  no edge leaves check");
  });

  it("keeps no more of a long run than a screen can show", () => {
    const many = Array.from({ length: 5_000 }, (_, index) => [begins(`n${index}`), ends(`n${index}`)]).flat();
    const run = progressOf([created, started, ...many]);
    expect(run.main.stages.length).toBeLessThan(100);
    expect(run.ended).toBe(5_000);
  });
});

describe("waitsForPerson", () => {
  it("only when nothing but answers is missing", () => {
    const gate = [created, started, entry("stage.entered", { kind: "wait.human" }, at("gate")), asks("gate")];
    expect(waitsForPerson(progressOf(gate))).toBe(true);
    expect(waitsForPerson(progressOf([...gate, begins("other", 1, "main/fan@1/0")]))).toBe(false);
    expect(
      waitsForPerson(progressOf([...gate, entry("gate.answered", { gate: "g1", answer: "Y", by: "me" }, at("gate"))])),
    ).toBe(false);
    expect(waitsForPerson(progressOf([created, started]))).toBe(false);
    expect(waitsForPerson(progressOf([...gate, entry("run.paused", { runTimeMs: 1 })]))).toBe(false);
  });

  it("also when the gate is inside a branch", () => {
    const inBranch = [
      created,
      started,
      entry("stage.entered", { kind: "parallel" }, at("fan")),
      entry("stage.entered", { kind: "wait.human" }, at("gate", undefined, "main/fan@1/0")),
      { ...asks("gate"), ...at("gate", undefined, "main/fan@1/0") },
    ];
    expect(waitsForPerson(progressOf(inBranch))).toBe(true);
  });
});

describe("plainLine", () => {
  it("has stable words", async () => {
    const store = await demoStore();
    const entries = await store.read("journal", { runId: "demo" });
    const lines = entries.map(plainLine).filter((line) => line !== undefined);
    expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ""))).toEqual([
      "run created (demo)",
      "run started",
      "build#1 started",
      "build#1 retrying in 4.0s: compiler out of memory",
      "build#2 started",
      "build#2 succeeded",
      "deploy#1 started",
      "deploy#1 succeeded",
      "run completed",
    ]);
    for (const line of lines) expect(line).toMatch(/^\d\d:\d\d:\d\d \S/);
  });

  it("is one line whatever the journal holds", () => {
    const [line] = numbered([entry("run.failed", { code: "c", message: "one\ntwo\u001b[31m three" })]).map(plainLine);
    expect(line).toMatch(/ run failed: one two three$/);
  });

  it("names later visits and other branches", () => {
    const visit = { branch: "main", stage: "main/build@2", attempt: 1 };
    const inBranch = { branch: "main/fan@1/0", stage: "main/fan@1/0/build@1", attempt: 1 };
    const lines = numbered([entry("stage.started", {}, visit), entry("stage.started", {}, inBranch), asks("gate")]).map(
      plainLine,
    );
    expect(lines.map((line) => line?.slice(9))).toEqual([
      "build@2#1 started",
      "main/fan@1/0/build@1#1 started",
      "gate asks: Ship it? [Y] Yes",
    ]);
  });
});

describe("the painter", () => {
  const line = (text: string) => [{ text }];

  it("paints over its last lines, hides the cursor and gives it back", () => {
    const stream = fakeStream({ isTTY: true, columns: 80 });
    const painter = createPainter(stream, false);
    painter.paint([line("a"), line("b")]);
    painter.paint([line("c")]);
    painter.end();
    painter.end();
    expect(stream.text).toBe(
      "\u001b[?25l\ra\u001b[0K\nb\u001b[0K\n\u001b[0J\u001b[2A\rc\u001b[0K\n\u001b[0J\u001b[?25h",
    );
  });

  it("writes notes above, where they stay", () => {
    const stream = fakeStream({ isTTY: true, columns: 80 });
    const painter = createPainter(stream, false);
    painter.paint([line("a")]);
    painter.above("note\n");
    expect(stream.text.endsWith("\u001b[1A\r\u001b[0Jnote\n\ra\u001b[0K\n\u001b[0J")).toBe(true);
  });

  it("begins anew below after a resize", () => {
    const stream = fakeStream({ isTTY: true, columns: 80 });
    const painter = createPainter(stream, false);
    painter.paint([line("a")]);
    stream.resize(40);
    const before = stream.text.length;
    painter.paint([line("a")]);
    expect(stream.text.slice(before).startsWith("\u001b[?25l\ra")).toBe(true);
  });

  it("uses colours only when it may", () => {
    const tone = [{ text: "x", tone: "good" as const }];
    expect(formatLine(tone, true)).toBe("\u001b[32mx\u001b[0m");
    expect(formatLine(tone, false)).toBe("x");
  });
});
