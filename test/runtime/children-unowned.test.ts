/** Child runs over deaths and other processes: who takes whom up, and commands for a family that nobody drives. */
import { describe, expect, it } from "vitest";
import { CHILD, CHILD_ID, digraph, family, open, STORES } from "./family.ts";

const NEST = (file: string) => digraph(`sub [type=pipeline, child="${file}"]\n start -> sub -> exit`);
const TWO = { "one.dot": NEST("child.dot"), "child.dot": CHILD };
const IDS = ["p", "p~sub@1.0", "p~sub@1.0~sub@1.0"] as const;

describe.each(STORES)("a family whose process has died, over %s", (_name, store) => {
  async function orphaned() {
    const made = await family(TWO, { parent: NEST("one.dot"), store: store() });
    const { runtime, die } = await made.world.mortal();
    await made.start(runtime);
    await made.world.call("work", IDS[2]);
    die();
    return made;
  }

  it("is taken up whole with the parent, and ends as if nothing had happened", async () => {
    const { world, status, finish, expectSound } = await orphaned();
    const runtime = await open(world);
    await runtime.resume("p");
    await world.call("work", IDS[2]);
    for (const id of IDS) expect(await status(id), id).toBe("running");
    expect(await finish("p")).toBe("completed");
    for (const id of IDS) expect(await status(id), id).toBe("completed");
    await expectSound();
  });

  it("a child that was taken up alone tells its parent when that is taken up", async () => {
    const { world, status, until, finish, expectSound } = await orphaned();
    const runtime = await open(world);
    await runtime.resume(IDS[1]);
    (await world.call("work", IDS[2])).end();
    await until(IDS[1], "completed");
    expect(await status("p")).toBe("running");
    await runtime.resume("p");
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("a pause is applied to all of it by who gives it, and holds when it is taken up", async () => {
    const { world, status, finish, until, expectSound } = await orphaned();
    const runtime = await open(world);
    const run = await runtime.get("p");
    expect(await world.clock.runUntil(run.pause())).toMatchObject({ accepted: true });
    expect(await Promise.all(IDS.map(status))).toEqual(["paused", "paused", "paused"]);
    for (const { owner } of await world.store.read("runs", {})) expect(owner).toBeUndefined();
    await runtime.resume("p");
    await world.clock.advance(1_000);
    expect(await Promise.all(IDS.map(status))).toEqual(["paused", "paused", "paused"]);
    expect(world.open()).toEqual([]);
    await run.continue();
    await until(IDS[2], "running");
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("a cancel is applied to all of it by who gives it", async () => {
    const { world, status, expectSound } = await orphaned();
    const run = await (await open(world)).get("p");
    expect(await world.clock.runUntil(run.cancel())).toMatchObject({ accepted: true });
    expect(await Promise.all(IDS.map(status))).toEqual(["cancelled", "cancelled", "cancelled"]);
    await expectSound();
  });

  it("a cancel of the innermost fails those above it when they are taken up", async () => {
    const { world, status, until, expectSound } = await orphaned();
    const runtime = await open(world);
    const child = await runtime.get(IDS[2]);
    expect(await world.clock.runUntil(child.cancel())).toMatchObject({ accepted: true, after: "cancelled" });
    expect(await status("p")).toBe("running");
    await runtime.resume("p");
    await until("p", "failed");
    expect(await status(IDS[1])).toBe("failed");
    await expectSound();
  });
});

it("a parent and its child may be driven by two processes: pause, continue and news find their way", async () => {
  const { world, start, status, until, finish, expectSound } = await family();
  const { runtime: first, die } = await world.mortal();
  await start(first);
  await world.call("work", CHILD_ID);
  die();
  const second = await open(world);
  await second.resume(CHILD_ID);
  await world.call("work", CHILD_ID);
  const third = await open(world);
  await third.resume("p");
  await world.rest();
  const run = await third.get("p");
  await run.pause({ mode: "interrupt" });
  await until("p", "paused");
  expect(await status(CHILD_ID)).toBe("paused");
  await run.continue();
  await world.call("work", CHILD_ID);
  expect(await finish("p")).toBe("completed");
  await expectSound();
});

it("a child that nobody drives any more is taken up by whoever drives its parent", async () => {
  const { world, start, finish, expectSound } = await family();
  const { runtime: first, die } = await world.mortal();
  await start(first);
  await world.call("work", CHILD_ID);
  die();
  const { runtime: second, die: dieToo } = await world.mortal();
  await second.resume(CHILD_ID);
  await world.call("work", CHILD_ID);
  const third = await open(world);
  await third.resume("p");
  dieToo();
  // It comes to know it when the lease is over.
  await world.clock.advance(30_000);
  await world.call("work", CHILD_ID);
  expect(await finish("p")).toBe("completed");
  await expectSound();
});

it("commands for many runs go to parents: a child has what its parent is told", async () => {
  const { world, start, status, until, finish } = await family();
  const runtime = await open(world);
  await start(runtime, { labels: { team: "search" } });
  await world.call("work", CHILD_ID);
  const paused = await runtime.control({ labels: { team: "search" } }, "pause", { mode: "interrupt" });
  expect(paused.map(({ runId }) => runId)).toEqual(["p"]);
  await until("p", "paused");
  const continued = await runtime.control({ all: true }, "continue");
  expect(continued.map(({ accepted }) => accepted)).toEqual([true]);
  await until(CHILD_ID, "running");
  expect(await status("p")).toBe("running");
  expect(await finish("p")).toBe("completed");
});
