import { describe, expect, it } from "vitest";
import { addEntry } from "../../src/cli/follow/add-entry.ts";
import { formatLine } from "../../src/cli/follow/painter.ts";
import { plainLine } from "../../src/cli/follow/plain-line.ts";
import { createProgress, liveBranches, type RunProgress } from "../../src/cli/follow/progress.ts";
import { renderTree } from "../../src/cli/follow/render-tree.ts";
import { columnsOf } from "../../src/cli/text/printable.ts";
import type { JsonValue } from "../../src/graph/index.ts";
import { Script } from "../journal/script.ts";

const FAN = "main/fan@1";
const EACH = "main/each@1";

/** A second a turn. */
function tick(script: Script, write: (script: Script) => void): Script {
  script.now += 1_000;
  return script.turn(write);
}

function begun(): Script {
  const script = new Script();
  script.now = 0;
  return script.begin();
}

function fanOut(script: Script, activation: string, heads: readonly string[]): Script {
  const branches = heads.map((head, index) => ({ path: `${activation}/${index}`, head }));
  return tick(script, (s) =>
    s.entered(activation, "parallel").add("parallel.started", {
      ...{ activation, joinRule: "none", policy: "wait_all", errorPolicy: "continue" },
      ...{ need: heads.length, branches, maxParallel: heads.length },
    }),
  );
}

function branchStarts(script: Script, activation: string, index: number, head = "work"): Script {
  const branch = `${activation}/${index}`;
  return script.add("branch.started", { activation, index, head, branchRunId: `${branch}~0` }, { branch });
}

function forEach(script: Script, total: number | undefined, activation = EACH): Script {
  const size = total === undefined ? {} : { total };
  const kind = total === undefined ? ("loop" as const) : ("foreach" as const);
  const where = { branch: activation.slice(0, activation.lastIndexOf("/")), stage: activation };
  return tick(script, (s) =>
    s.entered(activation, kind).add("container.entered", { activation, kind, maxParallel: 10, ...size }, where),
  );
}

function iterate(script: Script, index: number, item?: JsonValue, activation = EACH): Script {
  const data = { activation, index, ...(item === undefined ? {} : { item }) };
  return script.add("iteration.started", data, { branch: `${activation}/${index}` });
}

function iterated(script: Script, index: number, how: "succeeded" | "failed", activation = EACH): Script {
  const branch = `${activation}/${index}`;
  if (how === "succeeded")
    return script.add("iteration.succeeded", { activation, index, status: "success" }, { branch });
  return script.add("iteration.failed", { activation, index, status: "fail", reason: "the stage failed" }, { branch });
}

function progressOf(script: Script): RunProgress {
  const run = createProgress(script.runId);
  for (const each of script.entries) addEntry(run, each);
  return run;
}

const treeOf = (script: Script, screen: { rows?: number; columns?: number } = {}) =>
  renderTree(progressOf(script), { columns: 100, rows: 24, now: script.now, ...screen })
    .map((line) => formatLine(line, false))
    // The spinner turns with time.
    .map((line) => line.replace(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/, "*"));

