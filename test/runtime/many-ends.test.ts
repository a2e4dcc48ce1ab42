/** Ends of executions that wait together share a turn, and so a commit. Source: docs/decisions/0011. */
import { expect, it } from "vitest";
import type { HandlerResult } from "../../src/index.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { TURN_ENDS_MAX } from "../../src/limits.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store, TurnResult, TurnWrite } from "../../src/persistence/store.ts";
import { delegateStore } from "../../src/runtime/delegate-store.ts";
import { quietEventLoop } from "../../src/testing/event-loop.ts";
import { failAfter, failBefore, faultStore } from "../../src/testing/fault-store.ts";
import { observedStore } from "../../src/testing/scheduled-store.ts";
import { entryOf, gate, openRuntime, perNode, pipeline } from "./fixtures.ts";

/** As many branches of one stage each, all of them at once: `b0`, `b1`, … */
function fan(branches: number, attributes = ""): string {
  const ids = Array.from({ length: branches }, (_, index) => `b${index}`);
  return pipeline(`start -> fan
    fan [shape=component, type=parallel, max_parallel=${branches} ${attributes}]
    ${ids.map((id) => `fan -> ${id} -> join`).join("\n")}
    join [shape=tripleoctagon, type="parallel.fan_in"]
    join -> exit`);
}

/** Handlers that end when the test says so, each with its own gate. */
function held(ids: readonly string[]) {
  const gates = new Map(ids.map((id) => [id, gate<HandlerResult>()]));
  const calls: string[] = [];
  const steps = ids.map((id) => [
    id,
    () => {
      calls.push(id);
      return gates.get(id)?.promise;
    },
  ]);
  return { calls, steps: perNode(Object.fromEntries(steps)), end: (id: string) => gates.get(id)?.resolve(undefined) };
}

const ends = (entries: readonly JournalEntry[]) =>
  entries
    .filter(({ type, stage }) => type === "stage.succeeded" && stage?.startsWith("main/fan@1/"))
    .map(({ stage, turn }) => ({ stage, turn }));

const turnsOf = (entries: readonly JournalEntry[]) => new Set(ends(entries).map(({ turn }) => turn)).size;

/** A memory store; `refuse` answers instead of it for the turns that it says something about. */
function refusingStore(refuse: (turn: TurnWrite) => boolean): { store: Store; refused: TurnWrite[] } {
  const inner = memoryStore();
  const refused: TurnWrite[] = [];
  const store: Store = {
    ...delegateStore(inner),
    async commit(turns) {
      const results: TurnResult[] = [];
      for (const turn of turns) {
        if (refuse(turn)) {
          refused.push(turn);
          results.push({ ok: false, code: "internal", message: "this turn breaks a rule" });
        } else results.push(...(await inner.commit([turn])));
      }
      return results;
    },
  };
  return { store, refused };
}

const succeeds = ({ entries }: TurnWrite, node: string) =>
  entries.some(({ type, stage }) => type === "stage.succeeded" && stage?.includes(`/${node}@`));

it("ends that come together share a turn, in the order in which they came, each with all that follows from it", async () => {
  const { steps, end, calls } = held(["b0", "b1", "b2"]);
  const runtime = await openRuntime({ handlers: { step: steps } });
  const run = await runtime.start(fan(3), { runId: "r" });
  await entryOf(run, "stage.started", "main/fan@1/2/b2@1");
  for (const id of ["b2", "b0", "b1"]) end(id);
  expect((await run.finished()).status).toBe("completed");
  const entries = await runtime.entries("r");
  expect(ends(entries).map(({ stage }) => stage)).toEqual([
    "main/fan@1/2/b2@1",
    "main/fan@1/0/b0@1",
    "main/fan@1/1/b1@1",
  ]);
  expect(turnsOf(entries)).toBe(1);
  const story = entries.filter(({ type }) => type === "stage.succeeded" || type === "branch.succeeded");
  expect(story.slice(1, 7).map(({ type, branch }) => `${type} ${branch}`)).toEqual(
    [2, 0, 1].flatMap((index) => [`stage.succeeded main/fan@1/${index}`, `branch.succeeded main/fan@1/${index}`]),
  );
  expect(calls).toEqual(["b0", "b1", "b2"]);
  expect((await runtime.verify("r")).problems).toEqual([]);
});

it("handlers that only compute end in time to share a turn", async () => {
  const runtime = await openRuntime({ handlers: { step: () => {} } });
  const run = await runtime.start(fan(20), { runId: "r" });
  expect((await run.finished()).status).toBe("completed");
  const entries = await runtime.entries("r");
  expect(ends(entries)).toHaveLength(20);
  expect(turnsOf(entries)).toBe(1);
});

it("a turn takes as many as its limit says, and the next one the rest", async () => {
  const branches = TURN_ENDS_MAX * 2 + 3;
  const runtime = await openRuntime({ handlers: { step: () => {} } });
  const run = await runtime.start(fan(branches), { runId: "r" });
  expect((await run.finished()).status).toBe("completed");
  const byTurn = new Map<number, number>();
  for (const { turn } of ends(await runtime.entries("r"))) byTurn.set(turn, (byTurn.get(turn) ?? 0) + 1);
  expect([...byTurn.values()].reduce((sum, count) => sum + count, 0)).toBe(branches);
  expect(Math.max(...byTurn.values())).toBeLessThanOrEqual(TURN_ENDS_MAX);
  expect(byTurn.size).toBeLessThanOrEqual(4);
});

