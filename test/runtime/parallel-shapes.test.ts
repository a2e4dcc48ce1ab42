/** Graphs whose branches do not go the plain way from their fan-out to their join. */
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { EagerClock } from "./eager-clock.ts";
import { entryOf, gate, openMortal, openRuntime, perNode, pipeline, type Step, storyOf } from "./fixtures.ts";

const fails: Step = () => ({ status: "fail", failureReason: "broken" });

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
  const context = await run.context();
  const results = (context["parallel.fan.results"] ?? []) as readonly {
    readonly id: string;
    readonly status: string;
  }[];
  const statuses = results.map(({ id, status }) => `${id} ${status}`);
  const main = visited.filter((stage) => stage.split("/").length === 2);
  return { runtime, run, view, visited, context, statuses, main };
}

describe("a branch that may abort", () => {
  const abort = (more: string) =>
    pipeline(
      `fan [type=parallel]; start -> fan; fan -> a; fan -> b; a -> join; b -> join; join -> after -> exit; ${more}`,
    );

  it("to the exit ends there with the status it had, and the run does not", async () => {
    const source = abort('a -> exit [condition="outcome=fail"]; b -> exit [condition="outcome=enough"]');
    const { view, statuses, main } = await runOne(source, { a: fails, b: () => ({ status: "enough" }) });
    expect(statuses).toEqual(["a fail", "b enough"]);
    expect([view.status, view.result?.exit, main]).toEqual(["completed", "exit", ["main/join@1", "main/after@1"]]);
    expect(view.joins).toMatchObject([{ join: "join", succeeded: 1, failed: 1, decision: "partial_success" }]);
  });

  it("to a report reports within the branch, and the others meet as ever", async () => {
    const source = abort('a -> report [condition="outcome=fail"]; report -> exit');
    const { view, visited, statuses, main } = await runOne(source, { a: fails });
    expect(visited).toContain("main/fan@1/0/report@1");
    // What it carries to its end is what its last stage came to.
    expect([view.status, statuses, main]).toEqual([
      ...["completed", ["a success", "b success"], ["main/join@1", "main/after@1"]],
    ]);
  });

  it("to a second exit does not end the run there", async () => {
    const source = abort('aborted [shape=Msquare, type=exit]; a -> aborted [condition="outcome=fail"]');
    const { view, statuses } = await runOne(source, { a: fails });
    expect([view.status, view.result?.exit, statuses]).toEqual(["completed", "exit", ["a fail", "b success"]]);
    const all = await runOne(source, { a: fails, b: fails });
    expect([all.view.status, all.view.failure?.code, all.main]).toEqual(["failed", "stage_failed", []]);
  });
});

describe("an edge back from the join", () => {
  const again: Step = ({ visit }) => ({ status: visit === 1 ? "again" : "success" });

  it("to the fan-out begins another activation with branches of its own, whose results replace the first ones", async () => {
    const source = pipeline(`fan [type=parallel]; start -> fan; fan -> a -> join; fan -> b -> join;
      join -> fan [condition="outcome=again"]; join -> exit`);
    let turn = 0;
    const b: Step = () => ({ status: "success", contextUpdates: turn++ === 0 ? { first: 1 } : { second: 2 } });
    const { view, visited, context } = await runOne(source, { join: again, b });
    expect(view.status).toBe("completed");
    expect(visited.toSorted()).toEqual([
      ...["main/fan@1/0/a@1", "main/fan@1/1/b@1", "main/fan@2/0/a@1", "main/fan@2/1/b@1", "main/join@1", "main/join@2"],
    ]);
    const merged = Object.keys(context).filter((key) => key.startsWith("parallel.fan."));
    expect(merged.toSorted()).toEqual(["parallel.fan.1.second", "parallel.fan.results"]);
  });

  it("into a branch's node goes on there on the main path, and opens nothing", async () => {
    const source = pipeline(`fan [type=parallel]; start -> fan; fan -> a -> join; fan -> b -> join;
      join -> a [condition="outcome=again"]; join -> exit`);
    const { view, main, visited } = await runOne(source, { join: again });
    expect([view.status, main]).toEqual(["completed", ["main/join@1", "main/a@1", "main/join@2"]]);
    expect(visited).toHaveLength(5);
  });
});