describe("the tree of a fan-out", () => {
  it("counts its branches, shows those in flight where they are, and those that failed", () => {
    const script = fanOut(begun(), FAN, ["lint", "test", "docs", "perf", "deps"]);
    tick(script, (s) => {
      for (const [index, head] of ["lint", "test", "docs", "perf"].entries()) branchStarts(s, FAN, index, head);
      s.started(`${FAN}/0/lint@1`).started(`${FAN}/1/test@1`).started(`${FAN}/2/docs@1`).started(`${FAN}/3/perf@1`);
    });
    tick(script, (s) => {
      s.succeeded(`${FAN}/0/lint@1`).add("branch.succeeded", { status: "success" }, { branch: `${FAN}/0` });
      s.failed(`${FAN}/2/docs@1`).add("branch.failed", { status: "fail", reason: "r" }, { branch: `${FAN}/2` });
      s.succeeded(`${FAN}/1/test@1`).started(`${FAN}/1/report@1`);
    });
    tick(script, () => {});
    expect(treeOf(script)).toEqual([
      "p  run-1  running  4.0s  3 stages done",
      "└─ ▸ fan  3.0s  2 of 5 done, 2 in flight, 1 failed, slowest 1 2.0s",
      "   ├─ 1: test  * report  1.0s  1 done before",
      "   ├─ 3  * perf  2.0s",
      "   └─ ✗ 2  docs  it broke",
    ]);
    tick(script, (s) => {
      const counts = { succeeded: 3, failed: 1, open: 1 };
      s.add("join.decided", { activation: FAN, decision: "success", policy: "quorum", winners: [], ...counts });
      s.add("branch.superseded", { status: "success" }, { branch: `${FAN}/3` });
    });
    expect(treeOf(script)[1]).toBe("└─ ▸ fan  4.0s  3 of 5 done, 1 in flight, 1 failed, 1 cut, decided: success");
    tick(script, (s) => s.succeeded(FAN));
    expect(treeOf(script)).toEqual(["p  run-1  running  6.0s  4 stages done", "└─ ✓ fan  5.0s"]);
  });

  it("of hundreds fits the screen: some lines, and how many there are no lines for", () => {
    const script = fanOut(
      begun(),
      FAN,
      Array.from({ length: 400 }, () => "work"),
    );
    tick(script, (s) => {
      for (let index = 0; index < 400; index += 1) branchStarts(s, FAN, index).started(`${FAN}/${index}/work@1`);
    });
    expect(treeOf(script, { rows: 12 })).toEqual([
      "p  run-1  running  2.0s  0 stages done",
      "└─ ▸ fan  1.0s  0 of 400 done, 400 in flight, slowest 0 0ms",
      ...Array.from({ length: 6 }, (_, index) => `   ├─ ${index}  * work  0ms`),
      "   └─ + 394 more in flight",
    ]);
    for (const rows of [1, 2, 3, 4, 6, 10, 24, 60]) {
      for (const columns of [1, 10, 40, 120]) {
        const lines = treeOf(script, { rows, columns });
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(columns - 1);
      }
    }
    expect(treeOf(script, { rows: 2 }).at(-1)).toContain("0 of 400 done, 400 in flight");
  });
});

describe("the tree of a container", () => {
  it("names iterations by their items, shows the newest failures, and counts the rest", () => {
    const script = forEach(begun(), 10_000);
    const items = ["src/a.ts", { id: "b", size: 3 }, 7, { $blob: "f", bytes: 9 }, ["x", 1], null];
    tick(script, (s) => {
      for (let index = 0; index < 30; index += 1) iterated(iterate(s, index), index, "failed");
      for (const [offset, item] of items.entries())
        iterate(s, 30 + offset, item).started(`${EACH}/${30 + offset}/do@1`);
    });
    expect(treeOf(script, { rows: 16 })).toEqual([
      "p  run-1  running  2.0s  0 stages done",
      "└─ ▸ each  1.0s  30 of 10,000 done, 6 in flight, 30 failed, slowest 30 0ms",
      "   ├─ 30: src/a.ts  * do  0ms",
      "   ├─ 31: b  * do  0ms",
      "   ├─ 32: 7  * do  0ms",
      "   ├─ 33  * do  0ms",
      '   ├─ 34: ["x",1]  * do  0ms',
      "   ├─ 35  * do  0ms",
      ...[24, 25, 26, 27, 28, 29].map((index) => `   ├─ ✗ ${index}  the stage failed`),
      "   └─ + 24 more failed",
    ]);
  });

  it("nests: below a branch are the branches of the stage it is at", () => {
    const script = forEach(begun(), 3);
    tick(script, (s) => iterate(s, 0, "one").started(`${EACH}/0/prepare@1`));
    tick(script, (s) => s.succeeded(`${EACH}/0/prepare@1`));
    forEach(script, undefined, `${EACH}/0/again@1`);
    tick(script, (s) => iterate(s, 0, undefined, `${EACH}/0/again@1`).started(`${EACH}/0/again@1/0/step@1`));
    expect(treeOf(script)).toEqual([
      "p  run-1  running  5.0s  1 stage done",
      "└─ ▸ each  4.0s  0 of 3 done, 1 in flight",
      "   └─ 0: one  ▸ again  1.0s  0 done, 1 in flight  1 done before",
      "      └─ 0  * step  0ms",
    ]);
    // A branch that ends takes what is below it along.
    tick(script, (s) => s.add("iteration.cancelled", { activation: EACH, index: 0 }, { branch: `${EACH}/0` }));
    expect([...progressOf(script).activations.keys()]).toEqual([EACH]);
  });

  it("keeps no more of 10,000 iterations than what is in flight, however they end", () => {
    const script = forEach(begun(), 10_000);
    for (let index = 0; index < 10_000; index += 1) {
      script.turn((s) => iterate(s, index, `item ${index}`).started(`${EACH}/${index}/do@1`));
      if (index < 10) continue;
      const done = index - 10;
      script.turn((s) => iterated(s.succeeded(`${EACH}/${done}/do@1`), done, done % 3 === 0 ? "failed" : "succeeded"));
      // Told late, of a branch that has ended.
      script.turn((s) => s.succeeded(`${EACH}/${done}/do@1`));
    }
    const run = progressOf(script);
    expect([...liveBranches(run)]).toHaveLength(11);
    expect(run.activations.get(EACH)?.failed.length).toBeLessThan(20);
    expect(JSON.stringify([...run.activations].map(([, line]) => [...line.branches.values()])).length).toBeLessThan(
      5_000,
    );
    expect(run.ended).toBe(9_990);
  });
});

