import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/actors/clock.ts";
import { runViewSchema } from "../../src/journal/run-view.ts";
import type { RunRow, Store } from "../../src/persistence/store.ts";
import { createRuntime } from "../../src/runtime/create-runtime.ts";
import { artifactBytes, artifactsOf } from "../../src/runtime/queries/artifacts.ts";
import { checkpointOf } from "../../src/runtime/queries/checkpoint.ts";
import { contextOf } from "../../src/runtime/queries/context.ts";
import { findRun } from "../../src/runtime/queries/find-run.ts";
import { graphOf } from "../../src/runtime/queries/graph.ts";
import { journalPages } from "../../src/runtime/queries/journal-pages.ts";
import { listRuns, summariseRun } from "../../src/runtime/queries/runs.ts";
import { turnAt } from "../../src/runtime/queries/turn-at.ts";
import { viewOf } from "../../src/runtime/queries/view.ts";
import { codeOf } from "../../src/testing/store-fixtures.ts";
import { creationOf, demoStore, entry, TURN_ENDS, writeTurns } from "./stored-run.ts";

describe("a point of history", () => {
  it("is rounded down to the end of a complete turn", async () => {
    const store = await demoStore();
    const run = await findRun(store, "demo");
    const used: number[] = [];
    for (let asked = 6; asked <= 25; asked += 1) used.push((await turnAt(store, run, asked)).used);
    expect(used).toEqual(Array.from({ length: 20 }, (_, i) => TURN_ENDS.findLast((end) => end <= i + 6)));
  });

  it("before the end of the first turn is refused", async () => {
    const store = await demoStore();
    const run = await findRun(store, "demo");
    expect(await codeOf(turnAt(store, run, 5))).toBe("usage");
    expect(await codeOf(turnAt(store, run, 0))).toBe("usage");
    expect(await codeOf(turnAt(store, run, 1.5))).toBe("usage");
  });

  it("lies in a turn longer than a page", async () => {
    const store = await demoStore();
    const many = Array.from({ length: 2_500 }, () => entry("timer.fired", { timer: "t" }));
    await writeTurns(store, "long", [creationOf("long"), { entries: many }]);
    const run = await findRun(store, "long");
    expect(await turnAt(store, run, 2_400)).toEqual({ asked: 2_400, used: 6 });
  });
});

describe("journalPages", () => {
  it("gives every entry once, forwards and backwards, over several pages", async () => {
    const store = await demoStore();
    const many = Array.from({ length: 2_500 }, () => entry("timer.fired", { timer: "t" }));
    await writeTurns(store, "long", [creationOf("long"), { entries: many }]);
    const collect = async (query: Parameters<typeof journalPages>[1]) => {
      const seqs: number[] = [];
      for await (const page of journalPages(store, query)) seqs.push(...page.map((each) => each.seq));
      return seqs;
    };
    const all = Array.from({ length: 2_506 }, (_, index) => index + 1);
    expect(await collect({ runId: "long" })).toEqual(all);
    expect(await collect({ runId: "long", descending: true })).toEqual(all.toReversed());
    expect(await collect({ runId: "long", after: 2_000, until: 2_003 })).toEqual([2_001, 2_002, 2_003]);
    expect(await collect({ runId: "long", types: ["run.started"] })).toEqual([2]);
  });
});

describe("viewOf", () => {
  it("is a run view, now", async () => {
    const { view, at } = await viewOf(await demoStore(), "demo");
    expect(at).toBeUndefined();
    expect(runViewSchema.parse(view)).toEqual(view);
    expect(view).toMatchObject({ runId: "demo", status: "completed", seq: 19, inputs: { pr: 42 } });
    const build = view.stages.find((stage) => stage.node === "build");
    expect(build?.attempts.map((attempt) => attempt.status)).toEqual(["retried", "succeeded"]);
  });

  it("of the past shows what was, and says which seq it used", async () => {
    const { view, at } = await viewOf(await demoStore(), "demo", { at: 12 });
    expect(at).toEqual({ asked: 12, used: 8 });
    expect(view).toMatchObject({ status: "running", seq: 8 });
    expect(view.stages.map((stage) => stage.node)).toEqual(["start", "build"]);
  });

  it("says that a run whose owner's lease is over has none", async () => {
    const store = await demoStore(2);
    expect((await viewOf(store, "demo", { now: 0 })).view.owner).toMatchObject({ pid: 100 });
    expect((await viewOf(store, "demo", { now: Number.MAX_SAFE_INTEGER })).view).toMatchObject({
      owner: null,
      statusReason: "unowned",
    });
  });

  it("knows the pipeline's goal gates", async () => {
    const source =
      "digraph g { start [shape=Mdiamond]; build [goal_gate=true]; exit [shape=Msquare]; start -> build -> exit }";
    const store = await demoStore(0);
    await store.putPipeline({ hash: (await import("./stored-run.ts")).hashOf(source), name: "g", source });
    const where = { branch: "main", stage: "main/build@1", attempt: 1, execution: "main/build@1#1.1" };
    await writeTurns(store, "g", [
      creationOf("g", source),
      { entries: [entry("stage.succeeded", { outcome: { status: "success" } }, where)] },
    ]);
    const { view } = await viewOf(store, "g");
    expect(view.goalGates).toEqual([{ node: "build", branch: "main", status: "success", satisfied: true }]);
  });
});

