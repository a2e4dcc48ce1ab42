import { describe, expect, it } from "vitest";
import { completedIterations, lowWatermark } from "../../src/journal/fold/containers.ts";
import { readContext } from "../../src/journal/fold/context.ts";
import { framesOf } from "../../src/journal/fold/queries.ts";
import { isCancelling } from "../../src/journal/fold/scopes.ts";
import { fold } from "../../src/journal/fold.ts";
import { Script } from "./script.ts";

const each = "main/each@1";
const fan = "main/fan@1";

function foreach(total: number, maxParallel = 2, activation = each): Script {
  return enterForeach(new Script().begin(), total, maxParallel, activation);
}

function enterForeach(script: Script, total: number, maxParallel: number, activation: string): Script {
  return script
    .entered(activation, "foreach")
    .add("container.entered", { activation, kind: "foreach", maxParallel, total });
}

function iterate(script: Script, index: number, activation = each): Script {
  return script.add("iteration.started", { activation, index });
}

function finish(script: Script, index: number, activation = each): Script {
  return script.add("iteration.succeeded", { activation, index, status: "success" });
}

describe("a container's position", () => {
  it("moves by ends alone: an iteration that began is in flight, whatever comes between", () => {
    const script = foreach(5);
    const position = () => lowWatermark(fold(script.entries).containers.get(each)!);
    iterate(iterate(script, 0), 1);
    expect(position()).toBe(0);
    finish(script, 1);
    expect(position()).toBe(0);
    script.turn((s) => s.pausing([], 0).add("run.paused", { runTimeMs: 0 }));
    script.turn((s) => s.add("run.resumed", { resumeEpoch: 1, host: "h", pid: 1 }));
    script.turn((s) => s.add("run.continued", { runTimeMs: 0, pausedMs: 0 }));
    expect(position()).toBe(0);
    // Entered again after the crash: still in flight, still once.
    iterate(script, 0);
    expect(fold(script.entries).containers.get(each)).toMatchObject({ next: 2, inFlight: [0], succeeded: 1 });
    finish(script, 0);
    expect(position()).toBe(2);
    iterate(script, 2);
    expect(position()).toBe(2);
  });

  it("counts an end that is told twice once, and begins no iteration again that has ended", () => {
    const script = finish(finish(iterate(foreach(5), 0), 0), 0);
    script.add("iteration.failed", { activation: each, index: 0, status: "fail" });
    iterate(script, 0);
    const state = fold(script.entries);
    expect(state.containers.get(each)).toMatchObject({ next: 1, inFlight: [], succeeded: 1, failed: 0 });
    expect(state.branches.has(`${each}/0`)).toBe(false);
    expect(state.counts.branches).toMatchObject({ begun: 2, succeeded: 1 });
  });

  it("is of constant size however many iterations there were", () => {
    const script = foreach(500, 1);
    for (let index = 0; index < 500; index += 1) {
      iterate(script, index).started(`${each}/${index}/work@1`).succeeded(`${each}/${index}/work@1`);
      finish(script, index);
    }
    const state = fold(script.entries);
    expect(completedIterations(state.containers.get(each)!)).toBe(500);
    expect(state.branches.size).toBe(1);
    expect(state.context.size).toBe(1);
    expect(state.visits.size).toBe(1);
    expect(JSON.stringify(state.containers.get(each)).length).toBeLessThan(250);
  });

  it("knows its newest end and its first unsuccessful one, and counts apart what was cut with it", () => {
    const script = finish(iterate(iterate(iterate(foreach(5, 3), 0), 1), 2), 1);
    expect(fold(script.entries).containers.get(each)).toMatchObject({
      newest: { index: 1, seq: 8, status: "success" },
    });
    expect(fold(script.entries).containers.get(each)).not.toHaveProperty("unsuccessful");
    script.add("iteration.failed", { activation: each, index: 0, status: "fail", reason: "no_route" });
    const failed = { index: 0, seq: 9, status: "fail", reason: "no_route" };
    expect(fold(script.entries).containers.get(each)).toMatchObject({ newest: failed, unsuccessful: failed, cut: 0 });
    script.turn((s) => s.add("run.cancelling", { graceMs: 5 }));
    script.add("iteration.cancelled", { activation: each, index: 2 });
    expect(fold(script.entries).containers.get(each)).toMatchObject({ cancelled: 1, cut: 1, newest: failed });
  });

  it("counts for nothing what a cancel of all its iterations has ended, before its audit entry and after", () => {
    const script = finish(iterate(iterate(iterate(foreach(5, 3), 0), 1), 2), 0);
    const before = fold(script.entries).containers.get(each)!;
    const command = { verb: "cancel", before: "running", after: "running", changed: true, reason: "wrong" } as const;
    script.turn((s) =>
      s.add("iteration.cancelled", { activation: each, index: 1 }).add("control.accepted", command, { stage: each }),
    );
    const { newest } = before;
    expect(fold(script.entries).containers.get(each)).toMatchObject({ cancelled: 1, cut: 1, aborted: "wrong", newest });
    expect(fold(script.entries).containers.get(each)).not.toHaveProperty("unsuccessful");
    script.add("iteration.cancelled", { activation: each, index: 2 });
    expect(fold(script.entries).containers.get(each)).toMatchObject({ cancelled: 2, cut: 2, newest });
    // Its stage goes on, to fail; what is left below it is cancelled.
    expect(isCancelling(fold(script.entries), each)).toBe(false);
    expect(isCancelling(fold(script.entries), `${each}/2`)).toBe(true);
  });

  it("ends with its stage, and with it what was still below", () => {
    const script = iterate(foreach(3), 0).started(`${each}/0/work@1`);
    script.add("container.exited", { activation: each, status: "fail", completed: 0, failed: 0 });
    expect(fold(script.entries).containers.get(each)!.exited).toBe("fail");
    script.add("stage.failed", { outcome: { status: "fail" }, code: "stage_failed" }, { stage: each });
    const state = fold(script.entries);
    expect([state.containers.size, state.branches.size, state.stages.size, state.context.size]).toEqual([0, 1, 0, 1]);
    expect(state.counts).toMatchObject({
      stages: { begun: 2, failed: 1, cancelled: 1 },
      branches: { begun: 2, cancelled: 1 },
    });
  });
});

