/** Who says what follows when nobody knows what an execution did: node, graph, handler; and when it is asked. */
import { describe, expect, it } from "vitest";
import type { Handler } from "../../src/actors/handler.ts";
import type { Run, Runtime } from "../../src/runtime/api.ts";
import { createWorld, type World } from "./control-world.ts";

const pipeline = (graph: string, node: string) => `digraph u {
  ${graph}
  start [shape=Mdiamond]
  work [type=risky${node === "" ? "" : `, ${node}`}]
  after [type=calm]
  exit [shape=Msquare]
  start -> work
  work -> after [condition="outcome=approved"]
  work -> exit
  after -> exit
}`;

interface Lost {
  readonly world: World;
  readonly runtime: Runtime;
  readonly run: Run;
  readonly calls: string[];
}

/** The process dies while `work` is in flight, after whatever is done to the run before. */
async function lose(
  graph: string,
  node: string,
  options: { policy?: Handler; before?: (run: Run) => Promise<unknown> } = {},
): Promise<Lost> {
  const world = createWorld();
  const calls: string[] = [];
  const hanging = (policy: object) => ({
    ...policy,
    handler: ({ execution }: { execution: string }) => {
      calls.push(execution);
      return new Promise<never>(() => {});
    },
  });
  const handlers = { risky: hanging(options.policy ?? {}), calm: async () => "calm" };
  const { runtime, die } = await world.mortal({ handlers });
  const run = await runtime.start(pipeline(graph, node), { runId: "u" });
  await world.rest();
  await options.before?.(run);
  die();
  const next = await world.runtime({ handlers });
  const taken = await next.resume("u");
  await world.rest();
  return { world, runtime: next, run: taken, calls };
}

const GATE = "main/work@1#1.1:interrupted";

async function whatFollowed({ run, calls }: Lost): Promise<string> {
  if ((await run.questions()).length > 0) return "ask";
  return calls.length > 1
    ? "retry"
    : (await run.view()).stages.some(({ status }) => status === "failed")
      ? "fail"
      : "nothing";
}

describe("what follows a lost execution", () => {
  it.each([
    ["", "", {}, "retry"],
    ["", "on_interrupt=ask", {}, "ask"],
    ["", "on_interrupt=fail", {}, "fail"],
    ["default_on_interrupt=ask", "", {}, "ask"],
    ["default_on_interrupt=fail", "on_interrupt=retry", {}, "retry"],
    ["", "", { onInterrupt: "ask" }, "ask"],
    ["", "", { onInterrupt: "fail" }, "fail"],
    ["", "", { idempotent: false }, "ask"],
    ["default_on_interrupt=retry", "", { onInterrupt: "ask" }, "retry"],
    ["", "on_interrupt=retry", { idempotent: false }, "retry"],
    ["", "idempotent=false", {}, "ask"],
    ["default_on_interrupt=fail", "idempotent=false", {}, "fail"],
  ] as const)("graph %j, node %j, handler %j: %s", async (graph, node, policy, expected) => {
    const lost = await lose(graph, node, { policy: policy as never });
    expect(await whatFollowed(lost)).toBe(expected);
    expect(await lost.runtime.verify("u")).toMatchObject({ problems: [] });
  });

  it("waits, while the run is paused, until it is continued", async () => {
    for (const [policy, expected] of [
      ["ask", "ask"],
      ["fail", "fail"],
      ["retry", "retry"],
    ] as const) {
      const lost = await lose("", `on_interrupt=${policy}`, { before: (run) => run.pause() });
      expect((await lost.run.view()).status).toBe("paused");
      expect(await whatFollowed(lost)).toBe("nothing");
      await lost.run.continue();
      await lost.world.rest();
      expect(await whatFollowed(lost)).toBe(expected);
    }
  });

  it("is nobody's question once the run is being cancelled", async () => {
    const lost = await lose("", "on_interrupt=ask", { before: (run) => run.cancel() });
    expect(await lost.run.view()).toMatchObject({ status: "cancelled" });
    expect(await lost.run.questions()).toEqual([]);
  });
});

describe("the person who is asked", () => {
  it("is told the options, and may say that it was done and what it came to: it is routed by that", async () => {
    const { world, run } = await lose("", "on_interrupt=ask");
    const [question] = await run.questions();
    expect(question).toMatchObject({ gate: GATE, stage: "main/work@1" });
    expect(question?.question).toMatchObject({
      purpose: "interrupted",
      options: [
        { key: "R", label: "retry" },
        { key: "D", label: "done" },
        { key: "F", label: "fail" },
      ],
    });
    expect(await run.answer(GATE, "yes")).toMatchObject({ accepted: false, code: "answer_invalid" });
    expect(await run.answer(GATE, "done:approved", { actor: "ada" })).toMatchObject({ accepted: true });
    await world.rest();
    expect(await run.view()).toMatchObject({ status: "completed" });
    expect(await world.types("u")).not.toContain("stage.failed");
    expect((await run.view()).stages.map(({ address }) => address)).toContain("main/after@1");
    expect(await run.answer(GATE, "retry")).toMatchObject({ accepted: false, code: "run_finished" });
  });

  it("may let it run again: the same attempt, the next execution", async () => {
    const { world, run, calls } = await lose("", "on_interrupt=ask");
    await run.answer(GATE, "retry");
    await world.rest();
    expect(calls).toEqual(["main/work@1#1.1", "main/work@1#1.2"]);
  });

  it("may call it failed", async () => {
    const { world, run } = await lose("", "on_interrupt=ask");
    await run.answer(GATE, "fail");
    await world.rest();
    expect(await run.view()).toMatchObject({ status: "failed", failure: { stage: "main/work@1" } });
  });

  it("may answer while nobody drives the run; it is acted on when somebody does", async () => {
    const { world, runtime, calls } = await lose("", "on_interrupt=ask");
    await world.clock.runUntil(runtime.stop({ graceMs: 0 }));
    const other = await world.runtime({ handlers: { risky: async () => "", calm: async () => "" } });
    const run = await other.get("u");
    expect(await run.answer(GATE, "done:approved")).toMatchObject({ accepted: true, needs: "resume" });
    expect((await run.view()).status).toBe("running");
    await other.resume("u");
    await world.rest();
    expect((await run.view()).status).toBe("completed");
    expect(calls).toHaveLength(1);
  });
});
