/** What broke of parallel branches in other systems, each as it showed there. */
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/actors/clock.ts";
import { groupMembers } from "../../src/actors/processes/process-table.ts";
import type { JsonValue } from "../../src/index.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { EagerClock } from "./eager-clock.ts";
import {
  entryOf,
  gate,
  openMortal,
  openRuntime,
  perNode,
  pipeline,
  type Step,
  storyOf,
  untilAborted,
} from "./fixtures.ts";

const fails: Step = () => ({ status: "fail", failureReason: "broken" });
const never = () => new Promise<never>(() => {});
const writes =
  (key: string, value: JsonValue, status = "success"): Step =>
  () => ({ status, contextUpdates: { [key]: value } });

/** `fan` with branches a, b and c, which meet in `join`. */
const fan = (attributes = "", more = "") =>
  pipeline(`fan [type=parallel ${attributes}]; start -> fan; fan -> a; fan -> b; fan -> c;
    a -> join; b -> join; c -> join; join -> exit; ${more}`);

/** Runs to the end, and says which stages were executed, in order. */
async function runOne(source: string, steps: Readonly<Record<string, Step>> = {}) {
  const visited: string[] = [];
  const all = perNode(steps);
  const runtime = await openRuntime({
    handlers: {
      step: (input) => {
        visited.push(input.stage);
        return all(input);
      },
    },
  });
  const run = await runtime.start(source, { runId: "r" });
  const view = await run.finished();
  expect((await runtime.verify("r")).problems).toEqual([]);
  return { runtime, run, view, visited, context: await run.context() };
}

const typesOf = (entries: readonly JournalEntry[]) => entries.map(({ type }) => type);