describe("contextOf", () => {
  it("is one flat object without the engine's scopes, blobs fetched", async () => {
    const context = await contextOf(await demoStore(), "demo");
    expect(Object.keys(context)).toEqual(["graph.goal", "last_stage", "log", "outcome", "zip"]);
    expect(context["log"]).toBe("x".repeat(70_000));
    expect(context).toMatchObject({ "graph.goal": "ship it", zip: "a.zip", last_stage: "build" });
  });

  it("of the past has what was there", async () => {
    expect(await contextOf(await demoStore(), "demo", { at: 13 })).toEqual({ "graph.goal": "ship it" });
  });

  it("of a branch falls through to its parent as it was at the fork, and hides what the branch removed", async () => {
    const store = await demoStore(4);
    await writeTurns(store, "demo", [
      {
        entries: [entry("timer.fired", { timer: "t" })],
        scopes: [{ scope: "main/fan@1/0", parent: "main", parentSeq: 14 }],
        context: [
          { scope: "main/fan@1/0", key: "mine", value: { json: "1" } },
          { scope: "main/fan@1/0", key: "outcome" },
        ],
      },
      {
        entries: [entry("timer.fired", { timer: "t" })],
        context: [
          { scope: "main", key: "zip", value: { json: '"b.zip"' } },
          { scope: "main", key: "late", value: { json: "true" } },
        ],
      },
    ]);
    const branch = await contextOf(store, "demo", { branch: "main/fan@1/0" });
    expect(branch).toMatchObject({ mine: 1, zip: "a.zip", "graph.goal": "ship it" });
    expect(Object.keys(branch)).not.toContain("outcome");
    expect(Object.keys(branch)).not.toContain("late");
    expect(await contextOf(store, "demo")).toMatchObject({ zip: "b.zip", late: true, outcome: "success" });
    expect(await codeOf(contextOf(store, "demo", { branch: "main/fan@1/0", at: 14 }))).toBe("branch_not_found");
  });

  it("keeps a key that is called __proto__", async () => {
    const store = await demoStore(1);
    await writeTurns(store, "demo", [
      {
        entries: [entry("run.queued", {})],
        context: [{ scope: "main", key: "__proto__", value: { json: '{"a":1}' } }],
      },
    ]);
    expect(Object.entries(await contextOf(store, "demo"))).toContainEqual(["__proto__", { a: 1 }]);
  });

  it.each(["nowhere", "@visits"])("of %s is branch_not_found", async (branch) => {
    expect(await codeOf(contextOf(await demoStore(), "demo", { branch }))).toBe("branch_not_found");
  });
});

describe("checkpointOf", () => {
  it("has the live actors, the timers, and the specification's names", async () => {
    const checkpoint = await checkpointOf(await demoStore(3), "demo");
    expect(checkpoint).toMatchObject({
      runId: "demo",
      seq: 8,
      turn: 8,
      status: "running",
      actors: [{ actor: "stage:main/build@1", snapshot: { value: "running" } }],
      timers: [],
      visits: { main: { start: 1, build: 1 } },
      current_node: "start",
      completed_nodes: ["start"],
      node_retries: { build: 1 },
    });
    expect((await checkpointOf(await demoStore(2), "demo")).timers).toMatchObject([{ timer: "main/build@1#2" }]);
  });

  it("of an ended run has no actors and all its nodes", async () => {
    const checkpoint = await checkpointOf(await demoStore(), "demo");
    expect(checkpoint).toMatchObject({ actors: [], current_node: "exit", context: { zip: "a.zip" } });
    expect(checkpoint.completed_nodes).toEqual(["start", "build", "check", "deploy", "exit"]);
  });

  it("is of one moment, also when a turn is stored while it is read", async () => {
    const store = await demoStore(3);
    let moved = false;
    const moving = new Proxy(store, {
      get(target, name) {
        if (name !== "load") return Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name);
        return async (runId: string) => {
          const image = await target.load(runId);
          if (!moved) await import("./stored-run.ts").then((demo) => demo.writeRest(target, 3));
          moved = true;
          return image;
        };
      },
    }) as Store;
    const checkpoint = await checkpointOf(moving, "demo");
    expect(checkpoint).toMatchObject({ seq: 19, status: "completed", actors: [] });
  });
});

