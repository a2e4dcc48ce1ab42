import { describe, expect, it } from "vitest";
import { fold, foldToJson, runTimeAt, wallTimeOf } from "../../src/journal/fold.ts";
import { Script } from "./script.ts";

const a = "main/a@1";
const pauseCommand = { verb: "pause", before: "running", after: "pausing", changed: true } as const;

function at(script: Script, now: number): Script {
  script.now = now;
  return script;
}

describe("the run's status", () => {
  it("is queued until it starts, and final at its end", () => {
    const script = new Script().turn((s) => s.create());
    expect(fold(script.entries)).toMatchObject({ status: "queued", createdAtMs: 1_000 });
    expect(fold(script.entries).branches.size).toBe(0);
    at(script, 2_000).turn((s) => s.add("run.started", {}));
    expect(fold(script.entries)).toMatchObject({ status: "running", startedAtMs: 2_000 });
    at(script, 3_000).turn((s) => s.add("run.completed", { status: "success", exit: "done" }));
    expect(fold(script.entries)).toMatchObject({
      status: "completed",
      finishedAtMs: 3_000,
      result: { status: "success", exit: "done" },
      counts: { branches: { begun: 1, succeeded: 1 } },
    });
  });

  it("goes back to queued after a continue without a slot, and starts again without a second start time", () => {
    const script = new Script()
      .begin()
      .turn((s) => s.pausing([], 0).add("run.paused", { runTimeMs: 0 }))
      .turn((s) => s.add("run.continued", { runTimeMs: 0, pausedMs: 5 }).add("run.queued", { reason: "no_slot" }));
    expect(fold(script.entries)).toMatchObject({ status: "queued", statusReason: "no_slot", startedAtMs: 1_000 });
    at(script, 9_000).turn((s) => s.add("run.started", {}));
    const state = fold(script.entries);
    expect(state).toMatchObject({ status: "running", startedAtMs: 1_000 });
    expect(state.counts.branches.begun).toBe(1);
  });

  it("of a restarted run is completed, and names the run that goes on", () => {
    const { entries } = new Script().begin().turn((s) => s.add("run.restarted", { newRunId: "r2", restarts: 1 }));
    expect(fold(entries)).toMatchObject({ status: "completed", statusReason: "restarted", restartedAs: "r2" });
  });

  it("failed keeps code, message and stage", () => {
    const failure = { code: "no_route", message: "no edge", stage: a };
    expect(fold(new Script().begin().add("run.failed", failure).entries)).toMatchObject({
      status: "failed",
      statusReason: "no_route",
      failure,
    });
  });

  it.each(["run.completed", "run.failed", "run.cancelled"] as const)("after %s is moved by nothing", (type) => {
    const script = new Script().begin().started(a);
    if (type === "run.completed") script.succeeded(a).add(type, { status: "success", exit: "x" });
    if (type === "run.failed") script.failed(a).add(type, { code: "stage_failed", message: "m", stage: a });
    if (type === "run.cancelled")
      script.add("stage.cancelled", { reason: "c" }, { stage: a }).add(type, { abandoned: [] });
    const last = fold(script.entries);
    script
      .add("control.rejected", { verb: "pause", state: "completed", code: "run_finished" })
      .accepted({ verb: "cancel", before: "cancelled", after: "cancelled", changed: true })
      .add("stage.result_discarded", { status: "success", reason: "late" }, { stage: a, execution: `${a}#1.1` })
      .started("main/b@1")
      .add("run.started", {});
    const later = fold(script.entries);
    expect(later.seq).toBe(script.entries.length);
    expect({ ...later, seq: 0, turn: 0, atMs: 0 }).toEqual({ ...last, seq: 0, turn: 0, atMs: 0 });
  });
});

