import { describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { createFold, emptyFold, foldToJson } from "../../src/journal/fold.ts";
import { createViewBuilder, type RunHeader, runView, runViewSchema } from "../../src/journal/run-view.ts";
import { Script } from "./script.ts";

const a = "main/a@1";
const owner = { host: "box", bootId: "b", pid: 7, processStart: "s" };

function header(entries: readonly JournalEntry[], more: Partial<RunHeader> = {}): RunHeader {
  return {
    runId: "run-1",
    pipelineName: "p",
    pipelineHash: "h",
    labels: { team: "core" },
    inputs: { pr: 42 },
    seq: entries.length,
    createdAtMs: 1_000,
    owner,
    leaseUntilMs: 20_000,
    ...more,
  };
}

function view(script: Script, more: Partial<RunHeader> = {}) {
  const made = runView({ run: header(script.entries, more), entries: script.entries });
  expect(runViewSchema.parse(made)).toEqual(made);
  return made;
}

/** A release that is pausing: one branch drains, one failed, one is queued; a container is half done; a gate is open. */
function release(): Script {
  const fan = "main/checks@1";
  const each = `${fan}/0/files@1`;
  const script = new Script();
  script.turn((s) => s.create({ goal: "release" }));
  script.now = 2_000;
  script.turn((s) => s.add("run.started", {}).entered("main/start@1", "start").edge("main/start@1", "build"));
  script.now = 3_000;
  script.turn((s) => s.started("main/build@1"));
  script.turn((s) => s.add("run.resumed", { resumeEpoch: 1, host: "box", pid: 7 }).interrupted("main/build@1", 1, 1));
  script.now = 4_000;
  script.turn((s) => s.started("main/build@1", 1, 2));
  script.now = 5_000;
  script.turn((s) => s.retry("main/build@1", 1, 2, 4_200));
  script.now = 5_200;
  script.turn((s) => s.started("main/build@1", 2));
  script.now = 6_000;
  script.turn((s) =>
    s
      .succeeded("main/build@1", 2, 1, { notes: "built", contextUpdates: { "build.id": "b-1" } })
      .edge("main/build@1", "checks"),
  );
  script.turn((s) =>
    s.entered(fan, "parallel").add("parallel.started", {
      activation: fan,
      join: "meet",
      joinRule: "fan_in",
      policy: "wait_all",
      errorPolicy: "continue",
      need: 3,
      maxParallel: 3,
      branches: ["files", "ask", "test"].map((head, index) => ({ path: `${fan}/${index}`, head })),
    }),
  );
  script.turn((s) => {
    ["files", "ask", "test"].forEach((head, index) => {
      const path = `${fan}/${index}`;
      s.add("branch.started", { activation: fan, index, head, branchRunId: `${path}~1` }, { branch: path });
    });
    s.entered(each, "foreach").add("container.entered", {
      activation: each,
      kind: "foreach",
      maxParallel: 2,
      total: 4,
    });
    s.add("iteration.started", { activation: each, index: 0 });
    s.add("iteration.started", { activation: each, index: 1 });
    s.started(`${each}/0/lint@1`).started(`${each}/1/lint@1`);
  });
  script.now = 7_000;
  const gate = `${fan}/1/ask@1`;
  script.turn((s) => {
    s.entered(gate, "wait.human");
    const question = { kind: "yes_no", purpose: "gate", text: "Ship?", options: [{ key: "Y", label: "Yes" }] } as const;
    s.add(
      "gate.opened",
      { gate: "g1", ...question, options: [...question.options], deadlineMs: 30_000 },
      { stage: gate },
    );
    s.add("timer.set", { timer: "t1", actor: `stage:${gate}`, kind: "gate_deadline", clock: "run", dueMs: 30_000 });
    s.succeeded(`${each}/0/lint@1`).add("iteration.succeeded", { activation: each, index: 0, status: "success" });
    s.started(`${fan}/2/test@1`);
  });
  script.now = 8_000;
  script.turn((s) => {
    s.failed(`${fan}/2/test@1`);
    s.add("branch.failed", { status: "fail", reason: "stage_failed" }, { branch: `${fan}/2` });
  });
  script.now = 9_000;
  script.turn((s) => {
    const command = { verb: "pause", before: "running", after: "pausing", changed: true } as const;
    s.accepted({ ...command, reason: "deploy window", boundary: "execution" });
    s.pausing([`${each}/1/lint@1#1.1`], 8_000);
  });
  return script;
}

describe("the run view", () => {
  it("of a release that is pausing is what it has been", async () => {
    const script = release();
    const made = runView({
      run: header(script.entries),
      entries: script.entries,
      isGoalGate: (node) => node === "build",
    });
    expect(runViewSchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made);
    await expect(`${JSON.stringify(made, null, 2)}\n`).toMatchFileSnapshot("./run-view.golden.json");
  });

  it("says paused only with nothing in flight, and then what is held", () => {
    const script = release();
    const lint = "main/checks@1/0/files@1/1/lint@1";
    expect(view(script).control.draining).toMatchObject([{ stage: lint, execution: `${lint}#1.1` }]);
    script.now = 10_000;
    script.turn((s) => s.succeeded(lint).add("run.paused", { runTimeMs: 8_000 }));
    const { control, branches, waitingOn } = view(script);
    expect(control.draining).toEqual([]);
    expect(control.atPause).toEqual([{ execution: `${lint}#1.1`, ended: "succeeded" }]);
    expect(control.held).toEqual([
      { what: "end", stage: lint, reason: "pause" },
      { what: "iteration", stage: "main/checks@1/0/files@1", reason: "pause" },
    ]);
    expect(branches.map(({ status }) => status)).toEqual([
      "paused",
      "paused",
      "paused",
      "failed",
      "succeeded",
      "paused",
    ]);
    // The clock of the gate's deadline stands: nobody can say when it will be.
    expect(waitingOn).toEqual([{ kind: "gate", id: "g1", stage: "main/checks@1/1/ask@1" }]);
  });

  it("names the join that a pause holds back, and what it came to afterwards", () => {
    const fan = "main/fan@1";
    const branch = `${fan}/0`;
    const script = new Script().begin().entered(fan, "parallel");
    script.add("parallel.started", {
      activation: fan,
      joinRule: "none",
      policy: "wait_all",
      errorPolicy: "continue",
      need: 1,
      maxParallel: 1,
      branches: [{ path: branch, head: "x" }],
    });
    script.turn((s) => s.pausing([], 0));
    expect(view(script).control.held).toEqual([{ what: "branch", stage: fan, reason: "pause" }]);
    script.turn((s) => s.add("run.continued", { runTimeMs: 0, pausedMs: 0 }));
    script.add("branch.started", { activation: fan, index: 0, head: "x", branchRunId: "b~0" }, { branch });
    script.add("branch.succeeded", { status: "success" }, { branch });
    script.turn((s) => s.pausing([], 0));
    expect(view(script).control.held).toEqual([{ what: "join", stage: fan, reason: "pause" }]);
    script.turn((s) => s.add("run.continued", { runTimeMs: 0, pausedMs: 0 }));
    const decision = { activation: fan, policy: "wait_all", succeeded: 1, failed: 0, open: 0, winners: [branch] };
    script.turn((s) => s.add("join.decided", { ...decision, decision: "success" }).succeeded(fan));
    expect(view(script).joins).toEqual([
      {
        activation: fan,
        policy: "wait_all",
        errorPolicy: "continue",
        need: 1,
        succeeded: 1,
        failed: 0,
        open: 0,
        decision: "success",
        decidedSeq: script.entries.length - 1,
        winners: [branch],
      },
    ]);
  });

  it("lists what is held at every boundary", () => {
    const held = (script: Script) => {
      script.turn((s) => s.pausing([], 0).add("run.paused", { runTimeMs: 0 }));
      return view(script).control.held.map(({ what, stage }) => [what, stage]);
    };
    expect(held(new Script().create())).toEqual([["run", undefined]]);
    expect(held(new Script().begin())).toEqual([["branch", undefined]]);
    expect(held(new Script().begin().started(a).succeeded(a).edge(a, "a"))).toEqual([["stage", "main/a@2"]]);
    expect(held(new Script().begin().started(a).retry(a, 1))).toEqual([["retry", a]]);
    expect(held(new Script().begin().started(a).interrupted(a, 1, 1))).toEqual([["execution", a]]);
    expect(held(new Script().begin().started(a).failed(a))).toEqual([["end", a]]);
    expect(held(new Script().begin().entered("main/exit@1", "exit"))).toEqual([["end", "main/exit@1"]]);
    expect(view(new Script().begin().started(a).succeeded(a).edge(a, "b")).control.held).toEqual([]);
  });

  it("says by whom a run is held", () => {
    const script = new Script().begin().started(a).retry(a, 1);
    script.add("run.pausing", { mode: "drain", source: "inherited", draining: [], runTimeMs: 0 });
    expect(view(script).control.held).toEqual([{ what: "retry", stage: a, reason: "parent_paused" }]);
  });

  it("gives every execution a row, and marks those that are done again", () => {
    const script = new Script().begin().started(a).interrupted(a, 1, 1).started(a, 1, 2).retry(a, 1, 2).started(a, 2);
    script.interrupted(a, 2, 1, { cause: "lost" }).started(a, 2, 2).failed(a, 2, 2);
    const [stage] = view(script).stages;
    expect(stage).toMatchObject({ status: "failed", attempt: 2, outcome: "fail", failureReason: "it broke" });
    expect(stage!.attempts.map(({ n, status, rerun, failureReason }) => [n, status, rerun, failureReason])).toEqual([
      [1, "interrupted", undefined, undefined],
      [1, "retried", true, "not yet"],
      [2, "lost", undefined, undefined],
      [2, "failed", true, "it broke"],
    ]);
  });

  it.each([
    ["entered", (s: Script) => s.entered(a, "fan")],
    ["running", (s: Script) => s.started(a)],
    ["backing_off", (s: Script) => s.started(a).retry(a, 1)],
    ["interrupted", (s: Script) => s.started(a).interrupted(a, 1, 1, { policy: "ask" })],
    ["held", (s: Script) => s.started(a).interrupted(a, 1, 1, { cause: "pause" }).pausing([], 0)],
    ["succeeded", (s: Script) => s.started(a).succeeded(a)],
    ["succeeded", (s: Script) => s.entered(a, "conditional").edge(a, "b")],
    ["partial", (s: Script) => s.started(a).succeeded(a, 1, 1, { status: "partial_success" })],
    ["failed", (s: Script) => s.started(a).failed(a)],
    ["skipped", (s: Script) => s.started(a).add("stage.skipped", { outcome: { status: "skipped" } }, { stage: a })],
    ["cancelled", (s: Script) => s.started(a).add("stage.cancelled", { reason: "cancel" }, { stage: a })],
  ] as const)("says %s of a stage", (status, write) => {
    expect(view(write(new Script().begin())).stages[0]).toMatchObject({ address: a, status });
  });

  it("says cancelling of the branches in a scope that is being cancelled, and of all when the run is", () => {
    const each = "main/each@1";
    const script = new Script().begin().entered(each, "foreach");
    script.add("container.entered", { activation: each, kind: "foreach", maxParallel: 2, total: 2 });
    for (const index of [0, 1]) script.add("iteration.started", { activation: each, index });
    const command = { verb: "cancel", before: "running", after: "running", changed: true } as const;
    script.add("control.accepted", command, { branch: `${each}/1` });
    const statuses = () => view(script).branches.map(({ status }) => status);
    expect(statuses()).toEqual(["running", "running", "cancelling"]);
    script.add("run.cancelling", { graceMs: 1 });
    expect(statuses()).toEqual(["cancelling", "cancelling", "cancelling"]);
    script.add("run.cancelled", { abandoned: [] });
    expect(statuses()).toEqual(["cancelled", "cancelled", "cancelled"]);
  });

  it("tells until when a run waits, by its own clock and by the wall's", () => {
    const script = new Script().begin();
    script.entered("main/nap@1", "wait");
    script.add("timer.set", { timer: "t", actor: "stage:main/nap@1", kind: "wait", clock: "run", dueMs: 60_000 });
    expect(view(script).waitingOn).toEqual([
      { kind: "timer", id: "t", stage: "main/nap@1", until: "1970-01-01T00:01:01.000Z" },
    ]);
    script.now = 11_000;
    script.turn((s) => s.pausing([], 10_000));
    expect(view(script).waitingOn).toEqual([{ kind: "timer", id: "t", stage: "main/nap@1" }]);
    script.now = 100_000;
    script.turn((s) => s.add("run.continued", { runTimeMs: 10_000, pausedMs: 89_000 }));
    expect(view(script).waitingOn[0]!.until).toBe("1970-01-01T00:02:30.000Z");
  });

  it("does not wait for the time-out of an execution", () => {
    const script = new Script().begin().started(a);
    script.add("timer.set", { timer: "t", actor: `stage:${a}`, kind: "timeout", clock: "wall", dueMs: 5_000 });
    expect(view(script).waitingOn).toEqual([]);
  });

  it("follows child runs, before and after they end", () => {
    const script = new Script().begin().entered("main/sub@1", "pipeline");
    const child = "run-1~sub@1.0";
    script.add("child.started", { child, pipeline: "p2" }, { stage: "main/sub@1" }).add("child.paused", { child });
    expect(view(script).waitingOn).toEqual([{ kind: "child", id: child, stage: "main/sub@1" }]);
    expect(view(script).lineage.children).toEqual([{ runId: child, stage: "main/sub@1", status: "paused" }]);
    script.add("child.finished", { child, status: "completed" });
    expect(view(script).lineage.children).toEqual([{ runId: child, stage: "main/sub@1", status: "completed" }]);
    expect(view(script).waitingOn).toEqual([]);
  });

  it("knows the owner of a live run, says when there is none, and speaks of neither for the past or the ended", () => {
    const script = new Script().begin();
    const { entries } = script;
    expect(view(script).owner).toEqual({ ...owner, leaseUntil: "1970-01-01T00:00:20.000Z" });
    const { owner: _, ...row } = header(entries);
    expect(runView({ run: row, entries })).toMatchObject({ owner: null, statusReason: "unowned" });
    expect(runView({ run: header(entries), entries, now: 20_000 })).toMatchObject({ owner: null });
    expect(runView({ run: header(entries), entries, now: 19_999 }).owner).toMatchObject({ pid: 7 });
    expect(runView({ run: header(entries, { seq: 9 }), entries })).not.toHaveProperty("owner");
    script.add("run.completed", { status: "success", exit: "x" });
    expect(view(script)).not.toHaveProperty("owner");
    expect(view(script)).toMatchObject({ finishedAt: "1970-01-01T00:00:01.000Z", result: { exit: "x" } });
  });

  it("keeps the goal gates that have redirected, when nobody says which there are", () => {
    const script = new Script().begin().started(a).failed(a);
    script.add("goal_gate.redirected", { gate: "a", status: "fail", target: "a", redirects: 1 }, { branch: "main" });
    expect(view(script).goalGates).toEqual([{ node: "a", branch: "main", status: "fail", satisfied: false }]);
  });

  it("keeps failure and kin", () => {
    const script = new Script().begin().started(a).failed(a);
    script.add("run.failed", { code: "stage_failed", message: "a failed", stage: a });
    expect(view(script, { parentRun: "run-0", parentSeq: 3, rootRun: "run-0" })).toMatchObject({
      failure: { code: "stage_failed", message: "a failed", stage: a },
      lineage: { parentRun: "run-0", parentSeq: 3, rootRun: "run-0" },
    });
  });
});

describe("a long journal", () => {
  const long = () => {
    const script = new Script().begin();
    for (let visit = 1; visit <= 350; visit += 1) {
      const stage = `main/a@${visit}`;
      script.started(stage).succeeded(stage).edge(stage, "a");
    }
    return script;
  };

  it("is listed a hundred at a time, with the total beside", () => {
    const { entries } = long();
    const run = header(entries);
    const first = runView({ run, entries });
    expect([first.stages.length, first.stagesTotal, first.branchesTotal]).toEqual([100, 350, 1]);
    expect(first.stages[99]!.address).toBe("main/a@100");
    const last = runView({ run, entries, stagesFrom: 300 });
    expect(last.stages.map(({ visit }) => visit)).toEqual(Array.from({ length: 50 }, (_, index) => 301 + index));
  });

  it("may come in pages", () => {
    const { entries } = long();
    const run = header(entries);
    const pages = [entries.slice(0, 7), entries.slice(7, 8), entries.slice(8)];
    expect(runView({ run, pages })).toEqual(runView({ run, entries }));
    const builder = createViewBuilder();
    for (const entry of entries) builder.push(entry);
    expect(builder.view({ run })).toEqual(runView({ run, entries }));
  });
});

describe("a state that was handed out", () => {
  it("does not move with the entries that follow, from a fold or from a view", () => {
    for (const folding of [createFold(emptyFold("run-1")), createViewBuilder()]) {
      const seen: { state: ReturnType<typeof folding.state>; text: string }[] = [];
      for (const entry of release().entries) {
        folding.push(entry);
        const state = folding.state();
        seen.push({ state, text: JSON.stringify(foldToJson(state)) });
      }
      for (const { state, text } of seen) expect(JSON.stringify(foldToJson(state))).toBe(text);
      expect(new Set(seen.map(({ text }) => text)).size).toBe(seen.length);
    }
  });
});
