/** The supervisor node: it looks at its child, says something to it, and knows when it is enough. Source: 03 §8. */
import { describe, expect, it } from "vitest";
import { CHILD, CHILD_ID, digraph, family, open, STORES } from "./family.ts";

const managed = (attributes: string, more = "") =>
  digraph(`sub [type="stack.manager_loop", child="child.dot", ${attributes}]
    start -> sub -> exit ${more}`);
const TWO_STEPS = digraph(`work [prompt="work"]
  more [prompt="more"]
  start -> work -> more -> exit`);

describe.each(STORES)("a supervisor, over %s", (_name, store) => {
  it("looks at its child every interval, and comes to what it comes to", async () => {
    const parent = managed('"manager.poll_interval"="10s"');
    const made = await family({ "child.dot": TWO_STEPS }, { parent, store: store() });
    const { world, start, finish, view, expectSound } = made;
    const run = await start(await open(world));
    await world.call("work", CHILD_ID);
    expect((await view("p")).waitingOn).toMatchObject([
      { kind: "timer", id: "main/sub@1:poll" },
      { kind: "child", id: CHILD_ID },
    ]);
    await world.clock.advance(10_000);
    expect(await run.context()).toMatchObject({
      "stack.child.id": CHILD_ID,
      "stack.child.status": "running",
      "stack.child.outcome": "",
      "stack.child.stage": "main/work@1",
      "stack.child.cycle": 1,
    });
    (await world.call("work", CHILD_ID)).end();
    await world.call("more", CHILD_ID);
    await world.clock.advance(20_000);
    expect(await run.context()).toMatchObject({ "stack.child.stage": "main/more@1", "stack.child.cycle": 3 });
    expect(await finish("p")).toBe("completed");
    expect(await run.context()).toMatchObject({ "stack.child.status": "completed", "stack.child.outcome": "success" });
    await world.clock.advance(60_000);
    const looks = await world.store.read("journal", { runId: "p", types: ["child.observed"] });
    expect(looks.length).toBe(3);
    await expectSound();
  });

  it("stops when its condition holds: the child is cancelled and awaited, and that is a success", async () => {
    const parent = managed(`"manager.poll_interval"="1s", "manager.stop_condition"="stack.child.stage=main/more@1"`);
    const made = await family({ "child.dot": TWO_STEPS }, { parent, store: store() });
    const { world, start, until, status, expectSound } = made;
    await start(await open(world));
    (await world.call("work", CHILD_ID)).end();
    const cut = await world.call("more", CHILD_ID);
    await until("p", "completed");
    expect(await status(CHILD_ID)).toBe("cancelled");
    expect(cut.input.signal.aborted).toBe(true);
    const [ended] = await world.store.read("journal", { runId: "p", stage: "main/sub@1", types: ["stage.succeeded"] });
    expect(ended?.data).toMatchObject({
      outcome: { status: "success", notes: expect.stringMatching(/stop condition/) },
    });
    await expectSound();
  });

  it("gives up after so many looks: max_cycles", async () => {
    const parent = managed('"manager.poll_interval"="1s", "manager.max_cycles"=3');
    const { world, start, until, status, view, expectSound } = await family(undefined, { parent, store: store() });
    await start(await open(world));
    await world.call("work", CHILD_ID);
    await until("p", "failed");
    expect(await status(CHILD_ID)).toBe("cancelled");
    const [failed] = await world.store.read("journal", { runId: "p", types: ["stage.failed"] });
    expect(failed?.data).toMatchObject({ code: "max_cycles" });
    expect((await view("p")).failure?.message).toMatch(/looked at 3 times/);
    await expectSound();
  });

  it("says its prompt to the child whenever it has changed, and the child's later stages hear it", async () => {
    const parent = managed(
      `"manager.poll_interval"="1s", "manager.actions"="observe,steer", prompt="you are at \${stack.child.stage}"`,
    );
    const made = await family({ "child.dot": TWO_STEPS }, { parent, store: store() });
    const { world, start, finish, expectSound } = made;
    await start(await open(world));
    const first = await world.call("work", CHILD_ID);
    await world.clock.advance(5_000);
    first.end();
    const second = await world.call("more", CHILD_ID);
    expect(second.input.context.get("steer.message")).toBe("you are at main/work@1");
    await world.clock.advance(5_000);
    expect(await finish("p")).toBe("completed");
    const said = await world.store.read("journal", { runId: "p", types: ["child.steered"] });
    expect(said.map(({ data }) => data)).toMatchObject([
      { child: CHILD_ID, message: "you are at main/work@1" },
      { child: CHILD_ID, message: "you are at main/more@1" },
    ]);
    const heard = await world.store.read("journal", { runId: CHILD_ID, types: ["run.steered"] });
    expect(heard.map(({ data }) => data)).toMatchObject([
      { message: "you are at main/work@1" },
      { message: "you are at main/more@1" },
    ]);
    await expectSound();
  });
});