describe("run time", () => {
  it("stands while pausing and paused, over any number of pauses", () => {
    const script = new Script().begin();
    let expected = 0;
    for (let pause = 1; pause <= 3; pause += 1) {
      expected += 100;
      const asked = script.now + 100;
      at(script, asked).turn((s) => s.pausing([], expected));
      expect(runTimeAt(fold(script.entries), asked + 70_000)).toBe(expected);
      at(script, asked + 1_000).turn((s) => s.add("run.paused", { runTimeMs: expected }));
      expect(runTimeAt(fold(script.entries), asked + 70_000)).toBe(expected);
      at(script, asked + 5_000).turn((s) => s.add("run.continued", { runTimeMs: expected, pausedMs: 5_000 }));
      expect(runTimeAt(fold(script.entries), script.now + 30)).toBe(expected + 30);
    }
    expect(wallTimeOf(fold(script.entries), expected + 250)).toBe(script.now + 250);
  });

  it("goes on when a paused run is cancelled", () => {
    const script = at(new Script().begin(), 1_500).turn((s) => s.pausing([], 500));
    at(script, 4_000).turn((s) => s.add("run.cancelling", { graceMs: 5 }));
    expect(runTimeAt(fold(script.entries), 4_100)).toBe(600);
  });

  it("counts from creation and stops at the end", () => {
    const script = at(new Script(), 5_000).begin();
    expect(runTimeAt(fold(script.entries), 5_400)).toBe(400);
    at(script, 6_000).add("run.completed", { status: "success", exit: "x" });
    expect(runTimeAt(fold(script.entries), 9_000)).toBe(1_000);
  });
});

describe("a pause", () => {
  it("knows what was in flight at the request and how each ended", () => {
    const b = "main/fan@1/0/b@1";
    const script = new Script().begin().started(a);
    script.turn((s) => s.pausing([`${a}#1.1`, `${b}#1.1`], 0));
    expect(fold(script.entries).control.atPause.get(`${a}#1.1`)).toEqual({});
    script.turn((s) => s.interrupted(a, 1, 1, { cause: "pause" }));
    script.turn((s) => s.add("run.paused", { runTimeMs: 0 }));
    script.turn((s) => s.add("run.continued", { runTimeMs: 0, pausedMs: 1 }).started(a, 1, 2).succeeded(a, 1, 2));
    const { atPause } = fold(script.entries).control;
    expect([...atPause]).toEqual([
      [`${a}#1.1`, { ended: "interrupted" }],
      [`${b}#1.1`, {}],
    ]);
  });

  it("holds while either source does", () => {
    const script = new Script()
      .begin()
      .turn((s) => s.accepted(pauseCommand).pausing([], 0).add("run.paused", { runTimeMs: 0 }));
    const paused = { before: "paused", after: "paused", changed: true } as const;
    script.accepted({ verb: "pause", source: "inherited", ...paused });
    expect(fold(script.entries).control.sources).toEqual({ own: true, inherited: true });
    script.accepted({ verb: "continue", source: "own", ...paused });
    expect(fold(script.entries).control.sources).toEqual({ own: false, inherited: true });
    script.accepted({ verb: "continue", source: "inherited", before: "paused", after: "running", changed: true });
    script.add("run.continued", { runTimeMs: 0, pausedMs: 0 });
    expect(fold(script.entries).control.sources).toEqual({ own: false, inherited: false });
  });

  it("of a queued run is one at once, with the source its command names", () => {
    const command = { verb: "pause", before: "queued", after: "paused", changed: true } as const;
    const own = new Script().create().turn((s) => s.accepted(command).add("run.paused", { runTimeMs: 0 }));
    expect(fold(own.entries).control.sources).toEqual({ own: true, inherited: false });
    for (const order of ["before", "after"]) {
      const script = new Script().create();
      if (order === "before") script.accepted({ ...command, source: "inherited" });
      script.add("run.paused", { runTimeMs: 0 });
      if (order === "after") script.accepted({ ...command, source: "inherited" });
      expect(fold(script.entries).control.sources).toEqual({ own: false, inherited: true });
    }
  });

  it("becomes an interrupt when it is escalated, and forgets mode and deadline on continue", () => {
    const script = new Script()
      .begin()
      .add("run.pausing", { mode: "drain", source: "own", draining: [], runTimeMs: 0, deadlineMs: 30 });
    expect(fold(script.entries).control).toMatchObject({ mode: "drain", deadlineMs: 30 });
    script.add("pause.escalated", { draining: [] });
    expect(fold(script.entries).control.mode).toBe("interrupt");
    script.add("run.continued", { runTimeMs: 0, pausedMs: 0 });
    expect(fold(script.entries).control).not.toHaveProperty("mode");
    expect(fold(script.entries).control).not.toHaveProperty("deadlineMs");
  });
});