describe("after the decision", () => {
  const routed = (attributes: string) =>
    pipeline(`fan [type=parallel ${attributes}]; start -> fan; fan -> a -> join; fan -> b -> join; join -> exit;
      fan -> partly [condition="outcome=partial_success"]; fan -> word [condition="outcome=needs_work"]; partly -> exit; word -> exit`);

  it("conditional edges of the fan-out come before its join, and are no branches", async () => {
    expect((await runOne(routed(""), { a: fails })).main).toEqual(["main/partly@1"]);
    expect((await runOne(routed(""))).main).toEqual(["main/join@1"]);
    const word: Step = () => ({ status: "needs_work" });
    // `any` takes the first end as it is, and the stage its word.
    expect((await runOne(routed(", join_policy=any, max_parallel=1"), { a: word })).main).toEqual(["main/word@1"]);
    expect((await runOne(routed(", join_policy=first_success"), { a: word })).main).toEqual(["main/join@1"]);
  });

  it("a fan-out without a join ends its path as an exit does, goal gates and all", async () => {
    const source = pipeline(
      'fan [type=parallel]; start -> g -> fan; g [goal_gate=true, retry_target=g]; fan -> a; fan -> b; g -> exit [condition="outcome=never"]; g -> fan [condition="outcome=skipped"]',
    );
    const met = await runOne(source);
    expect([met.view.status, met.view.joins[0]?.join, met.main]).toEqual(["completed", undefined, ["main/g@1"]]);
    const { view, visited } = await runOne(source, {
      g: ({ visit }) => ({ status: visit === 1 ? "skipped" : "success" }),
    });
    expect([view.status, visited]).toEqual([
      "completed",
      ["main/g@1", "main/fan@1/0/a@1", "main/fan@1/1/b@1", "main/g@2", "main/fan@2/0/a@1", "main/fan@2/1/b@1"],
    ]);
    const failed = await runOne(source, { a: fails, b: fails });
    expect([failed.view.status, failed.view.failure?.code]).toEqual(["failed", "stage_failed"]);
  });
});

describe("a retry target", () => {
  it("of the graph that is the fan-out itself takes a failed join there again, and no branch out of its region", async () => {
    const source = pipeline(
      "fan [type=parallel]; start -> fan; fan -> a -> join; fan -> b -> join; join -> exit",
      "retry_target=fan",
    );
    let calls = 0;
    const twice: Step = () => ({ status: calls++ < 2 ? "fail" : "success" });
    const { view, visited, runtime } = await runOne(source, { a: twice, b: twice });
    expect([view.status, visited]).toEqual([
      "completed",
      [...["main/fan@1/0/a@1", "main/fan@1/1/b@1", "main/fan@2/0/a@1", "main/fan@2/1/b@1"], "main/join@1"],
    ]);
    const jumps = (await runtime.entries("r", { types: ["edge.selected"] })).filter(
      ({ stage }) => stage === "main/fan@1",
    );
    expect(jumps).toMatchObject([{ data: { to: "fan", rule: "graph_retry_target" } }]);
    const never = await runOne(source, { a: fails, b: fails });
    expect([never.view.failure?.code, never.visited.length]).toEqual(["redirect_limit", 12]);
  });

  it("of a node that is out of the region does not count, and an edge that leads out ends the branch", async () => {
    const source =
      pipeline(`fan [type=parallel]; start -> before -> fan; fan -> a -> join; fan -> b -> join; fan -> c -> join;
      a [retry_target=before]; b -> before [condition="outcome=fail"]; c -> fan [condition="outcome=fail"]; join -> exit`);
    const { view, visited, runtime } = await runOne(source, { a: fails, b: fails, c: fails });
    expect(view.status).toBe("failed");
    expect(visited.filter((stage) => stage.includes("before"))).toEqual(["main/before@1"]);
    const ends = await runtime.entries("r", { types: ["branch.failed"] });
    expect(ends.map(({ data }) => (data as { reason: string }).reason)).toEqual([
      expect.stringContaining("stage main/fan@1/0/a@1 failed"),
      expect.stringContaining("leave its region for before"),
      expect.stringContaining("leave its region for fan"),
    ]);
  });
});

