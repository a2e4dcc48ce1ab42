import { describe, expect, it } from "vitest";
import { type FoldState, fold, foldFromJson, foldToJson } from "../../src/journal/fold.ts";
import { Script } from "./script.ts";

const a = "main/a@1";
const b = "main/b@1";

const since = (state: FoldState, stage: string) => state.stages.get(stage)?.since;

describe("what is held is ordered by the seq before the input that brought it", () => {
  it("which all entries of the turn share", () => {
    const script = new Script()
      .begin()
      .turn((s) => s.started(a))
      .turn((s) => s.succeeded(a).edge(a, "b"));
    expect(fold(script.entries).input.seq).toBe(3);
    expect(fold(script.entries.slice(0, 4)).input.seq).toBe(3);
    expect(fold(script.entries.slice(0, 3)).input.seq).toBe(2);
  });

  it("and which a state keeps that was cut inside a turn, written and read back", () => {
    const script = new Script()
      .begin()
      .turn((s) => s.started(a))
      .turn((s) => s.succeeded(a).edge(a, "b"));
    const cut = foldFromJson(JSON.parse(JSON.stringify(foldToJson(fold(script.entries.slice(0, 4))))));
    expect(fold(script.entries.slice(4), cut).branches.get("main")!.next).toMatchObject({ since: 3 });
  });

  it("of ends that share a turn each has its own, with the artifacts before it", () => {
    const fan = "main/fan@1";
    const leaf = (index: number) => `${fan}/${index}/x@1`;
    const script = new Script().begin().turn((s) => {
      const branches = [0, 1, 2].map((index) => ({ path: `${fan}/${index}`, head: "x" }));
      const settings = { joinRule: "none", policy: "wait_all", errorPolicy: "continue", need: 3, maxParallel: 3 };
      s.entered(fan, "parallel").add("parallel.started", { activation: fan, ...settings, branches });
      branches.forEach(({ path: branch }, index) => {
        s.add("branch.started", { activation: fan, index, head: "x", branchRunId: "b" }, { branch });
        s.started(leaf(index));
      });
    });
    script.turn((s) => s.pausing([], 0));
    const before = script.entries.length;
    const artifact = { artifact: "a", name: "log", mediaType: "text/plain", hash: "h", bytes: 1, complete: true };
    script.turn((s) => {
      s.succeeded(leaf(2)).edge(leaf(2), "join");
      const execution = `${leaf(0)}#1.1`;
      s.add("artifact.stored", artifact, { stage: leaf(0), execution });
      s.add("artifact.stored", { ...artifact, artifact: "b" }, { stage: leaf(0), execution });
      s.succeeded(leaf(0)).failed(leaf(1));
    });
    const { branches } = fold(script.entries);
    expect([2, 0, 1].map((index) => branches.get(`${fan}/${index}`)!.since - before)).toEqual([0, 2, 5]);
  });

  it("of what a crash has cut, which is found all at once, is one and the same", () => {
    const fan = "main/fan@1";
    const script = new Script().begin().turn((s) => {
      const branches = [0, 1].map((index) => ({ path: `${fan}/${index}`, head: "x" }));
      const settings = { joinRule: "none", policy: "wait_all", errorPolicy: "continue", need: 2, maxParallel: 2 };
      s.entered(fan, "parallel").add("parallel.started", { activation: fan, ...settings, branches });
      branches.forEach(({ path: branch }, index) => {
        s.add("branch.started", { activation: fan, index, head: "x", branchRunId: "b" }, { branch });
        s.started(`${branch}/x@1`);
      });
    });
    const before = script.entries.length;
    script.turn((s) => {
      s.add("run.resumed", { resumeEpoch: 1, host: "h", pid: 1 });
      for (const index of [0, 1]) s.interrupted(`${fan}/${index}/x@1`, 1, 1);
    });
    const state = fold(script.entries);
    expect([0, 1].map((index) => since(state, `${fan}/${index}/x@1`))).toEqual([before, before]);
  });

  it("of branches by the turn that brought their newest stage's end, before that by their birth", () => {
    const script = new Script().begin();
    expect(fold(script.entries).branches.get("main")!.since).toBe(0);
    script.turn((s) => s.started(a));
    expect(fold(script.entries).branches.get("main")!.since).toBe(0);
    script.turn((s) => s.succeeded(a).edge(a, "b"));
    expect(fold(script.entries).branches.get("main")!.since).toBe(3);
    script.turn((s) => s.pausing([], 0)).turn((s) => s.add("run.continued", { runTimeMs: 0, pausedMs: 0 }));
    script.turn((s) => s.started(b));
    expect(fold(script.entries).branches.get("main")!.since).toBe(3);
  });

  it("of stages by the turn that led to them, if they could not begin in it", () => {
    const script = new Script().begin().turn((s) => s.started(a));
    script.turn((s) => s.succeeded(a).edge(a, "b").started(b));
    expect(since(fold(script.entries), b)).toBeUndefined();
    const held = new Script().begin().turn((s) => s.started(a));
    held.turn((s) => s.pausing([`${a}#1.1`], 0)).turn((s) => s.succeeded(a).edge(a, "b"));
    held.turn((s) => s.add("run.continued", { runTimeMs: 0, pausedMs: 0 }).started(b));
    expect(since(fold(held.entries), b)).toBe(4);
  });

  it("of stages that were cut, answered, or have waited long enough", () => {
    const cut = new Script().begin().turn((s) => s.started(a));
    cut.turn((s) => s.interrupted(a, 1, 1));
    expect(since(fold(cut.entries), a)).toBe(3);
    const asked = new Script().begin().turn((s) => {
      s.entered(a, "wait.human");
      s.add("gate.opened", { gate: "g", kind: "yes_no", purpose: "gate", text: "?", options: [] }, { stage: a });
    });
    asked.turn((s) => s.pausing([], 0)).turn((s) => s.add("gate.answered", { gate: "g", answer: "yes", by: "ann" }));
    expect(since(fold(asked.entries), a)).toBe(5);
    const nap = new Script().begin().turn((s) => {
      s.entered(a, "wait");
      s.add("timer.set", { timer: "t", actor: `stage:${a}`, kind: "wait", clock: "run", dueMs: 9 }, { stage: a });
    });
    nap.turn((s) => s.add("timer.fired", { timer: "t" }));
    expect(since(fold(nap.entries), a)).toBe(4);
  });

  it("in JSON that was written before this was known by what began when", () => {
    const each = "main/each@1";
    const script = new Script()
      .begin()
      .turn((s) => s.started(a))
      .turn((s) => s.succeeded(a).edge(a, "each"));
    script.turn((s) =>
      s
        .entered(each, "foreach")
        .add("container.entered", { activation: each, kind: "foreach", maxParallel: 1, total: 1 }),
    );
    const { input: _, ...json } = JSON.parse(JSON.stringify(foldToJson(fold(script.entries))));
    delete json.branches.main.since;
    delete json.containers[each].cut;
    const read = foldFromJson(json);
    expect(read.input).toEqual({ seq: script.entries.length });
    expect(read.branches.get("main")!.since).toBe(2);
    expect(read.containers.get(each)!.cut).toBe(0);
  });

  it("in a fork with what came from the base before what is its own", () => {
    const fan = "main/fan@1";
    const base = new Script("old").begin().turn((s) =>
      s.entered(fan, "parallel").add("parallel.started", {
        activation: fan,
        joinRule: "none",
        policy: "wait_all",
        errorPolicy: "continue",
        need: 2,
        maxParallel: 2,
        branches: [0, 1].map((index) => ({ path: `${fan}/${index}`, head: "x" })),
      }),
    );
    for (const index of [0, 1]) {
      const path = `${fan}/${index}`;
      base.turn((s) =>
        s.add("branch.started", { activation: fan, index, head: "x", branchRunId: "r" }, { branch: path }),
      );
    }
    base.turn((s) => s.started(`${fan}/1/x@1`));
    base.turn((s) => s.interrupted(`${fan}/1/x@1`, 1, 1, { cause: "shutdown" }));
    base.turn((s) => s.add("branch.succeeded", { status: "success" }, { branch: `${fan}/0` }));
    const at = base.entries.length;
    const fork = new Script("new").turn((s) =>
      s
        .create()
        .add("run.forked", { from: "old", at, base: foldToJson(fold(base.entries)) })
        .add("run.queued", {}),
    );
    const state = fold(fork.entries);
    const newest = state.stages.get(`${fan}/1/x@1`)!;
    expect(state.parallels.get(fan)!.branches.get(`${fan}/0`)!.endedSeq).toBe(0);
    expect(newest).toMatchObject({ since: -2, interrupted: { seq: -1 } });
    expect(newest.bornSeq).toBeLessThan(0);
    expect(foldFromJson(JSON.parse(JSON.stringify(foldToJson(state))))).toEqual(state);
  });
});