describe("the lineage", () => {
  const command = { ...pauseCommand, reason: "deploy", boundary: "before_execution" };

  it.each(["before", "after"])(
    "explains a change by the command %s it in the same turn, and the settling too",
    (order) => {
      const script = new Script().begin().turn((s) => {
        if (order === "before") s.accepted(command, "bob");
        s.pausing([], 0);
        if (order === "after") s.accepted(command, "bob");
      });
      script.turn((s) => s.add("run.paused", { runTimeMs: 0 }));
      const { lineage } = fold(script.entries).control;
      const explained = { verb: "pause", actor: "bob", reason: "deploy", boundary: "before_execution" };
      expect(lineage.slice(1)).toMatchObject([
        { from: "running", to: "pausing", ...explained },
        { from: "pausing", to: "paused", ...explained },
      ]);
    },
  );

  it("gives the words of an older command to no change that has none of its own", () => {
    const script = new Script().begin().turn((s) => s.accepted(command, "bob").pausing([], 0));
    script.turn((s) => s.add("run.continued", { runTimeMs: 0, pausedMs: 0 }));
    script.turn((s) => s.pausing([], 0)).turn((s) => s.add("run.paused", { runTimeMs: 0 }));
    const { lineage } = fold(script.entries).control;
    expect(lineage.map(({ verb, actor }) => [verb, actor])).toEqual([
      ["start", undefined],
      ["pause", "bob"],
      ["continue", undefined],
      ["pause", undefined],
      ["pause", undefined],
    ]);
  });

  it("is not changed by commands that change nothing", () => {
    const script = new Script().begin().turn((s) => s.accepted(command, "bob").pausing([], 0));
    script.accepted({ verb: "pause", before: "pausing", after: "pausing", changed: false, reason: "me too" }, "cy");
    script.turn((s) => s.add("run.paused", { runTimeMs: 0 }));
    expect(fold(script.entries).control.lineage.at(-1)).toMatchObject({ actor: "bob", reason: "deploy" });
  });

  it("tells of resumes, which change no status and forget abandoned code", () => {
    const script = new Script()
      .begin()
      .started(a)
      .turn((s) =>
        s.add(
          "stage.failed",
          { outcome: { status: "fail" }, code: "timeout", abandoned: true },
          { stage: a, execution: `${a}#1.1` },
        ),
      );
    expect([...fold(script.entries).control.abandoned]).toEqual([[`${a}#1.1`, a]]);
    script.add("run.resumed", { resumeEpoch: 1, host: "h", pid: 1 });
    const state = fold(script.entries);
    expect(state).toMatchObject({ status: "running", resumeEpoch: 1 });
    expect(state.control.lineage.at(-1)).toMatchObject({ verb: "resume", from: "running", to: "running" });
    expect(state.control.abandoned.size).toBe(0);
  });
});

describe("abandoned code", () => {
  it("is listed until its result is discarded", () => {
    const script = new Script().begin().started(a);
    const outcome = { status: "retry" };
    script.add(
      "stage.retry_scheduled",
      { outcome, failureClass: "transient", nextAttempt: 2, delayMs: 1, timer: "t", dueMs: 1, abandoned: true },
      { stage: a, attempt: 1, execution: `${a}#1.1` },
    );
    expect(fold(script.entries).control.abandoned.has(`${a}#1.1`)).toBe(true);
    script.add("stage.result_discarded", { status: "success", reason: "late" }, { stage: a, execution: `${a}#1.1` });
    expect(fold(script.entries).control.abandoned.size).toBe(0);
  });
});