it("nested fan-outs that share one join end the inner one, the outer branch with it, and visit the join once", async () => {
  const source = pipeline(`fan [type=parallel]; inner [type=parallel]; start -> fan; fan -> inner; fan -> c;
    inner -> a; inner -> b; a -> pick; b -> pick; c -> pick; pick [type="parallel.fan_in"]; pick -> exit`);
  const scored =
    (score: number): Step =>
    () => ({ status: "success", contextUpdates: { score } });
  const { view, visited, context, statuses } = await runOne(source, { a: scored(9), b: scored(1), c: scored(5) });
  expect(visited.toSorted()).toEqual(["main/fan@1/0/inner@1/0/a@1", "main/fan@1/0/inner@1/1/b@1", "main/fan@1/1/c@1"]);
  expect([view.status, statuses]).toEqual(["completed", ["inner success", "c success"]]);
  expect(view.joins.map(({ activation, join }) => `${activation} ${join}`)).toEqual([
    "main/fan@1 pick",
    "main/fan@1/0/inner@1 pick",
  ]);
  // The fan-in chooses among the branches of the outer one: what is inside has merged what it had.
  expect(context["parallel.winner"]).toBe("c");
  const results = context["parallel.fan.results"] as readonly { context: Record<string, JsonValue> }[];
  expect(results[0]?.context).toMatchObject({ "parallel.inner.0.score": 9, "parallel.inner.1.score": 1 });
});

describe("a race", () => {
  const race = (more = "") =>
    pipeline(`fan [type=parallel, join_policy=first_success, merge=overlay ${more}]; start -> fan; fan -> a -> join;
      fan -> b -> join; join -> after -> exit`);

  it("has a loser that returns late: its result is discarded, and nothing of it counts", async () => {
    const late = gate<{ status: string; contextUpdates: Record<string, JsonValue> }>();
    const release = gate();
    const clock = new EagerClock();
    const runtime = await openRuntime({
      clock,
      handlers: {
        // a heeds no signal: it is waited for as long as its grace, and then disowned.
        step: perNode({
          a: () => late.promise,
          b: () => ({ status: "success", contextUpdates: { by: "b" } }),
          after: () => release.promise,
        }),
      },
    });
    const run = await runtime.start(race(), { runId: "r" });
    await entryOf(run, "stage.started", "main/after@1");
    const started = (await runtime.entries("r", { types: ["stage.started"], stage: "main/after@1" }))[0];
    const lost = (await runtime.entries("r", { types: ["stage.cancelled"], stage: "main/fan@1/0/a@1" }))[0];
    expect(lost?.seq).toBeLessThan(started?.seq ?? 0);
    expect((await run.view()).control.abandoned).toEqual([
      { execution: "main/fan@1/0/a@1#1.1", stage: "main/fan@1/0/a@1" },
    ]);
    late.resolve({ status: "success", contextUpdates: { by: "a", late: true } });
    await entryOf(run, "stage.result_discarded");
    release.resolve();
    expect((await run.finished()).status).toBe("completed");
    const context = await run.context();
    expect([context["by"], context["late"]]).toEqual(["b", undefined]);
    expect(Object.keys(context).filter((key) => key.includes(".0."))).toEqual([]);
    expect(await storyOf(runtime, "r", ["branch.succeeded", "branch.superseded", "join.decided"])).toHaveLength(3);
    expect((await runtime.verify("r")).problems).toEqual([]);
  });

  it.each([
    ["a", "b"],
    ["b", "a"],
  ] as const)("with a pause between its winners is won by %s, which was the first", async (first, second) => {
    const ends = { a: gate(), b: gate() };
    const says: Step = async ({ node }) => {
      await ends[node.id as "a" | "b"].promise;
      return { status: "success", contextUpdates: { by: node.id } };
    };
    const store = memoryStore();
    const clock = new EagerClock();
    const handlers = { step: perNode({ a: says, b: says }) };
    const { runtime, kill } = await openMortal(store, clock, { handlers });
    const run = await runtime.start(race(), { runId: "r" });
    await entryOf(run, "stage.started", "main/fan@1/1/b@1");
    await run.pause();
    for (const node of [first, second]) {
      ends[node].resolve();
      await entryOf(run, "stage.succeeded", `main/fan@1/${node === "a" ? 0 : 1}/${node}@1`);
    }
    const paused = await run.settled("paused");
    // Both have come to their end, and a pause decides nothing.
    expect(paused.joins).toMatchObject([{ succeeded: 0, failed: 0, open: 2 }]);
    kill();
    const next = await openRuntime({ store, clock, handlers });
    const resumed = await next.resume("r");
    await resumed.continue();
    expect((await resumed.finished()).status).toBe("completed");
    const [decided] = await next.entries("r", { types: ["join.decided"] });
    expect(decided?.data).toMatchObject({
      decision: "success",
      succeeded: 1,
      winners: [`main/fan@1/${first === "a" ? 0 : 1}`],
    });
    expect((await resumed.context())["by"]).toBe(first);
    expect(await storyOf(next, "r", ["branch.superseded"])).toHaveLength(1);
    expect((await next.verify("r")).problems).toEqual([]);
  });
});