describe("iterations of a loop", () => {
  const loop = "main/poll@1";
  const script = () =>
    new Script()
      .begin({ tries: "none" })
      .entered(loop, "loop")
      .add("container.entered", { activation: loop, kind: "loop", maxParallel: 1 })
      .add("iteration.decided", { activation: loop, index: 0, go: true, expression: "tries!=3" })
      .add("iteration.started", { activation: loop, index: 0 })
      .started(`${loop}/0/try@1`)
      .succeeded(`${loop}/0/try@1`, 1, 1, { contextUpdates: { tries: 1 } });

  it("hand their writes up when they finish, without the engine's keys", () => {
    const done = script().add("iteration.succeeded", { activation: loop, index: 0, status: "success" });
    const state = fold(done.entries);
    expect(readContext(state, "main", "tries")).toBe(1);
    expect(readContext(state, "main", "last_stage")).toBeUndefined();
    expect(readContext(state, "main", "work.index")).toBeUndefined();
    expect(state.containers.get(loop)!.decided).toEqual({ index: 0, go: true });
  });

  it.each(["iteration.failed", "iteration.cancelled"] as const)("keep them to themselves on %s", (type) => {
    const cut = script();
    if (type === "iteration.failed") cut.add(type, { activation: loop, index: 0, status: "fail" });
    else cut.add(type, { activation: loop, index: 0 });
    expect(readContext(fold(cut.entries), "main", "tries")).toBe("none");
  });

  it("of a foreach never hand anything up", () => {
    const state = fold(
      finish(
        iterate(foreach(1), 0)
          .started(`${each}/0/w@1`)
          .succeeded(`${each}/0/w@1`, 1, 1, { contextUpdates: { x: 1 } }),
        0,
      ).entries,
    );
    expect(readContext(state, "main", "x")).toBeUndefined();
  });
});

describe("frames", () => {
  it("are the stack down to a branch, keyed by activation, so that recursion has two of them", () => {
    const inner = `${each}/3/each@1`;
    const script = foreach(5, 5);
    for (let index = 0; index < 4; index += 1) iterate(script, index);
    finish(finish(script, 0), 1);
    enterForeach(script, 2, 1, inner);
    finish(iterate(script, 0, inner), 0, inner);
    iterate(script, 1, inner).started(`${inner}/1/leaf@1`);
    const state = fold(script.entries);
    expect(framesOf(state, `${inner}/1`)).toEqual([
      { container: "each", activation: each, iteration: 3, stage: inner, completed: 2 },
      { container: "each", activation: inner, iteration: 1, stage: `${inner}/1/leaf@1`, completed: 1 },
    ]);
    // The sibling is in the outer one only: no inner frame is handed to it.
    expect(framesOf(state, `${each}/2`)).toEqual([{ container: "each", activation: each, iteration: 2, completed: 2 }]);
    expect(framesOf(state, "main")).toEqual([]);
  });
});

