import { describe, expect, it } from "vitest";
import { createRuntime } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { verifyAll } from "../../src/persistence/verify.ts";
import { crashAfter, crashBefore, faultAtCommit, faultStore } from "../../src/testing/fault-store.ts";
import { EagerClock, mortalClock } from "./eager-clock.ts";
import { openRuntime, perNode, pipeline, type Step } from "./fixtures.ts";

async function runOne(body: string, steps: Readonly<Record<string, Step>> = {}, graph = "") {
  const visited: string[] = [];
  const all = perNode(steps);
  const runtime = await openRuntime({
    handlers: {
      step: (input) => {
        visited.push(`${input.node.id}@${input.visit}`);
        return all(input);
      },
    },
  });
  const run = await runtime.start(pipeline(body, graph), { runId: "r" });
  const view = await run.finished();
  expect((await runtime.verify("r")).problems).toEqual([]);
  return { runtime, run, view, visited };
}

const fails: Step = () => ({ status: "fail", failureReason: "broken" });

describe("a failed stage", () => {
  it("takes a condition that holds", async () => {
    const body = 'start -> a; a -> fix [condition="outcome=fail"]; a -> exit; fix -> exit';
    const { view, visited } = await runOne(body, { a: fails });
    expect([view.status, visited]).toEqual(["completed", ["a@1", "fix@1"]]);
  });

  it("takes its unconditional edge only where that leads to a conditional", async () => {
    const body =
      'check [shape=diamond, type=conditional]; start -> a -> check; check -> fix [condition="outcome=fail"]; check -> exit; fix -> exit';
    const { view, visited, runtime } = await runOne(body, { a: fails });
    expect([view.status, visited]).toEqual(["completed", ["a@1", "fix@1"]]);
    const [first] = (await runtime.entries("r", { types: ["edge.selected"], stage: "main/a@1" })).map(
      ({ data }) => data,
    );
    expect(first).toMatchObject({ to: "check", rule: "fail_to_conditional" });
  });

  it("never takes another unconditional edge, so that no run with it ends in success", async () => {
    const { view, visited } = await runOne("start -> a -> b -> exit", { a: fails });
    expect([view.status, visited, view.failure?.code]).toEqual(["failed", ["a@1"], "stage_failed"]);
  });

  it("right before the exit fails the run, also over a conditional", async () => {
    const body = "check [shape=diamond, type=conditional]; start -> a -> check -> exit";
    const { view } = await runOne(body, { a: fails });
    expect([view.status, view.failure?.code]).toEqual(["failed", "stage_failed"]);
  });

  it("goes to its retry target, then the graph's, as often as redirects are left", async () => {
    const own = await runOne("a [retry_target=b]; start -> b -> a -> exit", {
      a: ({ visit }) => ({ status: visit < 3 ? "fail" : "success" }),
    });
    expect([own.view.status, own.visited]).toEqual(["completed", ["b@1", "a@1", "b@2", "a@2", "b@3", "a@3"]]);
    const graph = await runOne("start -> b -> a -> exit", { a: fails }, "retry_target=b");
    expect([graph.view.status, graph.view.failure?.code]).toEqual(["failed", "redirect_limit"]);
    expect(graph.visited.filter((visit) => visit.startsWith("a@"))).toHaveLength(6);
  });
});

describe("routing", () => {
  it("that finds no edge at a node that has some fails the run: a dead end is no success", async () => {
    const body = 'start -> a; a -> exit [condition="outcome=never"]';
    const { view } = await runOne(body);
    expect([view.status, view.failure?.code]).toEqual(["failed", "no_route"]);
  });

  it("stops a cycle at max_visits", async () => {
    const body = 'a [max_visits=4]; start -> a -> b; b -> a [condition="outcome=success"]; b -> exit';
    const { view, visited } = await runOne(body);
    expect([view.status, view.failure?.code]).toEqual(["failed", "max_visits"]);
    expect(visited.filter((visit) => visit.startsWith("a@"))).toEqual(["a@1", "a@2", "a@3", "a@4"]);
  });

  it("goes through more conditionals than a turn may make hops", async () => {
    const chain = Array.from({ length: 150 }, (_, index) => `c${index}`);
    const nodes = chain.map((id) => `${id} [shape=diamond, type=conditional];`).join(" ");
    const { view, runtime } = await runOne(`${nodes} start -> a -> ${chain.join(" -> ")} -> b -> exit`);
    expect(view.status).toBe("completed");
    const turns = new Map<number, number>();
    for (const { type, turn } of await runtime.entries("r")) {
      if (type === "edge.selected") turns.set(turn, (turns.get(turn) ?? 0) + 1);
    }
    expect(Math.max(...turns.values())).toBeLessThanOrEqual(64);
  });
});

