import { describe, expect, it } from "vitest";
import { fold, foldFromJson, foldToJson } from "../../src/journal/fold.ts";
import { Script } from "./script.ts";

const sub = "main/sub@1";
const child = "r~sub@1.0";
const next = "r~sub@1.0~r1";
const poll = { timer: `${sub}:poll`, actor: `stage:${sub}`, kind: "poll", clock: "run", dueMs: 10 } as const;

const started = () =>
  new Script()
    .begin()
    .turn((s) => s.entered(sub, "pipeline").add("child.started", { child, pipeline: "c" }, { stage: sub }));
const stageOf = (script: Script) => fold(script.entries).stages.get(sub);
const childOf = (script: Script, id = child) => fold(script.entries).children.get(id);

describe("a child run", () => {
  it("is waited for until it has ended, and then its stage holds what is to be acted on", () => {
    const script = started();
    expect(stageOf(script)).toMatchObject({ status: "waiting", child });
    script.turn((s) => s.add("child.finished", { child, status: "completed", outcome: "approved" }, { stage: sub }));
    expect(stageOf(script)).toMatchObject({ status: "held", since: 4, finished: { end: { outcome: "approved" } } });
    expect(stageOf(script)).not.toHaveProperty("child");
    expect(fold(script.entries).children.size).toBe(0);
  });

  it("that has taken a pause of this run is held until this run goes on, by its own it is not", () => {
    const script = started().add("child.paused", { child });
    expect(childOf(script)).toMatchObject({ paused: true });
    expect(childOf(script)).not.toHaveProperty("isHeld");
    script.turn((s) => s.pausing([], 0)).add("child.paused", { child, inherited: true });
    expect(childOf(script)).toMatchObject({ paused: true, isHeld: true });
    script.turn((s) => s.add("run.paused", { runTimeMs: 0 }));
    script.turn((s) => s.add("run.continued", { runTimeMs: 0, pausedMs: 0 }));
    expect(childOf(script)).not.toHaveProperty("isHeld");
    expect(childOf(script)).toMatchObject({ paused: true });
    script.add("child.continued", { child });
    expect(childOf(script)).toMatchObject({ paused: false });
  });

  it("is still waited for when its supervisor has looked at it", () => {
    const script = started()
      .add("timer.set", poll, { stage: sub })
      .add("timer.fired", { timer: poll.timer }, { stage: sub });
    expect(stageOf(script)).toEqual(stageOf(started()));
    script.add("child.observed", { child, cycle: 1, context: { seen: 1 } }, { stage: sub });
    script.add("child.steered", { child, message: "left" }, { stage: sub });
    expect(childOf(script)).toMatchObject({ cycle: 1, steered: "left" });
    expect(fold(script.entries).context.get("main")!.get("seen")).toBe(1);
  });

  it("that is started over goes on as another, which its supervisor knows as the same", () => {
    const script = started().add("child.observed", { child, cycle: 1, context: {} }, { stage: sub });
    script.add("child.steered", { child, message: "left" }, { stage: sub });
    script.turn((s) => {
      s.add("child.finished", { child, status: "restarted" }, { stage: sub });
      s.add("child.started", { child: next, pipeline: "c" }, { stage: sub });
    });
    expect(stageOf(script)).toMatchObject({ status: "waiting", child: next });
    expect(stageOf(script)).not.toHaveProperty("finished");
    expect(childOf(script, next)).toMatchObject({ cycle: 1, steered: "left", paused: false });
  });

  it("that is dismissed stays held by a pause, whatever this run does", () => {
    const dismissal = { status: "fail", reason: "too long", code: "max_cycles" } as const;
    const script = started().add("child.paused", { child, inherited: true });
    script.add("child.observed", { child, cycle: 1, context: {}, dismissal }, { stage: sub });
    script.turn((s) => s.add("run.continued", { runTimeMs: 0, pausedMs: 0 }));
    expect(childOf(script)).toMatchObject({ isHeld: true, dismissal });
    const state = fold(script.entries);
    expect(foldFromJson(JSON.parse(JSON.stringify(foldToJson(state))))).toEqual(state);
  });

  it("is started anew in a fork, where nobody polls it yet", () => {
    const base = started().add("timer.set", poll, { stage: sub });
    const at = base.entries.length;
    const fork = new Script("new")
      .create()
      .add("run.forked", { from: "old", at, base: foldToJson(fold(base.entries)) });
    const state = fold(fork.entries);
    expect([state.children.size, state.timers.size]).toEqual([0, 0]);
    expect(state.stages.get(sub)).toMatchObject({ status: "held", attempt: 0 });
    expect(state.stages.get(sub)).not.toHaveProperty("child");
    expect(state.stages.get(sub)).not.toHaveProperty("timers");
  });

  it("of which JSON was written before its cycles were counted has none", () => {
    const json = JSON.parse(JSON.stringify(foldToJson(fold(started().entries))));
    delete json.children[child].cycle;
    expect(foldFromJson(json).children.get(child)).toMatchObject({ cycle: 0 });
  });
});
