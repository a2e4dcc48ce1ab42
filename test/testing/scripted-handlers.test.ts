import { expect, it } from "vitest";
import { createRuntime } from "../../src/index.ts";
import { type Script, scriptedHandlers, virtualClock } from "../../src/testing/index.ts";

const PIPELINE = `digraph {
  start -> a -> b; exit [shape=Msquare]
  a [type=work, max_retries=3, retry_policy=linear]
  b [type=work, max_visits=5]
  b -> b [condition="outcome=again"]
  b -> exit
}`;

async function runScript(script: Script) {
  const clock = virtualClock({ startMs: 0 });
  const scripted = scriptedHandlers(script, { types: ["work"] });
  const runtime = await createRuntime({ clock, handlers: scripted.handlers });
  const run = await clock.runUntil(runtime.start(PIPELINE, { runId: "r" }));
  return { clock, run, runtime, ...scripted };
}

it("does what the most telling key says, a list by attempts, and succeeds where nothing is said", async () => {
  const script: Script = {
    a: [{ throws: "error" }, { outcome: "retry", durationMs: 30 }, { outcome: "success", durationMs: 40 }],
    "b@1": { outcome: { status: "again", contextUpdates: { first: true } }, durationMs: 5 },
    "b@2#1": { outcome: "again" },
    b: { outcome: "fine" },
  };
  const { clock, run, calls, inFlight } = await runScript(script);
  const view = await clock.runUntil(run.finished());
  expect(view.status).toBe("completed");
  expect(calls.map(({ execution, end }) => `${execution} ${end}`)).toEqual([
    "main/a@1#1.1 threw",
    "main/a@1#2.1 returned",
    "main/a@1#3.1 returned",
    "main/b@1#1.1 returned",
    "main/b@2#1.1 returned",
    "main/b@3#1.1 returned",
  ]);
  expect(calls.map(({ startedAtMs, endedAtMs = -1 }) => endedAtMs - startedAtMs)).toEqual([0, 30, 40, 5, 0, 0]);
  expect(inFlight()).toEqual([]);
  expect(await run.context()).toMatchObject({ first: true });
});

it.each([
  ["heeds the signal", { durationMs: 10_000 }, { abort: "pause", end: "threw", tookMs: 0, executions: 2 }],
  [
    "ignores the signal",
    { durationMs: 4_000, onAbort: "ignore" },
    { abort: "pause", end: "returned", tookMs: 3_000, executions: 1 },
  ],
  [
    "returns something else, late",
    { durationMs: 10_000, onAbort: { afterMs: 500, outcome: "fine" } },
    { abort: "pause", end: "returned", tookMs: 500, executions: 1 },
  ],
] as const)("one that %s", async (_name, call, { abort, end, tookMs, executions }) => {
  const { clock, run, calls } = await runScript({ a: [call], b: {} });
  await clock.advance(1_000);
  await clock.runUntil(run.pause({ mode: "interrupt" }));
  await clock.runUntil(run.settled("paused"));
  const [first] = calls;
  expect(first).toMatchObject({ abort, end });
  expect((first?.endedAtMs ?? 0) - 1_000).toBe(tookMs);
  await clock.runUntil(run.continue());
  await clock.runUntil(run.finished());
  expect(calls.filter(({ node }) => node === "a").length).toBe(executions);
});

it("throws what may not be tried again, and what says when it may", async () => {
  const terminal = await runScript({ a: { throws: "terminal" } });
  expect((await terminal.clock.runUntil(terminal.run.finished())).status).toBe("failed");
  expect(terminal.calls.length).toBe(1);
  const retryable = await runScript({ a: [{ throws: "retryable", retryAfterMs: 7_000 }, {}] });
  await retryable.clock.runUntil(retryable.run.finished());
  expect(retryable.calls.slice(0, 2).map(({ startedAtMs }) => startedAtMs)).toEqual([0, 7_000]);
});