describe("a goal gate", () => {
  const gate =
    'a [goal_gate=true, retry_target=b]; start -> b -> a; a -> c [condition="outcome=fail"]; a -> c; c -> exit';

  it("that is unmet at the exit sends the run back, with the gate still in force", async () => {
    const { view, visited } = await runOne(gate, { a: ({ visit }) => ({ status: visit < 3 ? "fail" : "success" }) });
    expect(view.status).toBe("completed");
    expect(visited.filter((visit) => visit.startsWith("a@"))).toEqual(["a@1", "a@2", "a@3"]);
  });

  it("does not send it back for ever", async () => {
    const { view, visited } = await runOne(gate, { a: fails });
    expect([view.status, view.failure?.code]).toEqual(["failed", "goal_gate_unmet"]);
    expect(visited.filter((visit) => visit.startsWith("a@"))).toHaveLength(6);
  });

  it("that was never visited asks for nothing", async () => {
    const { view } = await runOne(
      'a [goal_gate=true, retry_target=b]; start -> b -> exit; b -> a [condition="outcome=x"]; a -> exit',
    );
    expect(view.status).toBe("completed");
  });
});

describe("loop_restart", () => {
  const body = 'start -> a -> b; b -> a [condition="context.count<3", loop_restart=true]; b -> exit';
  const steps: Readonly<Record<string, Step>> = {
    a: ({ context }) => ({
      status: "success",
      contextUpdates: { count: Number(context.get("count") ?? 0) + 1, gone: 1 },
    }),
  };
  const kept = 'loop_restart_persist_keys="count"';

  it("ends the run and begins another that takes on only what is named; finished() follows the chain", async () => {
    const { runtime, view, run } = await runOne(body, steps, kept);
    expect([view.status, view.runId]).toEqual(["completed", "r~r2"]);
    const { runs } = await runtime.list();
    expect(runs.map(({ runId, status, rootRun }) => [runId, status, rootRun])).toEqual([
      ["r~r2", "completed", "r"],
      ["r~r1", "completed", "r"],
      ["r", "completed", undefined],
    ]);
    expect(await run.context()).toMatchObject({ count: 1 });
    const last = await runtime.get("r~r2");
    expect(await last.context()).toMatchObject({ count: 3, "graph.goal": "test" });
    const [created] = await runtime.entries("r~r1", { types: ["run.created"] });
    expect(created?.data).toMatchObject({ rootRunId: "r", restarts: 1 });
    expect(created?.data).not.toHaveProperty("context.gone");
    expect(await verifyAll(runtime.store)).toEqual([]);
  });

  it("has a limit", async () => {
    const endless = 'start -> a; a -> a [condition="outcome=success", loop_restart=true]; a -> exit';
    const { view } = await runOne(endless, {}, "max_restarts=3");
    expect([view.runId, view.status, view.failure?.code]).toEqual(["r~r3", "failed", "restart_limit"]);
  });

  it("loses no link of the chain to a crash: old end and new start are one transaction", async () => {
    for (let n = 1; n < 20; n += 1) {
      for (const fault of [crashBefore, crashAfter]) {
        const inner = memoryStore();
        const clock = new EagerClock();
        const death = Promise.withResolvers<void>();
        const store = faultStore(inner, { ...faultAtCommit(n, fault), onCrash: () => death.resolve() });
        const mortal = mortalClock(clock, () => store.isCrashed);
        const first = await createRuntime({ store, clock: mortal, handlers: { step: perNode(steps) } });
        const lived = first.start(pipeline(body, kept), { runId: "r" }).then((run) => run.finished());
        await Promise.race([death.promise, lived.catch(() => death.promise)]);
        if (!store.isCrashed) continue;
        const next = await openRuntime({ store: inner, clock, handlers: { step: perNode(steps) } });
        const live = (await next.list({ status: ["running", "queued"] })).runs;
        expect(live.length, `crash at ${n}`).toBeLessThanOrEqual(1);
        if (live[0]) await (await next.resume(live[0].runId)).finished();
        const ended = (await next.list()).runs.map(({ runId, status }) => `${runId} ${status}`);
        const isUnborn = n === 1 && fault === crashBefore;
        expect(ended, `crash at ${n}`).toEqual(isUnborn ? [] : ["r~r2 completed", "r~r1 completed", "r completed"]);
        expect(await verifyAll(inner)).toEqual([]);
      }
    }
  });
});
