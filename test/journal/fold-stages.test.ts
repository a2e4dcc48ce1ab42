import { describe, expect, it } from "vitest";
import { goalGateOutcomes, inFlightStages, nextStageOf } from "../../src/journal/fold/queries.ts";
import { fold } from "../../src/journal/fold.ts";
import { Script } from "./script.ts";

const a = "main/a@1";

describe("a stage", () => {
  it("is in flight from its start to its end, and leaves its outcome with the branch", () => {
    const script = new Script().begin().started(a);
    expect(inFlightStages(fold(script.entries))).toMatchObject([
      { address: a, node: "a", visit: 1, status: "running", attempt: 1, execution: { id: `${a}#1.1`, sinceMs: 1_000 } },
    ]);
    script.succeeded(a, 1, 1, { preferredLabel: "Go", suggestedNextIds: ["x"], contextUpdates: { big: "no" } });
    const state = fold(script.entries);
    expect(state.stages.size).toBe(0);
    expect(state.branches.get("main")!.outcome).toEqual({
      stage: a,
      seq: 4,
      status: "success",
      preferredLabel: "Go",
      suggestedNextIds: ["x"],
    });
    expect(state.counts.stages).toMatchObject({ begun: 1, succeeded: 1 });
  });

  it("keeps attempt, start and back-off, and its timer until the next attempt starts", () => {
    const script = new Script().begin().started(a).retry(a, 1, 1, 900);
    const waiting = fold(script.entries);
    expect(waiting.stages.get(a)).toMatchObject({
      status: "backing_off",
      attempt: 1,
      backoff: { timer: `retry:${a}`, dueMs: 900, nextAttempt: 2 },
    });
    expect(waiting.stages.get(a)!.execution).toBeUndefined();
    expect(waiting.timers.get(`retry:${a}`)).toEqual({
      timer: `retry:${a}`,
      actor: `stage:${a}`,
      kind: "retry",
      clock: "run",
      dueMs: 900,
    });
    script.started(a, 2);
    const again = fold(script.entries);
    expect(again.stages.get(a)).toMatchObject({ status: "running", attempt: 2, start: 1 });
    expect(again.timers.size).toBe(0);
    expect(again.counts).toMatchObject({ executions: 2, retries: 1, stages: { begun: 1 } });
  });

  it("whose back-off is over without a start is ready and held", () => {
    const script = new Script()
      .begin()
      .started(a)
      .retry(a, 1)
      .add("timer.fired", { timer: `retry:${a}` });
    const stage = fold(script.entries).stages.get(a)!;
    expect(stage.status).toBe("held");
    expect(stage.backoff).toBeUndefined();
  });

  it("counts crash interruptions of an attempt in a row, and starts anew with the next attempt", () => {
    const script = new Script().begin().started(a).interrupted(a, 1, 1);
    expect(fold(script.entries).stages.get(a)).toMatchObject({
      status: "interrupted",
      crashes: 1,
      interrupted: { cause: "crash", policy: "retry" },
    });
    script.started(a, 1, 2).interrupted(a, 1, 2, { inARow: 2 }).started(a, 1, 3);
    expect(fold(script.entries).stages.get(a)).toMatchObject({ status: "running", attempt: 1, start: 3, crashes: 2 });
    script.retry(a, 1, 3).started(a, 2);
    expect(fold(script.entries).stages.get(a)!.crashes).toBe(0);
  });

  it("that asks after an interruption waits at its gate, and is interrupted until it is decided", () => {
    const script = new Script().begin().started(a).interrupted(a, 1, 1, { policy: "ask" });
    const kind = "multiple_choice";
    script.add("gate.opened", { gate: "g", kind, purpose: "interrupted", text: "?", options: [] }, { stage: a });
    expect(fold(script.entries).stages.get(a)).toMatchObject({ status: "waiting", gate: "g" });
    script.add("gate.answered", { gate: "g", answer: "retry", by: "ann" }, { stage: a });
    const state = fold(script.entries);
    expect(state.stages.get(a)).toMatchObject({ status: "interrupted", answer: "retry" });
    expect(state.gates.size).toBe(0);
  });

  it.each([
    ["success", "stage.succeeded", "succeeded"],
    ["partial_success", "stage.succeeded", "partial"],
    ["shipped", "stage.succeeded", "succeeded"],
  ] as const)("with outcome %s counts as %s %s", (status, _type, word) => {
    const state = fold(new Script().begin().started(a).succeeded(a, 1, 1, { status }).entries);
    expect(state.counts.stages[word]).toBe(1);
  });

  it("ends once: a second end counts nothing and is no outcome", () => {
    const state = fold(new Script().begin().started(a).succeeded(a).failed(a).entries);
    expect(state.counts.stages).toMatchObject({ begun: 1, succeeded: 1, failed: 0 });
    expect(state.branches.get("main")!.outcome!.status).toBe("success");
  });

  it("is not begun again under the address of one that ended", () => {
    const state = fold(new Script().begin().started(a).succeeded(a).started(a).entries);
    expect(state.stages.size).toBe(0);
    expect(state.counts.stages.begun).toBe(1);
  });

  it("takes its timers and its gate with it", () => {
    const script = new Script().begin().entered("main/ask@1", "wait.human");
    script.add(
      "gate.opened",
      { gate: "g", kind: "yes_no", purpose: "gate", text: "?", options: [] },
      { stage: "main/ask@1" },
    );
    script.add("timer.set", { timer: "t", actor: "stage:main/ask@1", kind: "gate_deadline", clock: "run", dueMs: 5 });
    expect(fold(script.entries)).toMatchObject({ gates: { size: 1 }, timers: { size: 1 } });
    script.add("stage.cancelled", { reason: "cancel" }, { stage: "main/ask@1" });
    const state = fold(script.entries);
    expect([state.gates.size, state.timers.size]).toEqual([0, 0]);
  });
});

