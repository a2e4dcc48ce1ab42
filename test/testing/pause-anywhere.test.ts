import { expect, it } from "vitest";
import type { Handler } from "../../src/index.ts";
import { PAUSE_WAYS, pauseAnywhere, scriptedHandlers } from "../../src/testing/index.ts";

const RELEASE = `digraph release {
  start -> build -> check; exit [shape=Msquare]
  build [type=work, max_retries=2, retry_policy=linear]
  check [type=work, timeout="200ms"]
  check -> settle [condition="outcome=success"]
  check -> build
  settle [shape=insulator, duration="30s"]
  settle -> ask
  ask [shape=hexagon, label="publish?"]
  ask -> exit [label="[N] no"]
  ask -> publish [label="[Y] yes"]
  publish [type=work, goal_gate=true, retry_target=build]
  publish -> exit
}`;

const SCRIPT = {
  build: [
    { throws: "retryable", retryAfterMs: 2_000 },
    { durationMs: 400, outcome: "success" },
  ],
  "check@1": { durationMs: 100, outcome: "again" },
  check: { durationMs: 50 },
  publish: { outcome: { status: "success", contextUpdates: { published: true } } },
} as const;

const answer = () => "Y";

it("a pipeline that can be stopped anywhere comes to the same end each time", async () => {
  const { handlers } = scriptedHandlers(SCRIPT, { types: ["work"] });
  const report = await pauseAnywhere(RELEASE, { handlers, answer });
  expect(report.failures).toEqual([]);
  expect(report.ok).toBe(true);
  expect(report.boundaries).toBeGreaterThan(9);
  expect(report.runs).toBe((report.boundaries - 1) * PAUSE_WAYS.length);
  expect(report.undisturbed).toMatchObject({ status: "completed", answers: ["main/ask@1 Y"] });
  expect(report.undisturbed.context).toMatchObject({ published: true });
});

it("finds a handler that counts its calls in memory", async () => {
  const counting = (): Record<string, Handler> => {
    let calls = 0;
    return {
      work: async ({ host }) => {
        calls += 1;
        await new Promise<void>((resolve) => host.clock.setTimer(resolve, 50));
        return { status: "success", contextUpdates: { calls } };
      },
    };
  };
  const pipeline = "digraph { start -> a -> exit; a [type=work]; exit [shape=Msquare] }";
  const report = await pauseAnywhere(pipeline, { handlers: counting, ways: ["drain"] });
  expect(report.ok).toBe(true);
  const crashed = await pauseAnywhere(pipeline, { handlers: counting, ways: ["crash_pausing"] });
  expect(crashed.ok).toBe(false);
  expect(crashed.failures.map(({ way }) => way)).toEqual(["crash_pausing"]);
  expect(crashed.failures[0]?.problems.join()).toMatch(/context came out as .*"calls",2.*, not as .*"calls",1/);
});

it("waits for handlers that do real work before time goes on", async () => {
  const handlers: Record<string, Handler> = {
    work: async ({ signal }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      signal.throwIfAborted();
      return "done";
    },
  };
  const pipeline = `digraph { start -> a -> exit; a [type=work, timeout="1s"]; exit [shape=Msquare] }`;
  const report = await pauseAnywhere(pipeline, { handlers, boundaries: [1], ways: ["drain", "crash_pausing"] });
  expect(report.failures).toEqual([]);
  expect(report.undisturbed.attempts).toContain("main/a@1 stage.succeeded success #1");
});

it("says which gate waits when nobody was told what to answer", async () => {
  const pipeline = `digraph { start -> ask -> exit; ask [shape=hexagon, label="?"]; exit [shape=Msquare] }`;
  await expect(pauseAnywhere(pipeline)).rejects.toThrow(/gate main\/ask@1 waits/);
});

it("follows a run that is started over", async () => {
  const pipeline = `digraph {
    start -> a; exit [shape=Msquare]; graph [loop_restart_persist_keys="rounds"]
    a [type=work]
    a -> a [condition="outcome=again", loop_restart=true]
    a -> exit
  }`;
  const handlers: Record<string, Handler> = {
    work: ({ context }) => {
      const rounds = Number(context.get("rounds") ?? 0) + 1;
      return { status: rounds < 3 ? "again" : "success", contextUpdates: { rounds } };
    },
  };
  const report = await pauseAnywhere(pipeline, { handlers });
  expect(report.failures).toEqual([]);
  expect(report.undisturbed.context).toMatchObject({ rounds: 3 });
  expect(report.undisturbed.edges.length).toBeGreaterThan(3);
});
