import { describe, expect, it } from "vitest";
import { RetryableError, TerminalError } from "../../src/index.ts";
import type { EntryData } from "../../src/journal/catalogue.ts";
import { EagerClock } from "./eager-clock.ts";
import { entryOf, gate, openRuntime, perNode, pipeline, type Step, storyOf, untilAborted } from "./fixtures.ts";

async function runOne(body: string, steps: Readonly<Record<string, Step>>, graph = "") {
  const runtime = await openRuntime({ handlers: { step: perNode(steps) } });
  const run = await runtime.start(pipeline(body, graph), { runId: "r" });
  const view = await run.finished();
  expect((await runtime.verify("r")).problems).toEqual([]);
  return { runtime, run, view };
}

describe("a run", () => {
  it("takes its stages one after another and hands on what they write", async () => {
    const seen: unknown[] = [];
    const { runtime, view, run } = await runOne("start -> a -> b -> exit", {
      a: () => ({ status: "success", contextUpdates: { x: [1, { y: "two" }] }, notes: "done" }),
      b: ({ context, stage, attempt, idempotencyKey }) => {
        seen.push(context.get("x"), stage, attempt, idempotencyKey);
        return "b says so";
      },
    });
    expect(view.status).toBe("completed");
    expect(seen).toEqual([[1, { y: "two" }], "main/b@1", 1, "r:main/b@1"]);
    expect(await run.context()).toMatchObject({ x: [1, { y: "two" }], "graph.goal": "test" });
    expect(await storyOf(runtime, "r")).toEqual([
      ...["run.created", "run.started", "stage.entered main/start@1", "stage.succeeded main/start@1"],
      ...["edge.selected main/start@1", "stage.started main/a@1#1.1", "stage.succeeded main/a@1#1.1"],
      ...["edge.selected main/a@1", "stage.started main/b@1#1.1", "stage.succeeded main/b@1#1.1"],
      ...["edge.selected main/b@1", "stage.entered main/exit@1", "stage.succeeded main/exit@1", "run.completed"],
    ]);
  });

  it("is stored as started before its handler is called", async () => {
    const stored: boolean[] = [];
    const runtime = await openRuntime({
      handlers: {
        async step({ runId, execution }) {
          const entries = await runtime.entries(runId, { types: ["stage.started"] });
          stored.push(entries.some((entry) => entry.execution === execution));
        },
      },
    });
    await (await runtime.start(pipeline("start -> a -> b -> exit"))).finished();
    expect(stored).toEqual([true, true]);
  });
});

