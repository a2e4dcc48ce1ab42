import { expect, it } from "vitest";
import { CHILD, CHILD_ID, digraph, family, open } from "./family.ts";

it("a fork of a run that waits for a child has a child of its own", async () => {
  const { world, start, view, finish, expectSound } = await family();
  const runtime = await open(world);
  const run = await start(runtime);
  await world.call("work", CHILD_ID);
  await runtime.fork(run.id, { runId: "f" });
  await world.call("work", "f~sub@1.0");
  expect((await view("f")).waitingOn).toEqual([{ kind: "child", id: "f~sub@1.0", stage: "main/sub@1" }]);
  expect(await finish("f")).toBe("completed");
  expect(await finish("p")).toBe("completed");
  await expectSound();
});

it("a fork of a run that has had its child's end goes on from it", async () => {
  const { world, start, until, finish, expectSound } = await family();
  const runtime = await open(world);
  const run = await start(runtime);
  (await world.call("work", CHILD_ID)).end();
  await world.call("after", "p");
  await runtime.fork(run.id, { runId: "f" });
  await world.call("after", "f");
  expect(await finish("f")).toBe("completed");
  expect(await finish("p")).toBe("completed");
  expect((await world.store.read("runs", {})).map(({ runId }) => runId).toSorted()).toEqual(["f", "p", CHILD_ID]);
  await until("f", "completed");
  await expectSound();
});

it("a supervisor in a fork looks at the child of its own, from the beginning", async () => {
  const parent = digraph(`sub [type="stack.manager_loop", child="child.dot", "manager.poll_interval"="10s"]
    start -> sub -> exit`);
  const { world, start, finish, expectSound } = await family({ "child.dot": CHILD }, { parent });
  const runtime = await open(world);
  const run = await start(runtime);
  await world.call("work", CHILD_ID);
  await world.clock.advance(15_000);
  await runtime.fork(run.id, { runId: "f" });
  await world.call("work", "f~sub@1.0");
  await world.clock.advance(10_000);
  const seen = await runtime.entries("f", { types: ["child.observed"] });
  expect(seen.map(({ data }) => data)).toMatchObject([{ child: "f~sub@1.0", cycle: 1 }]);
  expect(await finish("f")).toBe("completed");
  expect(await finish("p")).toBe("completed");
  await expectSound();
});
