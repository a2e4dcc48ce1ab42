/** Forks in families: a fork opens its own children anew, and a fork of a child has no parent. */
import { expect, it } from "vitest";
import { CHILD_ID, family, open } from "./family.ts";

it("a fork of a parent starts its own child where one was waited for", async () => {
  const { world, start, status, finish, view, expectSound } = await family();
  const runtime = await open(world);
  await start(runtime);
  await world.call("work", CHILD_ID);
  await runtime.fork("p", { runId: "f" });
  await world.call("work", "f~sub@1.0");
  expect((await view("f")).lineage).toMatchObject({ parentRun: "p", children: [{ runId: "f~sub@1.0" }] });
  expect(await finish("f")).toBe("completed");
  expect(await finish("p")).toBe("completed");
  expect([await status(CHILD_ID), await status("f~sub@1.0")]).toEqual(["completed", "completed"]);
  await expectSound();
});

it("a fork of a cancelled parent goes on from before the cancel", async () => {
  const { world, start, until, finish, expectSound } = await family();
  const runtime = await open(world);
  const run = await start(runtime);
  await world.call("work", CHILD_ID);
  await run.cancel();
  await until("p", "cancelled");
  await runtime.fork("p", { runId: "f" });
  await world.call("work", "f~sub@1.0");
  expect(await finish("f")).toBe("completed");
  await expectSound();
});

it("a fork of a child tells no parent anything", async () => {
  const { world, start, until, finish, status, expectSound } = await family();
  const runtime = await open(world);
  await start(runtime);
  await world.call("work", CHILD_ID);
  await runtime.fork(CHILD_ID, { runId: "f" });
  (await world.call("work", "f")).end("fail");
  await until("f", "failed");
  await world.clock.advance(1_000);
  expect(await status("p")).toBe("running");
  expect(await finish("p")).toBe("completed");
  await expectSound();
});

it("a fork of a failed parent, after a child that failed, starts that child anew", async () => {
  const { world, start, until, finish, expectSound } = await family();
  const runtime = await open(world);
  await start(runtime);
  (await world.call("work", CHILD_ID)).end("fail");
  await until("p", "failed");
  await runtime.fork("p", { runId: "f" });
  await world.call("work", "f~sub@1.0");
  expect(await finish("f")).toBe("completed");
  await expectSound();
});