describe("a fan-out", () => {
  it("does not report success without having executed anything: its results are what its handlers said", async () => {
    const steps = { a: writes("x", 1), b: writes("y", 2, "polished"), c: fails };
    const { visited, context } = await runOne(fan(), steps);
    expect(visited.toSorted()).toEqual(["main/fan@1/0/a@1", "main/fan@1/1/b@1", "main/fan@1/2/c@1", "main/join@1"]);
    expect(context["parallel.fan.results"]).toEqual([
      { id: "a", index: 0, status: "success", notes: null, outcome: { status: "success" }, context: { x: 1 } },
      { id: "b", index: 1, status: "polished", notes: null, outcome: { status: "polished" }, context: { y: 2 } },
      {
        ...{ id: "c", index: 2, status: "fail", notes: null, context: {} },
        outcome: { status: "fail", failureReason: "broken" },
      },
    ]);
    expect(context["parallel.results"]).toEqual(context["parallel.fan.results"]);
  });

  it("has no branch executed again by the main path after the join", async () => {
    const source = pipeline(`fan [type=parallel]; start -> fan; fan -> a -> a2 -> join; fan -> b -> join;
      join -> after -> exit`);
    const { visited, runtime } = await runOne(source);
    expect(visited.toSorted()).toEqual([
      ...["main/after@1", "main/fan@1/0/a2@1", "main/fan@1/0/a@1", "main/fan@1/1/b@1", "main/join@1"],
    ]);
    const main = (await runtime.entries("r", { types: ["edge.selected"] })).filter(({ branch }) => branch === "main");
    expect(main.map(({ data }) => (data as { to: string }).to)).toEqual(["fan", "join", "after", "exit"]);
  });

  it("does not let the losers of first_success run on: they are gone before anything follows", async () => {
    const log: string[] = [];
    const loses: Step = async ({ signal, node }) => {
      await untilAborted(signal).catch(() => {});
      log.push(`${node.id} stopped: ${(signal.reason as { reason: string }).reason}`);
      throw signal.reason;
    };
    const steps: Record<string, Step> = { a: loses, b: () => {}, c: loses, join: () => void log.push("join") };
    const { runtime, view } = await runOne(fan(", join_policy=first_success"), steps);
    expect(log.slice(0, 2).toSorted()).toEqual(["a stopped: cancel", "c stopped: cancel"]);
    expect(log[2]).toBe("join");
    expect(view.branches.map(({ status }) => status)).toEqual(["succeeded", "superseded", "succeeded", "superseded"]);
    expect(await storyOf(runtime, "r", ["stage.cancelled", "stage.failed"])).toEqual([
      "stage.cancelled main/fan@1/0/a@1#1.1",
      "stage.cancelled main/fan@1/2/c@1#1.1",
    ]);
  });

  it("ends the processes of a loser with it", async () => {
    const runtime = await openRuntime({ clock: systemClock, handlers: { step: () => {} } });
    const release = gate();
    runtime.register("waits", () => release.promise);
    const source = pipeline(`fan [type=parallel, join_policy=first_success]; start -> fan; fan -> slow -> exit;
      slow [type=tool, tool_command="sleep 300 & sleep 300"]; fan -> quick -> exit; quick [type=waits]`);
    const run = await runtime.start(source, { runId: "r" });
    let pid = 0;
    while (pid === 0) {
      pid = (await runtime.store.read("processes", { runId: "r" }))[0]?.pid ?? 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    release.resolve();
    expect((await run.finished()).status).toBe("completed");
    expect(groupMembers(pid)).toEqual([]);
  });

  it("leaves what its branches have written where later stages reach it", async () => {
    const routed = pipeline(`fan [type=parallel]; start -> fan; fan -> a -> join; fan -> b -> join;
      join -> good [condition="context.parallel.fan.1.answer=42"]; join -> bad; good -> exit; bad -> exit`);
    const seen: JsonValue[] = [];
    const steps: Record<string, Step> = {
      a: writes("answer", 41),
      b: writes("answer", 42),
      good: ({ context }) =>
        void seen.push(context.get("parallel.fan.0.answer") ?? null, context.get("answer") ?? null),
    };
    const { visited } = await runOne(routed, steps);
    expect(visited.at(-1)).toBe("main/good@1");
    expect(seen).toEqual([41, null]);
    const { context } = await runOne(fan(', merge=overlay, conflict="prefer:b"'), steps);
    expect(context["answer"]).toBe(42);
  });

  it("shares no counter between its branches: visits, attempts and redirects are each one's own", async () => {
    // Both branches begin at the same node, and go round within the limit of three visits and of five redirects.
    const source = pipeline(`fan [type=parallel, join=join]; start -> fan; fan -> a [label=one]; fan -> a [label=two];
      a [max_visits=6]; a -> b; b [retry_target=a]; b -> join; join -> exit`);
    const { visited, view } = await runOne(source, { b: ({ visit }) => ({ status: visit < 6 ? "fail" : "success" }) });
    expect(view.status).toBe("completed");
    for (const index of [0, 1]) {
      const own = visited.filter((stage) => stage.startsWith(`main/fan@1/${index}/`));
      expect(own).toEqual(
        [1, 2, 3, 4, 5, 6].flatMap((visit) => [`main/fan@1/${index}/a@${visit}`, `main/fan@1/${index}/b@${visit}`]),
      );
    }
  });

  it("whose join is not satisfied does not fall through to the join", async () => {
    const refused = await runOne(fan(", join_policy=all_success"), { b: fails });
    expect(refused.visited).not.toContain("main/join@1");
    expect([refused.view.status, refused.view.failure?.code]).toEqual(["failed", "stage_failed"]);
    const more = 'fan -> fix [condition="outcome=fail"]; fix -> exit';
    const routed = await runOne(fan(", join_policy=k_of_n, k=3", more), { b: fails });
    expect([routed.view.status, routed.visited.at(-1)]).toEqual(["completed", "main/fix@1"]);
    expect(routed.visited).not.toContain("main/join@1");
  });

  it("is not run again as a whole after a crash: only the branch that was open goes on", async () => {
    const store = memoryStore();
    const clock = new EagerClock();
    const steps = { a: writes("x", 1), b: writes("y", 2), c: never };
    const { runtime, kill } = await openMortal(store, clock, { handlers: { step: perNode(steps) } });
    const run = await runtime.start(fan(", max_parallel=1"), { runId: "r" });
    await entryOf(run, "stage.started", "main/fan@1/2/c@1");
    kill();
    const again: string[] = [];
    const next = await openRuntime({ store, clock, handlers: { step: ({ execution }) => void again.push(execution) } });
    const resumed = await next.resume("r");
    expect((await resumed.finished()).status).toBe("completed");
    expect(again).toEqual(["main/fan@1/2/c@1#1.2", "main/join@1#1.1"]);
    expect(await resumed.context()).toMatchObject({ "parallel.fan.0.x": 1, "parallel.fan.1.y": 2 });
    expect((await next.verify("r")).problems).toEqual([]);
  });

  it("does not ask what to do with the losers of a race that a crash has cut off: they are cancelled, and stay so", async () => {
    const store = memoryStore();
    const clock = new EagerClock();
    clock.hold();
    const stubborn: Record<string, Step> = { a: () => {}, b: never, c: never };
    const first = await openMortal(store, clock, { handlers: { step: perNode(stubborn) } });
    const asks = "b [on_interrupt=ask]; c [on_interrupt=fail]";
    const run = await first.runtime.start(fan(", join_policy=first_success", asks), { runId: "r" });
    await entryOf(run, "join.decided");
    first.kill();
    clock.release();
    const again: string[] = [];
    const next = await openRuntime({ store, clock, handlers: { step: ({ execution }) => void again.push(execution) } });
    const resumed = await next.resume("r");
    expect((await resumed.finished()).status).toBe("completed");
    expect(again).toEqual(["main/join@1#1.1"]);
    expect(await storyOf(next, "r", ["stage.cancelled", "gate.opened", "stage.failed"])).toEqual([
      "stage.cancelled main/fan@1/1/b@1#1.1",
      "stage.cancelled main/fan@1/2/c@1#1.1",
    ]);
    expect(await storyOf(next, "r", ["branch.superseded", "join.decided"])).toHaveLength(3);
    expect((await next.verify("r")).problems).toEqual([]);
  });

  it("and a person's gate in it are left alone, however long they take", async () => {
    const clock = new EagerClock();
    const release = gate();
    const runtime = await openRuntime({ clock, handlers: { step: perNode({ b: () => release.promise }) } });
    const source = pipeline(`fan [type=parallel]; start -> fan; fan -> ask; fan -> b; ask [type=wait.human];
      ask -> join [label=Yes]; ask -> no [label=No]; no -> join; b -> join; join -> exit`);
    const run = await runtime.start(source, { runId: "r" });
    await entryOf(run, "gate.opened");
    await new Promise<void>((resolve) => clock.setTimer(resolve, 24 * 3_600_000));
    const view = await run.view();
    expect(view.status).toBe("running");
    expect(view.branches.map(({ status }) => status)).toEqual(["running", "running", "running"]);
    release.resolve();
    await entryOf(run, "branch.succeeded");
    expect((await run.view()).waitingOn).toMatchObject([{ kind: "gate", stage: "main/fan@1/0/ask@1" }]);
    await run.answer("main/fan@1/0/ask@1", "No");
    expect((await run.finished()).status).toBe("completed");
    expect(await storyOf(runtime, "r", ["stage.cancelled", "stage.failed"])).toEqual([]);
  });
});

describe("routing in a branch", () => {
  it("takes a failed stage along no unconditional edge, and no dead end for a success", async () => {
    const source = pipeline(`fan [type=parallel, join_policy=all_success]; start -> fan; fan -> a -> a2 -> join;
      fan -> b; b -> join [condition="outcome=never"]; fan -> c -> join; join -> exit`);
    const { visited, runtime, view } = await runOne(source, { a: fails });
    expect(visited).not.toContain("main/fan@1/0/a2@1");
    expect(view.status).toBe("failed");
    const ends = await runtime.entries("r", { types: ["branch.failed"] });
    expect(ends.map(({ branch, data }) => [branch, (data as { reason: string }).reason])).toEqual([
      ["main/fan@1/0", expect.stringContaining("broken")],
      ["main/fan@1/1", expect.stringContaining("no edge of b")],
    ]);
  });

  it("does not forget a goal gate over a crash", async () => {
    const source = pipeline(`fan [type=parallel]; start -> fan; fan -> a -> g -> w -> join; fan -> b -> join;
      g [goal_gate=true, retry_target=a]; g -> w [condition="outcome=fail"]; w [type=wait, duration="1h"]; join -> exit`);
    const store = memoryStore();
    const clock = new EagerClock();
    clock.hold();
    const first = await openMortal(store, clock, { handlers: { step: perNode({ g: fails }) } });
    const run = await first.runtime.start(source, { runId: "r" });
    await entryOf(run, "timer.set");
    first.kill();
    clock.release();
    const next = await openRuntime({ store, clock, handlers: { step: () => {} } });
    const resumed = await next.resume("r");
    expect((await resumed.finished()).status).toBe("completed");
    const [redirected] = await next.entries("r", { types: ["goal_gate.redirected"] });
    expect(redirected).toMatchObject({ branch: "main/fan@1/0", data: { gate: "g", status: "fail", target: "a" } });
    expect(await storyOf(next, "r", ["stage.succeeded"])).toContain("stage.succeeded main/fan@1/0/g@2#1.1");
  });

  it("is not sent back for ever by a goal gate, and stops a cycle at max_visits", async () => {
    const source = pipeline(`fan [type=parallel]; start -> fan; fan -> g -> join; fan -> a -> join; fan -> c -> join;
      g [goal_gate=true, retry_target=g]; g -> join [condition="outcome=skipped"]; join -> exit;
      a [max_visits=4]; a -> a [condition="outcome=again"]`);
    const steps = { g: () => ({ status: "skipped" }), a: () => ({ status: "again" }) };
    const { visited, runtime, view } = await runOne(source, steps);
    expect(view.status).toBe("completed");
    expect(visited.filter((stage) => stage.startsWith("main/fan@1/0/g@"))).toHaveLength(6);
    expect(visited.filter((stage) => stage.startsWith("main/fan@1/1/a@"))).toHaveLength(4);
    const reasons = (await runtime.entries("r", { types: ["branch.failed"] })).map(({ branch, data }) => [
      branch,
      (data as { reason: string }).reason,
    ]);
    expect(Object.fromEntries(reasons)).toEqual({
      "main/fan@1/0": expect.stringContaining("5 redirects"),
      "main/fan@1/1": expect.stringContaining("max_visits"),
    });
  });
});

describe("cancelling", () => {
  it("is no failure of the branches: nothing is decided, routed or begun", async () => {
    const source = fan(", max_parallel=2", 'fan -> fix [condition="outcome=fail"]; fix -> exit');
    const runtime = await openRuntime({ handlers: { step: ({ signal }) => untilAborted(signal) } });
    const run = await runtime.start(source, { runId: "r" });
    await entryOf(run, "stage.started", "main/fan@1/1/b@1");
    await run.cancel();
    expect((await run.finished()).status).toBe("cancelled");
    const types = typesOf(await runtime.entries("r"));
    for (const type of ["join.decided", "branch.failed", "branch.succeeded", "stage.failed", "stage.retry_scheduled"])
      expect(types).not.toContain(type);
    expect(types.filter((type) => type === "branch.started")).toHaveLength(2);
    expect(await storyOf(runtime, "r", ["branch.cancelled"])).toHaveLength(2);
    expect((await runtime.verify("r")).problems).toEqual([]);
  });

  it("of a branch reaches what is nested in it, and nobody else", async () => {
    const stopped: string[] = [];
    const release = gate();
    const waits: Step = async ({ signal, stage }) => {
      await untilAborted(signal).catch((reason: { reason: string }) => void stopped.push(`${stage} ${reason.reason}`));
      throw signal.reason;
    };
    const runtime = await openRuntime({
      handlers: { step: perNode({ x: waits, y: waits, b: () => release.promise }) },
    });
    const source = pipeline(`fan [type=parallel]; inner [type=parallel]; start -> fan; fan -> inner; fan -> b -> join;
      inner -> x -> meet; inner -> y -> meet; meet -> join; join -> exit`);
    const run = await runtime.start(source, { runId: "r" });
    await entryOf(run, "stage.started", "main/fan@1/0/inner@1/1/y@1");
    expect(await run.cancel({ branch: "main/fan@1/0" })).toMatchObject({ accepted: true });
    await entryOf(run, "branch.cancelled", undefined);
    release.resolve();
    const view = await run.finished();
    expect(stopped.toSorted()).toEqual(["main/fan@1/0/inner@1/0/x@1 cancel", "main/fan@1/0/inner@1/1/y@1 cancel"]);
    expect(view.status).toBe("completed");
    const [decided] = await runtime.entries("r", { types: ["join.decided"] });
    expect(decided?.data).toMatchObject({
      activation: "main/fan@1",
      decision: "partial_success",
      succeeded: 1,
      failed: 1,
    });
  });
});