it("a command between two ends has a turn of its own, and neither overtakes it", async () => {
  const { steps, end } = held(["b0", "b1", "b2"]);
  const written = gate();
  let isSlow = false;
  const inner = memoryStore();
  const turns: TurnWrite[] = [];
  const store = observedStore(
    faultStore(inner, {
      faultAt: (_n, operation) =>
        operation === "commit" && isSlow ? { kind: "wait", when: "before", until: written.promise } : undefined,
    }),
    (turn) => turns.push(turn),
  );
  const runtime = await openRuntime({ store, handlers: { step: steps } });
  const run = await runtime.start(fan(3), { runId: "r" });
  await entryOf(run, "stage.started", "main/fan@1/2/b2@1");
  isSlow = true;
  end("b0");
  await quietEventLoop();
  // The turn of b0 is being written; these wait behind it.
  const paused = run.pause();
  await quietEventLoop();
  end("b1");
  end("b2");
  await quietEventLoop();
  isSlow = false;
  written.resolve();
  await paused;
  await entryOf(run, "run.paused");
  const story = turns.slice(-3).map(({ entries }) => entries.map(({ type }) => type));
  expect(story[0]).toContain("stage.succeeded");
  expect(story[1]).toEqual(expect.arrayContaining(["run.pausing", "control.accepted"]));
  expect(story[1]).not.toContain("stage.succeeded");
  // The turn that takes the last end, whatever else it takes, is the one in which the run is paused.
  expect(story[2]?.filter((type) => type === "stage.succeeded")).toHaveLength(2);
  expect(story[2]?.at(-1)).toBe("run.paused");
  await run.continue();
  expect((await run.finished()).status).toBe("completed");
});

it("the winner is the one that ended first, also when both ends came in one turn and a pause was between them and the join", async () => {
  const { steps, end } = held(["b0", "b1", "b2"]);
  const runtime = await openRuntime({ handlers: { step: steps } });
  const run = await runtime.start(fan(3, ", join_policy=first_success"), { runId: "r" });
  await entryOf(run, "stage.started", "main/fan@1/2/b2@1");
  await run.pause();
  for (const id of ["b2", "b0", "b1"]) end(id);
  await entryOf(run, "run.paused");
  expect(turnsOf(await runtime.entries("r"))).toBe(1);
  await run.continue();
  expect((await run.finished()).status).toBe("completed");
  const entries = await runtime.entries("r", { types: ["branch.succeeded", "branch.superseded"] });
  expect(entries.map(({ type, branch }) => `${type} ${branch}`)).toEqual([
    "branch.succeeded main/fan@1/2",
    "branch.superseded main/fan@1/0",
    "branch.superseded main/fan@1/1",
  ]);
});

it("one that breaks the turn is set aside alone: what shared the turn with it is stored", async () => {
  const { store, refused } = refusingStore((turn) => succeeds(turn, "b1"));
  const { steps, end, calls } = held(["b0", "b1", "b2"]);
  const runtime = await openRuntime({ store, handlers: { step: steps } });
  const run = await runtime.start(fan(3), { runId: "r" });
  await entryOf(run, "stage.started", "main/fan@1/2/b2@1");
  for (const id of ["b0", "b1", "b2"]) end(id);
  await entryOf(run, "run.paused");
  // Once with the others, then three times alone.
  expect(refused.map((turn) => ["b0", "b1", "b2"].filter((id) => succeeds(turn, id)))).toEqual([
    ["b0", "b1", "b2"],
    ["b1"],
    ["b1"],
    ["b1"],
  ]);
  const entries = await runtime.entries("r");
  expect(ends(entries).map(({ stage }) => stage)).toEqual(["main/fan@1/0/b0@1", "main/fan@1/2/b2@1"]);
  const failed = entries.filter(({ type }) => type === "stage.failed");
  expect(failed.map(({ stage }) => stage)).toEqual(["main/fan@1/1/b1@1"]);
  expect(JSON.stringify(failed[0]?.data)).toContain("internal_error: this turn breaks a rule");
  expect(calls).toEqual(["b0", "b1", "b2"]);
  expect((await runtime.verify("r")).problems).toEqual([]);
});

it.each([
  ["was refused", failBefore()],
  ["took effect and its answer was lost", failAfter()],
])("a commit of several that %s is made again as it is", async (_what, fault) => {
  const inner = memoryStore();
  let isNext = false;
  const handed: TurnWrite[] = [];
  const counting: Store = {
    ...delegateStore(inner),
    commit: (turns) => {
      handed.push(...turns);
      return inner.commit(turns);
    },
  };
  const store = faultStore(counting, {
    faultAt: (_n, operation) => {
      if (operation !== "commit" || !isNext) return undefined;
      isNext = false;
      return fault;
    },
  });
  const { steps, end, calls } = held(["b0", "b1"]);
  const runtime = await openRuntime({ store, handlers: { step: steps } });
  const run = await runtime.start(fan(2), { runId: "r" });
  await entryOf(run, "stage.started", "main/fan@1/1/b1@1");
  isNext = true;
  for (const id of ["b0", "b1"]) end(id);
  expect((await run.finished()).status).toBe("completed");
  const both = handed.filter((turn) => succeeds(turn, "b0"));
  expect(both.every((turn) => succeeds(turn, "b1") && turn === both[0])).toBe(true);
  expect(turnsOf(await runtime.entries("r"))).toBe(1);
  expect(calls).toEqual(["b0", "b1"]);
  expect((await runtime.verify("r")).problems).toEqual([]);
});