describe("what only routes", () => {
  it("ends by going on, and is no outcome of its branch", () => {
    const script = new Script().begin().entered("main/start@1", "start").edge("main/start@1", "a");
    expect(fold(script.entries).counts.stages).toMatchObject({ begun: 1, succeeded: 1 });
    script.started(a).failed(a).edge(a, "check", "fail_to_conditional").entered("main/check@1", "conditional");
    const state = fold(script.entries);
    expect(state.branches.get("main")).toMatchObject({ stage: "main/check@1", outcome: { stage: a, status: "fail" } });
    expect(state.visits.get("main")!.get("check")).toEqual({ visits: 1 });
  });

  it("may have an end entry too, which counts once", () => {
    const script = new Script().begin().entered("main/start@1", "start");
    script.add("stage.succeeded", { kind: "start", outcome: { status: "success" } }, { stage: "main/start@1" });
    script.edge("main/start@1", "a");
    const state = fold(script.entries);
    expect(state.counts.stages).toMatchObject({ begun: 1, succeeded: 1 });
    expect(state.branches.get("main")!.outcome).toBeUndefined();
  });

  it("ends with the run where the run ends at it", () => {
    const script = new Script()
      .begin()
      .entered("main/exit@1", "exit")
      .add("run.completed", { status: "success", exit: "exit" });
    expect(fold(script.entries).counts.stages).toMatchObject({ begun: 1, succeeded: 1, cancelled: 0 });
  });
});

describe("the next hop", () => {
  it("is chosen until a stage begins", () => {
    const script = new Script().begin().started(a).succeeded(a).edge(a, "a");
    const state = fold(script.entries);
    const main = state.branches.get("main")!;
    expect(main.next).toEqual({ node: "a", rule: "unconditional", seq: 5, since: 4, edge: 0 });
    expect(nextStageOf(state, main)).toBe("main/a@2");
    script.started("main/a@2");
    expect(fold(script.entries).branches.get("main")!.next).toBeUndefined();
    // The stage knows by which edge it was entered.
    expect(fold(script.entries).stages.get("main/a@2")!.edge).toBe(0);
  });

  it("to a retry target spends a redirect, other hops do not", () => {
    const script = new Script().begin().started(a).failed(a).edge(a, "a", "retry_target");
    expect(fold(script.entries).redirects.get("main")).toBe(1);
    script.started("main/a@2").succeeded("main/a@2").edge("main/a@2", "b", "condition");
    expect(fold(script.entries).redirects.get("main")).toBe(1);
  });

  it("by a goal gate spends one, also when the jump has an entry of its own", () => {
    const script = new Script().begin().started(a).failed(a).edge(a, "exit").entered("main/exit@1", "exit");
    script.add("goal_gate.redirected", { gate: "a", status: "fail", target: "a", redirects: 1 }, { branch: "main" });
    expect(fold(script.entries)).toMatchObject({ counts: { stages: { succeeded: 1, failed: 1 } } });
    expect(fold(script.entries).redirects.get("main")).toBe(1);
    script.edge("main/exit@1", "a", "retry_target");
    expect(fold(script.entries).redirects.get("main")).toBe(1);
    expect(fold(script.entries).branches.get("main")!.next!.node).toBe("a");
  });
});

