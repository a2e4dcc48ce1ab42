/** Pause, continue and cancel go down to child runs and are awaited there. Source: 03 §2 (pause), §8. */
import { describe, expect, it } from "vitest";
import { CHILD, CHILD_ID, digraph, family, open, PARENT, STORES } from "./family.ts";

const NEST = (file: string) => digraph(`sub [type=pipeline, child="${file}"]\n start -> sub -> exit`);
const DEEP = { "one.dot": NEST("two.dot"), "two.dot": NEST("child.dot"), "child.dot": CHILD };
const IDS = ["p", "p~sub@1.0", "p~sub@1.0~sub@1.0", "p~sub@1.0~sub@1.0~sub@1.0"] as const;

describe.each(STORES)("a pause of the parent, over %s", (_name, store) => {
  it("is paused once nothing of the child is in flight, and goes on with it", async () => {
    const { world, start, until, status, finish, expectSound } = await family(undefined, { store: store() });
    const runtime = await open(world);
    const run = await start(runtime);
    const call = await world.call("work", CHILD_ID);
    expect(await run.pause({ reason: "lunch" })).toMatchObject({ accepted: true, after: "pausing" });
    await until(CHILD_ID, "pausing");
    await world.clock.advance(1_000);
    expect(await status("p"), "the child's stage is in flight").toBe("pausing");
    call.end();
    await until("p", "paused");
    expect(await status(CHILD_ID)).toBe("paused");
    const [paused] = await world.store.read("journal", { runId: CHILD_ID, types: ["run.pausing"] });
    expect(paused?.data).toMatchObject({ source: "inherited", reason: "lunch" });
    await world.clock.advance(60_000);
    expect([await status("p"), await status(CHILD_ID)]).toEqual(["paused", "paused"]);
    expect(world.open()).toEqual([]);
    await run.continue();
    await until(CHILD_ID, "completed");
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("that is withdrawn is withdrawn in the child, too", async () => {
    const { world, start, until, finish, expectSound } = await family(undefined, { store: store() });
    const run = await start(await open(world));
    await world.call("work", CHILD_ID);
    await run.pause();
    await until(CHILD_ID, "pausing");
    await run.continue();
    await until(CHILD_ID, "running");
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("an old answer to a pause that was withdrawn does not settle the next one", async () => {
    const { world, start, until, finish, expectSound } = await family(undefined, { store: store() });
    const run = await start(await open(world));
    const call = await world.call("work", CHILD_ID);
    // The child hears of all three at once, and answers to the first and the last.
    const asked = [run.pause(), run.continue(), run.pause()];
    for (const result of await Promise.all(asked)) expect(result).toMatchObject({ accepted: true });
    call.end();
    await until("p", "paused");
    expect((await world.store.read("run", { runId: CHILD_ID }))[0]?.status).toBe("paused");
    await run.continue();
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("interrupts the child's stage where it interrupts, which then runs again", async () => {
    const { world, start, until, finish, expectSound } = await family(undefined, { store: store() });
    const run = await start(await open(world));
    await world.call("work", CHILD_ID);
    await run.pause({ mode: "interrupt" });
    await until("p", "paused");
    expect(world.open()).toEqual([]);
    await run.continue();
    const again = await world.call("work", CHILD_ID);
    expect(again.input.execution).toBe("main/work@1#1.2");
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("its deadline holds for the child, too", async () => {
    const { world, start, until, expectSound, finish } = await family(undefined, { store: store() });
    const run = await start(await open(world));
    await world.call("work", CHILD_ID);
    await run.pause({ deadlineMs: 5_000 });
    await until("p", "paused");
    expect(await world.types(CHILD_ID)).toContain("pause.escalated");
    await run.continue();
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });
});

describe("two reasons to pause", () => {
  it("a child paused by itself leaves its parent running, which waits for it", async () => {
    const { world, start, until, view, status, finish, expectSound } = await family();
    const runtime = await open(world);
    await start(runtime);
    await world.call("work", CHILD_ID);
    const child = await runtime.get(CHILD_ID);
    await child.pause({ mode: "interrupt" });
    await until(CHILD_ID, "paused");
    await world.rest();
    expect(await view("p")).toMatchObject({
      status: "running",
      waitingOn: [{ kind: "child", id: CHILD_ID }],
      lineage: { children: [{ status: "paused" }] },
    });
    await child.continue();
    await world.call("work", CHILD_ID);
    await world.clock.advance(100);
    expect((await view("p")).lineage.children).toMatchObject([{ status: "running" }]);
    expect(await status("p")).toBe("running");
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("a child goes on when neither holds: its own is cleared by it, the inherited one by its parent", async () => {
    const { world, start, until, status, finish, expectSound } = await family();
    const runtime = await open(world);
    const run = await start(runtime);
    await world.call("work", CHILD_ID);
    const child = await runtime.get(CHILD_ID);
    await child.pause({ mode: "interrupt" });
    await until(CHILD_ID, "paused");
    await run.pause();
    await until("p", "paused");
    expect(await child.continue()).toMatchObject({ accepted: false, code: "parent_paused" });
    await run.continue();
    await until("p", "running");
    await world.clock.advance(1_000);
    expect(await status(CHILD_ID), "its own reason still holds").toBe("paused");
    expect(await child.continue()).toMatchObject({ accepted: true, after: "running" });
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("a child's own pause while its parent is paused holds after the parent has gone on", async () => {
    const { world, start, until, status, finish, expectSound } = await family();
    const runtime = await open(world);
    const run = await start(runtime);
    await world.call("work", CHILD_ID);
    await run.pause({ mode: "interrupt" });
    await until("p", "paused");
    const child = await runtime.get(CHILD_ID);
    expect(await child.pause()).toMatchObject({ accepted: true });
    await run.continue();
    await until("p", "running");
    await world.clock.advance(1_000);
    expect(await status(CHILD_ID)).toBe("paused");
    await child.continue();
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("a child that ends while its parent is paused is acted on when the parent goes on", async () => {
    const { world, start, until, status, expectSound } = await family();
    const runtime = await open(world);
    const run = await start(runtime);
    await world.call("work", CHILD_ID);
    await run.pause({ mode: "interrupt" });
    await until("p", "paused");
    await (await runtime.get(CHILD_ID)).cancel();
    await until(CHILD_ID, "cancelled");
    await world.clock.advance(1_000);
    expect(await status("p")).toBe("paused");
    expect(await world.types("p")).toContain("child.finished");
    expect(await world.types("p")).not.toContain("stage.failed");
    await run.continue();
    await until("p", "failed");
    await expectSound();
  });
});

describe.each(STORES)("a cancel of the parent, over %s", (_name, store) => {
  it("cancels the child and awaits it, and is nobody's failure", async () => {
    const { world, start, until, expectSound } = await family(undefined, { store: store() });
    const run = await start(await open(world));
    const call = await world.call("work", CHILD_ID);
    await run.cancel({ reason: "wrong branch" });
    await until("p", "cancelled");
    expect((await world.store.read("run", { runId: CHILD_ID }))[0]?.status).toBe("cancelled");
    expect(call.input.signal.aborted).toBe(true);
    expect(await world.types("p")).not.toContain("stage.failed");
    const [asked] = await world.store.read("journal", { runId: CHILD_ID, types: ["run.cancelling"] });
    expect(asked?.data).toMatchObject({ reason: "wrong branch" });
    await expectSound();
  });

  it("reaches a paused child", async () => {
    const { world, start, until, expectSound } = await family(undefined, { store: store() });
    const run = await start(await open(world));
    await world.call("work", CHILD_ID);
    await run.pause({ mode: "interrupt" });
    await until("p", "paused");
    await run.cancel();
    await until("p", "cancelled");
    expect((await world.store.read("run", { runId: CHILD_ID }))[0]?.status).toBe("cancelled");
    await expectSound();
  });

  it("with force ends the grace of the child's work, too", async () => {
    const stubborn = CHILD.replace('prompt="work"', 'prompt="work", stubborn=true');
    const { world, start, until, status } = await family({ "child.dot": stubborn }, { store: store() });
    const run = await start(await open(world));
    await world.call("work", CHILD_ID);
    await run.cancel({ graceMs: 3_600_000 });
    await until(CHILD_ID, "cancelling");
    await world.clock.advance(60_000);
    expect(await status("p")).toBe("cancelling");
    await run.cancel({ force: true });
    await until("p", "cancelled");
    expect(await status(CHILD_ID)).toBe("cancelled");
  });
});

describe("a family of four", () => {
  it("pauses, goes on and is cancelled as one", async () => {
    const { world, start, until, status, expectSound } = await family(DEEP, { parent: NEST("one.dot") });
    const run = await start(await open(world));
    await world.call("work", IDS[3]);
    await run.pause({ mode: "interrupt" });
    await until("p", "paused");
    for (const id of IDS) expect(await status(id), id).toBe("paused");
    await run.continue();
    await world.call("work", IDS[3]);
    for (const id of IDS) expect(await status(id), id).toBe("running");
    await run.cancel();
    await until("p", "cancelled");
    for (const id of IDS) expect(await status(id), id).toBe("cancelled");
    await expectSound();
  });

  it("one in the middle that is paused by itself takes along what is below it, not what is above", async () => {
    const { world, start, until, status, finish, expectSound } = await family(DEEP, { parent: NEST("one.dot") });
    const runtime = await open(world);
    await start(runtime);
    await world.call("work", IDS[3]);
    const middle = await runtime.get(IDS[1]);
    await middle.pause({ mode: "interrupt" });
    await until(IDS[1], "paused");
    expect(await Promise.all(IDS.map(status))).toEqual(["running", "paused", "paused", "paused"]);
    await middle.continue();
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });
});

describe("a part of the parent", () => {
  const FAN = digraph(`fan [shape=component, join_policy=first_success]
    left [type=pipeline, child="child.dot"]
    right [type=pipeline, child="child.dot"]
    meet [prompt="meet"]
    start -> fan
    fan -> left -> meet
    fan -> right -> meet
    meet -> exit`);
  const [LEFT, RIGHT] = ["p~fan@1.0.left@1.0", "p~fan@1.1.right@1.0"] as const;

  it("a loser of a join takes its child along, which is awaited", async () => {
    const { world, start, until, status, finish, expectSound } = await family(undefined, { parent: FAN });
    await start(await open(world));
    const loser = await world.call("work", RIGHT);
    (await world.call("work", LEFT)).end();
    await until(RIGHT, "cancelled");
    expect(loser.input.signal.aborted).toBe(true);
    expect(await finish("p")).toBe("completed");
    expect(await status(LEFT)).toBe("completed");
    await expectSound();
  });

  it("a branch that is cancelled takes its child along", async () => {
    const { world, start, until, finish, expectSound } = await family(undefined, { parent: FAN });
    const run = await start(await open(world));
    await world.call("work", LEFT);
    await world.call("work", RIGHT);
    await run.cancel({ branch: "main/fan@1/1" });
    await until(RIGHT, "cancelled");
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });
});

describe("starting over", () => {
  const AGAIN = digraph(`work [prompt="work"]
    start -> work
    work -> work [condition="outcome=again", loop_restart=true]
    work -> exit [condition="outcome!=again"]`);

  it("the parent waits for the newest of the chain, whatever befalls it meanwhile", async () => {
    const { world, start, until, status, finish, view, expectSound } = await family({ "child.dot": AGAIN });
    const run = await start(await open(world));
    (await world.call("work", CHILD_ID)).end("again");
    await world.call("work", `${CHILD_ID}~r1`);
    expect((await view("p")).waitingOn).toMatchObject([{ kind: "child", id: `${CHILD_ID}~r1` }]);
    await run.pause();
    await until(`${CHILD_ID}~r1`, "pausing");
    (await world.call("work", `${CHILD_ID}~r1`)).end("again");
    await until("p", "paused");
    await run.continue();
    await world.call("work", `${CHILD_ID}~r2`);
    expect(await finish("p")).toBe("completed");
    expect(await status(`${CHILD_ID}~r2`)).toBe("completed");
    expect((await world.store.read("run", { runId: `${CHILD_ID}~r2` }))[0]).toMatchObject({ parentRun: "p" });
    await expectSound();
  });
});

it("a parent that is paused before it begins starts no child", async () => {
  const { world, start, status, until, finish } = await family(undefined, { parent: PARENT });
  const runtime = await open(world, { maxConcurrentRuns: 1 });
  await runtime.start(CHILD, { runId: "other" });
  const run = await start(runtime);
  await run.pause();
  await until("p", "paused");
  (await world.call("work", "other")).end();
  await world.clock.advance(1_000);
  expect(await status(CHILD_ID)).toBe("none");
  await run.continue();
  expect(await finish("p")).toBe("completed");
});
