import { describe, expect, it } from "vitest";
import { collectBlobRefs } from "../../src/persistence/blob-refs.ts";
import type { Run, Runtime } from "../../src/runtime/api.ts";
import { createWorld, type World } from "./control-world.ts";

/** Three branches: one step; a foreach of three; a loop of two. */
const REGIONS = `digraph regions {
  start [shape=Mdiamond]
  fan [shape=component]
  one [prompt=one]
  each [shape=house, type=foreach, items="[\\"a\\",\\"b\\",\\"c\\"]", body=files, max_parallel=2]
  again [shape=house, type=loop, body=round, until="context.done=true", max_iterations=2, on_limit=succeed]
  subgraph files { file [prompt=file] }
  subgraph round { try [prompt=try] }
  join [shape=tripleoctagon]
  exit [shape=Msquare]
  start -> fan
  fan -> one -> join
  fan -> each -> join
  fan -> again -> join
  join -> exit
}`;

async function sound(runtime: Runtime, ...runs: readonly Run[]): Promise<void> {
  for (const run of runs) expect(await runtime.verify(run.id)).toMatchObject({ ok: true, problems: [] });
}

/** Where handlers are at work, of a run. */
const at = (world: World, runId: string) =>
  world
    .open()
    .filter(({ input }) => input.runId === runId)
    .map(({ input }) => input.stage);

async function endAll(world: World, runId: string, run: Run) {
  const finished = run.finished();
  let view: Awaited<typeof finished> | undefined;
  finished.then((value) => {
    view = value;
  });
  while (!view) {
    for (const call of world.open()) if (call.input.runId === runId) call.end();
    await world.clock.advance(25);
  }
  return view;
}

describe("a fork in the middle of regions", () => {
  it("does no ended branch or iteration again, and comes to the same results", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(REGIONS, { runId: "r" });
    (await world.call("one")).end();
    (await world.call("file")).end();
    (await world.call("try")).end();
    await world.rest();
    const open = ["main/fan@1/1/each@1/0/file@1", "main/fan@1/1/each@1/2/file@1", "main/fan@1/2/again@1/1/try@1"];
    expect(at(world, "r").toSorted()).toEqual(open);
    const fork = await runtime.fork(run.id, { runId: "f" });
    await world.rest();
    expect(at(world, "f").toSorted()).toEqual(open);
    await sound(runtime, run, fork);
    expect(await endAll(world, "f", fork)).toMatchObject({ status: "completed" });
    await sound(runtime, fork);
    expect(await endAll(world, "r", run)).toMatchObject({ status: "completed" });
    expect(world.calls.filter(({ input }) => input.runId === "f")).toHaveLength(3);
    const [left, right] = [await run.context(), await fork.context()];
    expect(right).toEqual(left);
    expect(right["parallel.fan.results"]).toHaveLength(3);
  });

  it("has the elements, indexes and frames of its iterations", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(REGIONS, { runId: "r" });
    (await world.call("file")).end();
    await world.rest();
    const fork = await runtime.fork(run.id, { runId: "f" });
    await world.rest();
    const path = "main/fan@1/1/each@1/2";
    expect(await fork.context({ branch: path })).toMatchObject({ "work.item": "c", "work.index": 2, "work.count": 3 });
    const frames = async (of: Run) => (await of.view()).branches.find((branch) => branch.path === path)?.frames;
    expect(await frames(fork)).toEqual(await frames(run));
    for (const of of [run, fork]) {
      await of.pause({ mode: "interrupt" });
      await world.rest();
      await of.continue({ context: { extra: of.id } });
      await world.rest();
      expect((await of.context({ branch: path }))["extra"]).toBe(of.id);
    }
    expect(await frames(fork)).toMatchObject([{ container: "each", iteration: 2, completed: 1 }]);
    const [left, right] = [await run.view(), await fork.view()];
    const live = ({ stages }: typeof left) =>
      stages.filter(({ endedAt }) => endedAt === undefined).map((row) => row.address);
    expect(live(right).toSorted()).toEqual(live(left).toSorted());
    expect(right.containers).toEqual(left.containers);
    expect(right.joins).toEqual(left.joins);
  });

  it("names the lists that it goes through, for those who look after content", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(REGIONS, { runId: "r" });
    await world.call("file");
    await runtime.fork(run.id, { runId: "f", drive: false });
    const image = await world.store.load("f");
    const [entered] = await runtime.entries("r", { types: ["container.entered"], stage: "main/fan@1/1/each@1" });
    const refs = collectBlobRefs(
      image as NonNullable<typeof image>,
      await world.store.read("journal", { runId: "f" }),
      [],
    );
    const data = entered?.data as { readonly items: { readonly hash: string } } | undefined;
    expect([...refs.keys()]).toContain(data?.items.hash);
  });

  it("taken while losers are being cancelled starts none of them, and keeps the decision", async () => {
    const source = `digraph race {
      start [shape=Mdiamond]
      fan [shape=component, join_policy=first_success]
      fast [prompt=fast]
      slow [prompt=slow, stubborn=true]
      join [shape=tripleoctagon]
      exit [shape=Msquare]
      start -> fan
      fan -> fast -> join
      fan -> slow -> join
      join -> exit
    }`;
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(source, { runId: "r" });
    await world.call("slow");
    (await world.call("fast")).end();
    await world.rest();
    expect((await run.view()).joins).toMatchObject([{ decision: "success", winners: ["main/fan@1/0"] }]);
    const fork = await runtime.fork(run.id, { runId: "f", drive: false });
    expect((await fork.view()).joins).toMatchObject([{ decision: "success", winners: ["main/fan@1/0"] }]);
    await runtime.resume("f");
    expect(await fork.finished()).toMatchObject({ status: "completed" });
    expect(world.calls.filter(({ input }) => input.runId === "f")).toEqual([]);
    await sound(runtime, run, fork);
    expect((await runtime.entries("f")).map(({ type }) => type)).toContain("branch.superseded");
    world.open()[0]?.end();
    expect(await run.finished()).toMatchObject({ status: "completed" });
    expect(await fork.context()).toEqual(await run.context());
  });

  it("of a fork counts on: what was ended before either is not done again", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(REGIONS, { runId: "r" });
    (await world.call("one")).end();
    await world.rest();
    await runtime.fork(run.id, { runId: "f" });
    await world.rest();
    (await world.call("file", "f")).end();
    await world.rest();
    const second = await runtime.fork("f", { runId: "g" });
    expect(await endAll(world, "g", second)).toMatchObject({ status: "completed" });
    await sound(runtime, second);
    const stages = world.calls.filter(({ input }) => input.runId === "g").map(({ input }) => input.stage);
    expect(stages.filter((stage) => stage.includes("/one@"))).toEqual([]);
    expect(stages.filter((stage) => stage.includes("/file@"))).toHaveLength(2);
    expect((await second.context())["parallel.fan.results"]).toHaveLength(3);
  });

  it("at the stage of a region does the whole region again", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(REGIONS, { runId: "r" });
    (await world.call("one")).end();
    await world.rest();
    const fork = await runtime.fork(run.id, { runId: "f", at: "main/fan@1" });
    expect(await endAll(world, "f", fork)).toMatchObject({ status: "completed" });
    expect(world.calls.filter(({ input }) => input.runId === "f")).toHaveLength(6);
    await sound(runtime, run, fork);
  });
});
