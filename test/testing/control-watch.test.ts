/** A watch that sees nothing would let everything pass: each rule is broken once. */
import { expect, it } from "vitest";
import type { NewEntry } from "../../src/journal/entry.ts";
import type { TurnWrite } from "../../src/persistence/store.ts";
import { controlWatch } from "../../src/testing/index.ts";

const stage = { branch: "main", stage: "main/a@1" };
const execution = { ...stage, attempt: 1, execution: "main/a@1#1.1" };
const second = { ...stage, attempt: 1, execution: "main/a@1#1.2" };

const created: NewEntry = {
  type: "run.created",
  data: { pipeline: { name: "p", hash: "h" }, inputs: {}, labels: {}, context: {} },
};
const started: NewEntry = { type: "stage.started", ...execution, data: {} };
const succeeded: NewEntry = { type: "stage.succeeded", ...execution, data: { outcome: { status: "success" } } };
const pausing = (draining: string[], runTimeMs = 10): NewEntry => ({
  type: "run.pausing",
  data: { mode: "drain", source: "own", draining, runTimeMs },
});
const paused: NewEntry = { type: "run.paused", data: { runTimeMs: 10 } };

/** Turns that follow one another, watched; `going` are the executions whose handlers go on all the while. */
function problemsOf(turns: readonly (readonly [TurnWrite["run"], ...NewEntry[]])[], going: readonly string[] = []) {
  const watch = controlWatch(() => going);
  let baseSeq = 0;
  for (const [run, ...entries] of turns) {
    const create = baseSeq === 0 ? { create: { status: "running" } as NonNullable<TurnWrite["create"]> } : {};
    watch.onTurn({ runId: "r", token: 1, baseSeq, atMs: 0, entries, ...(run ? { run } : {}), ...create });
    baseSeq += entries.length;
  }
  return watch.problems.join("\n");
}

it("has nothing to say about a pause that is as it says", () => {
  const turns = [
    [undefined, created, { type: "run.started", data: {} }, started],
    [{ status: "pausing" }, pausing([execution.execution])],
    [{ status: "paused" }, succeeded, paused],
  ] as const;
  expect(problemsOf(turns.slice(0, 2), [execution.execution])).toBe("");
});

it("says when something starts after the acknowledgement", () => {
  const turns = [
    [undefined, created],
    [{ status: "pausing" }, pausing([])],
    [undefined, started],
  ] as const;
  expect(problemsOf(turns)).toMatch(/started while the run is pausing[\s\S]*started after the pause was acknowledged/);
});

it("says when a run is paused with something in flight", () => {
  const turns = [
    [undefined, created, started],
    [{ status: "paused" }, pausing([execution.execution]), paused],
  ] as const;
  expect(problemsOf(turns, [execution.execution])).toMatch(
    /paused while main\/a@1#1.1 goes on[\s\S]*with main\/a@1#1.1 open/,
  );
});

it("says when draining names what is not in flight, or leaves out what is", () => {
  const head = [undefined, created, started] as const;
  expect(problemsOf([head, [{ status: "pausing" }, pausing([])]])).toMatch(
    /says that nothing drains; it is main\/a@1#1.1/,
  );
  expect(
    problemsOf([
      [undefined, created],
      [{ status: "pausing" }, pausing(["x"])],
    ]),
  ).toMatch(/says that x drains/);
});

it("says when code goes on that nobody named", () => {
  expect(problemsOf([[undefined, created]], ["main/a@1#1.1"])).toMatch(/goes on and is neither open nor abandoned/);
});

it("says when an execution is started twice, or beside another of its stage", () => {
  expect(problemsOf([[undefined, created, started, succeeded, started]])).toMatch(/was started twice/);
  const both = [execution.execution, second.execution];
  const turns = [[undefined, created, started, { type: "stage.started", ...second, data: {} }]] as const;
  expect(problemsOf(turns, both)).toMatch(/two executions of main\/a@1 go on at once/);
});

it("says when a timer fires during a pause that it was not due before", () => {
  const timer = { timer: "t", actor: "stage:main/a@1", kind: "wait", clock: "run", dueMs: 11 } as const;
  const set: NewEntry = { type: "timer.set", ...stage, data: timer };
  const fired: NewEntry = { type: "timer.fired", ...stage, data: { timer: "t" } };
  const turns = (runTimeMs: number) =>
    [
      [undefined, created, set],
      [{ status: "pausing" }, pausing([], runTimeMs)],
      [undefined, fired],
    ] as const;
  expect(problemsOf(turns(10))).toMatch(/timer t fired during a pause, 1 ms of run time early/);
  expect(problemsOf(turns(11))).not.toMatch(/fired/);
});

it("says what a cancelled run has left", () => {
  const cancelled: NewEntry = { type: "run.cancelled", data: { abandoned: [] } };
  const set: NewEntry = {
    type: "timer.set",
    ...stage,
    data: { timer: "t", actor: "stage:main/a@1", kind: "wait", clock: "run", dueMs: 11 },
  };
  expect(
    problemsOf([
      [undefined, created, started, set],
      [{ status: "cancelled" }, cancelled],
    ]),
  ).toMatch(/left execution main\/a@1#1.1 without an end, timer t/);
});

it("says when a command was told something else than is true", () => {
  const watch = controlWatch(() => []);
  const result = { draining: ["main/a@1#1.1"], after: "pausing" };
  watch.onTurn({
    runId: "r",
    token: 1,
    baseSeq: 0,
    atMs: 0,
    create: { status: "running" } as NonNullable<TurnWrite["create"]>,
    entries: [created],
    commands: [{ commandId: "c", result }],
  });
  expect(watch.problems.join()).toMatch(/command c was told that main\/a@1#1.1 drains/);
});