describe("goal gates", () => {
  it("are what the last visit came to; cancelled visits do not count", () => {
    const script = new Script().begin().started(a).failed(a).edge(a, "a", "retry_target");
    const gates = () => goalGateOutcomes(fold(script.entries), (node) => node === "a");
    expect(gates()).toEqual([{ node: "a", branch: "main", status: "fail", satisfied: false }]);
    script.started("main/a@2").succeeded("main/a@2", 1, 1, { status: "partial_success" }).edge("main/a@2", "a");
    expect(gates()).toEqual([{ node: "a", branch: "main", status: "partial_success", satisfied: true }]);
    script.started("main/a@3").add("stage.cancelled", { reason: "cancel" }, { stage: "main/a@3" });
    expect(gates()).toEqual([{ node: "a", branch: "main", status: "partial_success", satisfied: true }]);
    expect(goalGateOutcomes(fold(script.entries), () => false)).toEqual([]);
  });

  it("are not satisfied by a stage that ends with retry as a word of its own", () => {
    const state = fold(new Script().begin().started(a).succeeded(a, 1, 1, { status: "retry" }).entries);
    expect(goalGateOutcomes(state, () => true)).toEqual([
      { node: "a", branch: "main", status: "retry", satisfied: false },
    ]);
  });
});

describe("an execution that is asked to stop", () => {
  const abort = (script: Script) => fold(script.entries).stages.get(a)!.execution!.abort;

  it("knows the first reason it was given", () => {
    const script = new Script().begin().started(a);
    expect(abort(script)).toBeUndefined();
    script.add("timer.fired", { timer: "timeout" }, { stage: a, execution: `${a}#1.1` });
    expect(abort(script)).toBe("timeout");
    script.add("run.pausing", { mode: "interrupt", source: "own", draining: [`${a}#1.1`], runTimeMs: 0 });
    expect(abort(script)).toBe("timeout");
  });

  it("is asked by a pause that interrupts, at once or after its deadline, and not by one that drains", () => {
    const drain = new Script()
      .begin()
      .started(a)
      .pausing([`${a}#1.1`], 0);
    expect(abort(drain)).toBeUndefined();
    drain.add("pause.escalated", { draining: [`${a}#1.1`] });
    expect(abort(drain)).toBe("pause");
    const interrupt = new Script().begin().started(a);
    interrupt.add("run.pausing", { mode: "interrupt", source: "own", draining: [], runTimeMs: 0 });
    expect(abort(interrupt)).toBe("pause");
  });

  it("is not asked by the time-out of another one", () => {
    const script = new Script().begin().started(a).interrupted(a, 1, 1).started(a, 1, 2);
    script.add("timer.fired", { timer: "timeout" }, { stage: a, execution: `${a}#1.1` });
    expect(abort(script)).toBeUndefined();
  });
});

describe("waiting", () => {
  it("for a person leaves what the answer came to with the stage, and a count of crashes that begins anew", () => {
    const outcome = { status: "retry" };
    const script = new Script().begin().started(a).interrupted(a, 1, 1, { policy: "ask", inARow: 3 });
    const kind = "multiple_choice";
    script.add("gate.opened", { gate: "g", kind, purpose: "interrupted", text: "?", options: [] }, { stage: a });
    script.add("gate.answered", { gate: "g", answer: "R", by: "ann", choice: "retry", outcome }, { stage: a });
    expect(fold(script.entries).stages.get(a)).toMatchObject({ crashes: 3, settled: { choice: "retry", outcome } });
    script.started(a, 1, 2);
    expect(fold(script.entries).stages.get(a)).toMatchObject({ status: "running", attempt: 1, start: 2, crashes: 0 });
    expect(fold(script.entries).stages.get(a)).not.toHaveProperty("settled");
  });

  it("for a timer ends held when it fires", () => {
    const script = new Script().begin().entered("main/nap@1", "wait");
    script.add("timer.set", { timer: "t", actor: "stage:main/nap@1", kind: "wait", clock: "run", dueMs: 60_000 });
    expect(fold(script.entries).stages.get("main/nap@1")!.status).toBe("waiting");
    script.add("timer.fired", { timer: "t" });
    expect(fold(script.entries).stages.get("main/nap@1")!.status).toBe("held");
    expect(fold(script.entries).timers.size).toBe(0);
  });

  it("for a child run knows whether the child is paused, until it has finished", () => {
    const script = new Script().begin().entered("main/sub@1", "pipeline");
    script.add("child.started", { child: "run-1~sub@1.0", pipeline: "p2" }, { stage: "main/sub@1" });
    expect(fold(script.entries).stages.get("main/sub@1")!.status).toBe("waiting");
    script.add("child.paused", { child: "run-1~sub@1.0" });
    expect(fold(script.entries).children.get("run-1~sub@1.0")).toMatchObject({ paused: true, stage: "main/sub@1" });
    script.add("child.continued", { child: "run-1~sub@1.0" });
    expect(fold(script.entries).children.get("run-1~sub@1.0")!.paused).toBe(false);
    script.add("child.finished", { child: "run-1~sub@1.0", status: "completed" });
    expect(fold(script.entries).children.size).toBe(0);
  });
});
