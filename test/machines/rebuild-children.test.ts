/** Checkpoints of parents, made anew from their journals after every turn of a real driver. Source: 03 §8, §9. */
import { expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Run } from "../../src/runtime/api.ts";
import { CHILD, CHILD_ID, digraph, type Family, family, open } from "../runtime/family.ts";
import { rebuiltStore } from "./rebuilt-store.ts";

interface Scene extends Family {
  readonly run: Run;
  readonly child: () => Promise<Run>;
}

async function playScene(
  files: { readonly parent?: string; readonly child?: string },
  play: (scene: Scene) => Promise<unknown>,
) {
  const probe = rebuiltStore(memoryStore());
  const { parent } = files;
  const options = { store: probe.store, ...(parent === undefined ? {} : { parent }) };
  const members = await family({ "child.dot": files.child ?? CHILD }, options);
  const runtime = await open(members.world);
  const run = await members.start(runtime);
  await play({ ...members, run, child: () => runtime.get(CHILD_ID) });
  expect(probe.problems).toEqual([]);
  return probe.places;
}

it.each(["drain", "interrupt"] as const)("of a child run that takes a pause by %s, and goes on", async (mode) => {
  const places = await playScene({}, async ({ world, run, until, finish }) => {
    await world.call("work", CHILD_ID);
    await run.pause({ mode });
    await until(CHILD_ID, mode === "drain" ? "pausing" : "paused");
    for (const call of world.open()) call.end();
    await until("p", "paused");
    await run.continue();
    await finish("p");
  });
  expect([...places]).toEqual(
    expect.arrayContaining(["stage running/attending", "stage pausing/attending", "stage paused/attending"]),
  );
});

it("of a child run that is paused by itself, and ends while its parent is paused", async () => {
  const places = await playScene({}, async ({ world, run, child, until, finish }) => {
    await world.call("work", CHILD_ID);
    await (await child()).pause({ mode: "interrupt" });
    await until(CHILD_ID, "paused");
    await world.clock.advance(100);
    await (await child()).continue();
    await world.call("work", CHILD_ID);
    await run.pause({ mode: "interrupt" });
    await until("p", "paused");
    await (await child()).cancel();
    await until(CHILD_ID, "cancelled");
    await world.clock.advance(1_000);
    await run.continue();
    await finish("p");
  });
  expect([...places]).toContain("stage paused/answered");
});

it("of a child run that is cancelled with its parent", async () => {
  const stubborn = CHILD.replace('prompt="work"', 'prompt="work", stubborn=true');
  const places = await playScene({ child: stubborn }, async ({ world, run, until, finish }) => {
    await world.call("work", CHILD_ID);
    await run.cancel({ graceMs: 3_600_000 });
    await until(CHILD_ID, "cancelling");
    await world.clock.advance(100);
    await finish("p");
  });
  expect([...places]).toContain("stage cancelling/dismissing");
});

it("of a child run that is started over", async () => {
  const again = digraph(`work [prompt="work"]
    start -> work
    work -> exit [condition="outcome=done"]
    work -> work [condition="outcome=success", loop_restart=true]`);
  await playScene({ child: again }, async ({ world, until }) => {
    (await world.call("work", CHILD_ID)).end();
    (await world.call("work", `${CHILD_ID}~r1`)).end("done");
    (await world.call("after")).end();
    await until("p", "completed");
  });
});

it("of a supervisor that looks at its child, speaks to it, is paused, and dismisses it", async () => {
  const parent = digraph(`sub [type="stack.manager_loop", child="child.dot", prompt="cycle \${stack.child.cycle}",
      "manager.poll_interval"="10s", "manager.max_cycles"=3, "manager.actions"="observe,steer,wait"]
    after [prompt="after"]
    start -> sub
    sub -> after [condition="outcome=fail"]
    sub -> exit
    after -> exit`);
  const stubborn = CHILD.replace('prompt="work"', 'prompt="work", stubborn=true');
  const places = await playScene({ parent, child: stubborn }, async ({ world, run, until, finish }) => {
    const call = await world.call("work", CHILD_ID);
    await world.clock.advance(15_000);
    await run.pause();
    await until(CHILD_ID, "pausing");
    await run.continue();
    await until("p", "running");
    await world.clock.advance(20_000);
    call.end();
    await finish("p");
  });
  expect([...places]).toEqual(expect.arrayContaining(["stage running/attending", "stage running/dismissing"]));
});

it("of child runs in branches and iterations", async () => {
  const parent = digraph(`fan [shape=component]
    sub [type=pipeline, child="child.dot"]
    each [type=foreach, items="[1, 2]", body=one, max_parallel=2]
    subgraph one { inner [type=pipeline, child="child.dot"] }
    join [shape=tripleoctagon]
    start -> fan
    fan -> sub -> join
    fan -> each -> join
    join -> exit`);
  await playScene({ parent }, async ({ world, run, until, finish }) => {
    await world.call("work");
    await world.clock.advance(100);
    await run.pause({ mode: "interrupt" });
    await until("p", "paused");
    await run.continue();
    await world.clock.advance(100);
    await finish("p");
  });
});