describe("an attempt", () => {
  it("that asks for a retry is made again after a back-off that grows, from the context at entry", async () => {
    const seen: unknown[] = [];
    const { runtime, view, run } = await runOne(
      "a [max_retries=3]; start -> a -> exit",
      {
        a: ({ attempt, context, idempotencyKey, attemptId }) => {
          seen.push([context.get("dirt"), idempotencyKey, attemptId]);
          return { status: attempt < 4 ? "retry" : "success", contextUpdates: { dirt: attempt } };
        },
      },
      "",
    );
    expect(view.status).toBe("completed");
    expect(seen).toEqual([1, 2, 3, 4].map((n) => [undefined, "r:main/a@1", `r:main/a@1#${n}`]));
    const retries = await runtime.entries("r", { types: ["stage.retry_scheduled"] });
    const delays = retries.map(({ data }) => (data as EntryData<"stage.retry_scheduled">).delayMs);
    for (const [index, base] of [200, 400, 800].entries()) {
      expect(delays[index]).toBeGreaterThanOrEqual(base * 0.5);
      expect(delays[index]).toBeLessThanOrEqual(base * 1.5);
    }
    const starts = await runtime.entries("r", { types: ["stage.started"] });
    const waited = starts.slice(1).map((entry, index) => entry.at - (retries[index]?.at ?? 0));
    expect(waited).toEqual(delays);
    expect((await run.context())["dirt"]).toBe(4);
  });

  it("that throws is made again; RetryableError says when, TerminalError says never", async () => {
    const { runtime, view } = await runOne("a [max_retries=2]; b [max_retries=5]; start -> a -> b -> exit", {
      a: ({ attempt }) => {
        if (attempt === 1) throw new RetryableError("not yet", { retryAfterMs: 7 });
      },
      b: () => {
        throw new TerminalError("never");
      },
    });
    expect(view.status).toBe("failed");
    expect(view.failure).toMatchObject({ code: "stage_failed", stage: "main/b@1" });
    const [retry] = await runtime.entries("r", { types: ["stage.retry_scheduled"] });
    expect(retry?.data).toMatchObject({ delayMs: 7, failureClass: "transient" });
    expect(await runtime.entries("r", { types: ["stage.started"], stage: "main/b@1" })).toHaveLength(1);
  });

  it("that fails is not made again unless its own node says so (no silent retries)", async () => {
    let calls = 0;
    const { view } = await runOne(
      "start -> a -> exit",
      {
        a: () => {
          calls += 1;
          return { status: "fail", failureReason: "broken" };
        },
      },
      "default_max_retries=50",
    );
    expect([view.status, calls]).toEqual(["failed", 1]);
  });

  it("that has used up its retries is partial where the node allows it, else failed", async () => {
    const always: Step = () => ({ status: "retry", failureReason: "still not" });
    const { runtime, view } = await runOne("a [max_retries=1, allow_partial=true]; start -> a -> exit", { a: always });
    expect(view.status).toBe("completed");
    const [end] = await runtime.entries("r", { types: ["stage.succeeded"], stage: "main/a@1" });
    expect(end?.data).toMatchObject({ outcome: { status: "partial_success" }, partialFrom: "retry" });
    const other = await runOne("a [max_retries=1]; start -> a -> exit", { a: always });
    expect(other.view.status).toBe("failed");
  });

  it("that takes too long is told, and ends as a time-out whatever it answers then", async () => {
    let reason: unknown;
    const { runtime, view } = await runOne(
      'a [timeout="50ms"]; start -> a; a -> late [condition="outcome=fail"]; a -> exit; late -> exit',
      {
        a: async ({ signal }) => {
          await untilAborted(signal).catch(() => {});
          reason = (signal.reason as { reason: string }).reason;
          return { status: "success", contextUpdates: { tooLate: true } };
        },
      },
    );
    expect([view.status, reason]).toEqual(["completed", "timeout"]);
    const [end] = await runtime.entries("r", { types: ["stage.failed"] });
    expect(end?.data).toMatchObject({
      code: "timeout",
      failureClass: "transient",
      outcome: { failureReason: "timed out after 50 ms" },
    });
    expect(await runtime.entries("r", { types: ["stage.started"], stage: "main/late@1" })).toHaveLength(1);
    expect(await (await runtime.get("r")).context()).not.toHaveProperty("tooLate");
  });

  it("whose handler ignores its signal is abandoned, and what it brings later is discarded", async () => {
    const release = gate<void>();
    const runtime = await openRuntime({
      abortGraceMs: 100,
      handlers: {
        step: perNode({
          a: async () => {
            await release.promise;
            return { status: "success", contextUpdates: { late: true } };
          },
          wait: async () => {
            release.resolve();
            await entryOf(run, "stage.result_discarded");
          },
        }),
      },
    });
    const body = 'a [timeout="50ms"]; start -> a; a -> wait [condition="outcome=fail"]; a -> exit; wait -> exit';
    const run = await runtime.start(pipeline(body), { runId: "r" });
    expect((await run.finished()).status).toBe("completed");
    const [end] = await runtime.entries("r", { types: ["stage.failed"] });
    expect(end?.data).toMatchObject({ code: "timeout", abandoned: true });
    const [late] = await runtime.entries("r", { types: ["stage.result_discarded"] });
    expect(late).toMatchObject({ stage: "main/a@1", execution: "main/a@1#1.1", data: { status: "success" } });
    expect(await run.context()).not.toHaveProperty("late");
    expect((await runtime.verify("r")).problems).toEqual([]);
  });

  it("is not made again while the abandoned one before it goes on", async () => {
    const release = gate<void>();
    const clock = new EagerClock();
    let running = 0;
    let most = 0;
    const runtime = await openRuntime({
      clock,
      abortGraceMs: 10,
      handlers: {
        step: async ({ attempt }) => {
          running += 1;
          most = Math.max(most, running);
          if (attempt === 1) await release.promise;
          running -= 1;
        },
      },
    });
    const body = 'a [timeout="50ms", max_retries=1]; start -> a -> exit';
    const run = await runtime.start(pipeline(body), { runId: "r" });
    await entryOf(run, "stage.retry_scheduled");
    await new Promise<void>((resolve) => clock.setTimer(resolve, 60_000));
    expect(await runtime.entries("r", { types: ["stage.started"] })).toHaveLength(1);
    release.resolve();
    expect((await run.finished()).status).toBe("completed");
    expect(most).toBe(1);
  });
});

describe("what a handler returns", () => {
  it("is refused where it is not plain JSON, and the stage fails saying so", async () => {
    const { view } = await runOne("start -> a -> exit", {
      a: () => ({ status: "success", contextUpdates: { when: new Date(0) as never } }),
    });
    expect(view.status).toBe("failed");
    expect(view.failure?.message).toMatch(/when/);
  });

  it("may be large: it is stored once as a blob and read as it was, also at any point of the history", async () => {
    const big = "x".repeat(300_000);
    const { runtime, run } = await runOne("start -> a -> b -> exit", {
      a: () => ({ status: "success", contextUpdates: { big, list: [big], small: 1 } }),
      b: ({ context }) => ({ status: "success", contextUpdates: { length: String(context.get("big")).length } }),
    });
    const [end] = await runtime.entries("r", { types: ["stage.succeeded"], stage: "main/a@1" });
    expect(JSON.stringify(end).length).toBeLessThan(2_000);
    expect(await run.context()).toMatchObject({ big, list: [big], small: 1, length: 300_000 });
    expect(await run.context({ at: end?.turn ?? 0 })).toMatchObject({ big });
  });
});