describe("a parallel node", () => {
  const start = () =>
    new Script()
      .begin()
      .entered(fan, "parallel")
      .add("parallel.started", {
        activation: fan,
        join: "meet",
        joinRule: "fan_in",
        policy: "first_success",
        errorPolicy: "continue",
        need: 1,
        maxParallel: 2,
        branches: [0, 1, 2].map((index) => ({ path: `${fan}/${index}`, head: `h${index}` })),
      });
  const begin = (script: Script, index: number) =>
    script.add(
      "branch.started",
      { activation: fan, index, head: `h${index}`, branchRunId: `${fan}/${index}~0` },
      { branch: `${fan}/${index}` },
    );

  it("knows of each branch whether it is queued, running, or how and when it ended", () => {
    const script = begin(begin(start(), 0), 1);
    script.add("branch.failed", { status: "fail", reason: "no_route" }, { branch: `${fan}/0` });
    const parallel = fold(script.entries).parallels.get(fan)!;
    expect([...parallel.branches.values()]).toEqual([
      { index: 0, head: "h0", status: "failed", outcome: "fail", endedSeq: 7, reason: "no_route" },
      { index: 1, head: "h1", status: "running" },
      { index: 2, head: "h2", status: "queued" },
    ]);
    expect(parallel.tally).toMatchObject({ queued: 1, running: 1, failed: 1 });
  });

  it("is entered again after a crash only where it had not ended", () => {
    const script = begin(begin(start(), 0), 1);
    script.add("branch.succeeded", { status: "success" }, { branch: `${fan}/0` });
    script.add("run.resumed", { resumeEpoch: 1, host: "h", pid: 1 });
    begin(script, 0);
    script.add(
      "branch.started",
      { activation: fan, index: 1, head: "h1", branchRunId: `${fan}/1~1` },
      { branch: `${fan}/1` },
    );
    const state = fold(script.entries);
    expect([...state.branches.keys()]).toEqual(["main", `${fan}/1`]);
    expect(state.branches.get(`${fan}/1`)!.branchRunId).toBe(`${fan}/1~1`);
    expect(state.counts.branches).toMatchObject({ begun: 3, succeeded: 1 });
  });

  it("decides once, keeps the scopes of ended branches until its stage ends, and then nothing", () => {
    const script = begin(begin(start(), 0), 1).started(`${fan}/0/h0@1`);
    script.succeeded(`${fan}/0/h0@1`, 1, 1, { contextUpdates: { found: 1 } });
    script.add("branch.succeeded", { status: "success" }, { branch: `${fan}/0` });
    const decision = { activation: fan, policy: "first_success", succeeded: 1, failed: 0, open: 2 };
    script.add("join.decided", { ...decision, decision: "success", winners: [`${fan}/0`] });
    script.add("join.decided", { ...decision, decision: "fail", winners: [] });
    expect(fold(script.entries).parallels.get(fan)!.decided).toEqual({
      seq: 10,
      decision: "success",
      winners: [`${fan}/0`],
    });
    expect(fold(script.entries).context.get(`${fan}/0`)!.get("found")).toBe(1);
    script.add("branch.superseded", { status: "cancelled" }, { branch: `${fan}/1` });
    script.succeeded(fan);
    const state = fold(script.entries);
    expect([...state.context.keys()]).toEqual(["main"]);
    expect([state.parallels.size, state.branches.size]).toEqual([0, 1]);
    expect(state.counts.branches).toMatchObject({ begun: 3, succeeded: 1, superseded: 1 });
  });

  it("cancels what goes on after its decision, and tells what was cut with it from what was cancelled by itself", () => {
    const script = begin(begin(start(), 0), 1);
    const cancel = { verb: "cancel", before: "running", after: "running", changed: true } as const;
    script.add("control.accepted", cancel, { branch: `${fan}/0` });
    script.add("branch.cancelled", { status: "fail", reason: "cancelled" }, { branch: `${fan}/0` });
    expect(fold(script.entries).parallels.get(fan)!.branches.get(`${fan}/0`)).not.toHaveProperty("cut");
    expect(isCancelling(fold(script.entries), `${fan}/1/h1@1`)).toBe(false);
    const decision = { activation: fan, policy: "first_success", succeeded: 0, failed: 1, open: 2 };
    script.add("join.decided", { ...decision, decision: "fail", winners: [] });
    const decided = fold(script.entries);
    expect(isCancelling(decided, `${fan}/1`)).toBe(true);
    expect(isCancelling(decided, `${fan}/1/h1@1`)).toBe(true);
    expect(isCancelling(decided, `${fan}/1/each@1/3/leaf@1`)).toBe(true);
    expect([isCancelling(decided, fan), isCancelling(decided, "main")]).toEqual([false, false]);
    const whole = begin(start(), 0).add("run.cancelling", { graceMs: 5 });
    whole.add("branch.cancelled", { status: "fail", reason: "cancelled" }, { branch: `${fan}/0` });
    expect(fold(whole.entries).parallels.get(fan)!.branches.get(`${fan}/0`)).toMatchObject({ cut: true });
  });
});