describe("plain lines of regions", () => {
  const linesOf = (script: Script) =>
    script.entries.flatMap((entry) => plainLine(entry)?.replace(/^\d\d:\d\d:\d\d /, "") ?? []);

  it("of a foreach are those of its stages, with their path, and of iterations that fail", () => {
    const script = forEach(begun(), 3);
    script.turn((s) => iterate(s, 0, "a").started(`${EACH}/0/do@1`));
    script.turn((s) => iterated(s.succeeded(`${EACH}/0/do@1`), 0, "succeeded"));
    forEach(script, 2, `${EACH}/1/inner@1`);
    script.turn((s) => iterate(s, 1, "b").started(`${EACH}/1/do@1`));
    script.turn((s) => iterated(s.failed(`${EACH}/1/do@1`), 1, "failed"));
    script.turn((s) =>
      s.add(
        "container.exited",
        { activation: EACH, status: "fail", completed: 2, failed: 1 },
        { branch: "main", stage: EACH },
      ),
    );
    expect(linesOf(script)).toEqual([
      "run created (p)",
      "run started",
      "each foreach of 3, 10 at once",
      "main/each@1/0/do@1#1 started",
      "main/each@1/0/do@1#1 succeeded",
      "main/each@1/1/do@1#1 started",
      "main/each@1/1/do@1#1 failed: it broke",
      "main/each@1/1 iteration failed: the stage failed",
      "each 2 iterations ended, 1 failed",
    ]);
  });
});

describe("the tree of a run that pauses", () => {
  it("leaves room for the branches beside what is waited for and what is held", () => {
    const script = fanOut(
      begun(),
      FAN,
      Array.from({ length: 60 }, () => "work"),
    );
    tick(script, (s) => {
      for (let index = 0; index < 60; index += 1) branchStarts(s, FAN, index).started(`${FAN}/${index}/work@1`);
    });
    tick(script, (s) => s.pausing([], 1));
    tick(script, (s) => {
      for (let index = 0; index < 30; index += 1) s.succeeded(`${FAN}/${index}/work@1`);
    });
    const lines = treeOf(script, { rows: 22 });
    expect(lines).toContainEqual(expect.stringContaining("0 of 60 done, 60 open"));
    expect(lines.at(-1)).toMatch(/^ +└─ \+ \d+ more open$/);
    expect(lines).toContainEqual("   ├─ 0  ✓ work  2.0s");
    expect(lines.filter((line) => line.startsWith("  waits for")).at(-1)).toMatch(/waits for \d+ more$/);
    expect(lines.length).toBeLessThanOrEqual(22);
  });
});

describe("the tree of a child run", () => {
  it("names it, and says how it stands", () => {
    const script = begun();
    const where = { branch: "main", stage: "main/build@1" };
    tick(script, (s) =>
      s.entered("main/build@1", "child").add("child.started", { child: "r~build@1.1", pipeline: "q" }, where),
    );
    expect(treeOf(script)[1]).toBe("└─ ◆ build  0ms  run r~build@1.1");
    tick(script, (s) => s.add("child.paused", { child: "r~build@1.1" }, where));
    expect(treeOf(script)[1]).toBe("└─ ◆ build  1.0s  run r~build@1.1, paused");
    tick(script, (s) => s.add("child.continued", { child: "r~build@1.1" }, where));
    expect(treeOf(script)[1]).toBe("└─ ◆ build  2.0s  run r~build@1.1");
    tick(script, (s) =>
      s.add("child.finished", { child: "r~build@1.1", status: "completed" }, where).succeeded("main/build@1"),
    );
    expect(treeOf(script)[1]).toBe("└─ ✓ build  3.0s");
  });
});