describe("artifacts", () => {
  it("are listed and fetched", async () => {
    const store = await demoStore();
    expect(await artifactsOf(store, "demo")).toMatchObject([{ artifact: "a1", name: "response.md", bytes: 8 }]);
    const { bytes } = await artifactBytes(store, "demo", "a1");
    expect(new TextDecoder().decode(bytes)).toBe("# built\n");
    expect(await codeOf(artifactBytes(store, "demo", "a2"))).toBe("artifact_not_found");
  });
});

describe("listRuns", () => {
  it("pages newest first, and tells when there is no more", async () => {
    const store = await demoStore();
    for (const id of ["r1", "r2", "r3"]) {
      const turn = creationOf(id);
      await writeTurns(store, id, [{ ...turn, create: { ...turn.create!, createdAtMs: Number(id[1]) * 1e12 } }]);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listRuns(store, { limit: 2, cursor });
      seen.push(...page.runs.map((run) => run.runId));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen.toSorted()).toEqual(["demo", "r1", "r2", "r3"]);
    expect(seen.indexOf("r3")).toBeLessThan(seen.indexOf("r1"));
    expect((await listRuns(store, { status: ["completed"] })).runs.map((run) => run.runId)).toEqual(["demo"]);
    expect((await listRuns(store, { labels: { team: "b" } })).runs).toEqual([]);
  });

  it("shows times in RFC 3339 and an unowned run as owned by null", async () => {
    const { owner: _, leaseUntilMs: __, ...unowned } = await findRun(await demoStore(2), "demo");
    expect(summariseRun(unowned)).toMatchObject({ createdAt: "2026-01-02T03:04:05.000Z", owner: null });
    expect(summariseRun(await findRun(await demoStore(2), "demo")).owner).toMatchObject({
      pid: 100,
      leaseUntil: "2026-01-02T03:04:20.000Z",
    });
  });
});

it("a list and a view agree on when a run was created, however long its first turn took to be stored", async () => {
  let nowMs = Date.parse("2026-01-01T00:00:00.000Z");
  // Time goes on at every look.
  const clock = { ...systemClock, now: () => nowMs++ };
  await using runtime = await createRuntime({ clock, handlers: { codergen: () => undefined } });
  const run = await runtime.start(
    "digraph g { start [shape=Mdiamond] a [prompt=a] exit [shape=Msquare] start -> a -> exit }",
  );
  const { createdAt } = await run.finished();
  const [row] = await runtime.store.read("run", { runId: run.id });
  expect(createdAt).toBe(summariseRun(row as RunRow).createdAt);
});

describe("a run that is not there", () => {
  it.each([
    ["viewOf", (store: Store) => viewOf(store, "nope")],
    ["contextOf", (store: Store) => contextOf(store, "nope")],
    ["checkpointOf", (store: Store) => checkpointOf(store, "nope")],
    ["artifactsOf", (store: Store) => artifactsOf(store, "nope")],
    ["graphOf", (store: Store) => graphOf(store, "nope")],
  ])("%s: run_not_found", async (_name, query) => {
    expect(await codeOf(query(await demoStore()))).toBe("run_not_found");
  });
});

describe("what is referred to and gone", () => {
  it("is store_corrupt, by name", async () => {
    const store = await demoStore(0);
    await writeTurns(store, "orphan", [creationOf("orphan", "digraph gone {}")]);
    await expect(graphOf(store, "orphan")).rejects.toMatchObject({ code: "store_corrupt" });
    await writeTurns(store, "orphan", [
      {
        entries: [entry("run.queued", {})],
        context: [{ scope: "main", key: "k", value: { blob: "0".repeat(64), bytes: 3 } }],
      },
    ]);
    await expect(contextOf(store, "orphan")).rejects.toMatchObject({ code: "store_corrupt" });
  });
});