describe("a supervisor whose run is paused", () => {
  it("does not look, and goes on with the time that was left", async () => {
    const parent = managed('"manager.poll_interval"="10s"');
    const { world, start, until, finish, expectSound } = await family(undefined, { parent });
    const run = await start(await open(world));
    await world.call("work", CHILD_ID);
    await world.clock.advance(4_000);
    await run.pause({ mode: "interrupt" });
    await until("p", "paused");
    const before = await world.store.read("journal", { runId: "p" });
    await world.clock.advance(600_000);
    expect((await world.store.read("journal", { runId: "p" })).length, "a log is not filled by polling").toBe(
      before.length,
    );
    await run.continue();
    await world.call("work", CHILD_ID);
    await world.clock.advance(5_000);
    expect(await world.types("p")).not.toContain("child.observed");
    await world.clock.advance(2_000);
    expect(await world.types("p")).toContain("child.observed");
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("while its child is being dismissed, is paused once that has ended, and comes to it when it goes on", async () => {
    const stubborn = CHILD.replace('prompt="work"', 'prompt="work", stubborn=true');
    const parent = managed('"manager.poll_interval"="1s", "manager.stop_condition"="stack.child.cycle=2"');
    const made = await family({ "child.dot": stubborn }, { parent });
    const { world, start, until, status, expectSound } = made;
    const run = await start(await open(world, { abortGraceMs: 3_600_000 }));
    const call = await world.call("work", CHILD_ID);
    await until(CHILD_ID, "cancelling");
    await run.pause();
    await world.clock.advance(10_000);
    expect(await status("p")).toBe("pausing");
    call.end();
    await until("p", "paused");
    await run.continue();
    await until("p", "completed");
    await expectSound();
  });
});

describe("a supervisor and a crash", () => {
  it("goes on looking where it was, and remembers what it said", async () => {
    const parent = managed(`"manager.poll_interval"="10s", "manager.actions"="observe steer", prompt="hurry up"`);
    const { world, start, finish, expectSound } = await family(undefined, { parent });
    const { runtime, die } = await world.mortal();
    await start(runtime);
    await world.call("work", CHILD_ID);
    await world.clock.advance(21_000);
    die();
    const next = await open(world);
    const run = await next.resume("p");
    await world.call("work", CHILD_ID);
    await world.clock.advance(10_000);
    expect((await run.context())["stack.child.cycle"]).toBe(3);
    expect((await world.store.read("journal", { runId: "p", types: ["child.steered"] })).length).toBe(1);
    expect(await finish("p")).toBe("completed");
    await expectSound();
  });

  it("a dismissal is not forgotten: the child ends cancelled, the stage comes to what was decided", async () => {
    const parent = managed('"manager.poll_interval"="1s", "manager.max_cycles"=1');
    const stubborn = CHILD.replace('prompt="work"', 'prompt="work", stubborn=true');
    const { world, start, until, status, expectSound } = await family({ "child.dot": stubborn }, { parent });
    const { runtime, die } = await world.mortal({ abortGraceMs: 3_600_000 });
    await start(runtime);
    await world.call("work", CHILD_ID);
    await until(CHILD_ID, "cancelling");
    die();
    await (await open(world)).resume("p");
    await until("p", "failed");
    expect(await status(CHILD_ID)).toBe("cancelled");
    const [failed] = await world.store.read("journal", { runId: "p", types: ["stage.failed"] });
    expect(failed?.data).toMatchObject({ code: "max_cycles" });
    await expectSound();
  });
});

it("a cancel of the parent while it supervises cancels the child", async () => {
  const parent = managed('"manager.poll_interval"="10s"');
  const { world, start, until, status, expectSound } = await family(undefined, { parent });
  const run = await start(await open(world));
  await world.call("work", CHILD_ID);
  await run.cancel();
  await until("p", "cancelled");
  expect(await status(CHILD_ID)).toBe("cancelled");
  await expectSound();
});