describe("cancelling", () => {
  it("of a branch or an activation is remembered until it has ended", () => {
    const each = "main/each@1";
    const script = new Script().begin().entered(each, "foreach");
    script.add("container.entered", { activation: each, kind: "foreach", maxParallel: 2, total: 3 });
    script.add("iteration.started", { activation: each, index: 0 });
    const command = { verb: "cancel", before: "running", after: "running", changed: true } as const;
    script.add("control.accepted", command, { branch: `${each}/0` });
    expect(fold(script.entries).control.cancellingScopes).toEqual([`${each}/0`]);
    expect(fold(script.entries).status).toBe("running");
    script.add("iteration.cancelled", { activation: each, index: 0 });
    expect(fold(script.entries).control.cancellingScopes).toEqual([]);
    script.add("control.accepted", command, { stage: each });
    expect(fold(script.entries).control.cancellingScopes).toEqual([each]);
    script.add("stage.cancelled", { reason: "cancel" }, { stage: each });
    expect(fold(script.entries).control.cancellingScopes).toEqual([]);
  });

  it("of the run keeps grace and force, and ends every branch cancelled", () => {
    const script = new Script()
      .begin()
      .started(a)
      .add("run.cancelling", { graceMs: 5_000, force: true, reason: "stop" });
    expect(fold(script.entries)).toMatchObject({ status: "cancelling", control: { graceMs: 5_000, force: true } });
    script.add("stage.cancelled", { reason: "cancel" }, { stage: a }).add("run.cancelled", { abandoned: [] });
    expect(fold(script.entries)).toMatchObject({
      status: "cancelled",
      statusReason: "stop",
      counts: { stages: { begun: 1, cancelled: 1 }, branches: { begun: 1, cancelled: 1 } },
    });
  });
});

describe("a fork", () => {
  it("goes on from its base: not started, not opened, without its control state", () => {
    const base = new Script("old").begin({ goal: "ship", keep: "yes" });
    base.started(a).retry(a, 1, 1, 4_000);
    base.now = 3_000;
    base.turn((s) => s.pausing([], 2_000).add("run.paused", { runTimeMs: 2_000 }));
    const folded = foldToJson(fold(base.entries));
    const fork = at(new Script("new"), 50_000).turn((s) =>
      s.create({ goal: "ship it" }).add("run.forked", { from: "old", at: 6, base: folded }).add("run.started", {}),
    );
    const state = fold(fork.entries);
    expect(state).toMatchObject({ runId: "new", status: "running", origin: { forkedFrom: { runId: "old", seq: 6 } } });
    expect(state.stages.get(a)).toMatchObject({ status: "backing_off", attempt: 1 });
    expect(state.control.sources).toEqual({ own: false, inherited: false });
    expect(runTimeAt(state, 50_000)).toBe(2_000);
    // 2,000 ms were left of the back-off, whenever the fork is made.
    expect(wallTimeOf(state, state.timers.get(`retry:${a}`)!.dueMs)).toBe(52_000);
    expect(state.context.get("main")!.get("goal")).toBe("ship it");
    expect(state.context.get("main")!.get("keep")).toBe("yes");
    expect(state.counts.branches.begun).toBe(1);
  });

  it("holds what was in flight and what waited for a person, to be done anew", () => {
    const base = new Script("old").begin().started(a);
    const fork = new Script("new")
      .create()
      .add("run.forked", { from: "old", at: 3, base: foldToJson(fold(base.entries)) });
    const stage = fold(fork.entries).stages.get(a)!;
    // Its first attempt is still to come, and is not its second.
    expect(stage).toMatchObject({ status: "held", attempt: 0, start: 0 });
    expect(stage.execution).toBeUndefined();
  });

  it("asks again what a person was asked about a lost execution", () => {
    const base = new Script("old").begin().started(a);
    base.add("stage.interrupted", { cause: "crash", inARow: 2, policy: "ask" }, { stage: a, execution: `${a}#1.1` });
    base.add(
      "gate.opened",
      { gate: "g", kind: "multiple_choice", purpose: "interrupted", text: "?", options: [] },
      { stage: a },
    );
    const fork = new Script("new")
      .create()
      .add("run.forked", { from: "old", at: 5, base: foldToJson(fold(base.entries)) });
    const state = fold(fork.entries);
    expect(state.gates.size).toBe(0);
    expect(state.stages.get(a)).toMatchObject({ status: "interrupted", attempt: 1, start: 1, crashes: 2 });
    expect(state.stages.get(a)).toMatchObject({ interrupted: { cause: "crash", policy: "ask" } });
  });

  it("from JSON that is no state is an empty run, not an error", () => {
    for (const base of [null, {}, { fold: 1 }, { ...(foldToJson(fold([])) as object), branches: { x: 3 } }]) {
      const { entries } = new Script().create().add("run.forked", { from: "old", at: 3, base });
      expect(fold(entries).branches.size).toBe(0);
    }
  });
});
