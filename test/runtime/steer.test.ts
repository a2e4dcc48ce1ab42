/** Steering: what is said to a run reaches the stages that start later, and no others. */
import { expect, it } from "vitest";
import { STEER_MESSAGE_CHARS_MAX } from "../../src/limits.ts";
import { entryOf, gate, openRuntime, perNode, pipeline } from "./fixtures.ts";

const CHAIN = pipeline("start -> first -> second -> exit");

async function heldAtFirst() {
  const [entered, go] = [gate(), gate()];
  const heard: Record<string, unknown> = {};
  const step = perNode({
    first: async ({ context }) => {
      heard["first"] = context.get("steer.message");
      entered.resolve();
      await go.promise;
    },
    second: ({ context }) => {
      heard["second"] = context.get("steer.message");
    },
  });
  const runtime = await openRuntime({ handlers: { step } });
  const run = await runtime.start(CHAIN, { runId: "r" });
  await entered.promise;
  return { runtime, run, heard, go };
}

it("a message reaches the stages that start later; the newest stands", async () => {
  const { runtime, run, heard, go } = await heldAtFirst();
  expect(await run.steer("left", { reason: "the map says so" })).toMatchObject({ accepted: true, changed: true });
  await run.steer("right");
  go.resolve();
  await run.finished();
  expect(heard).toEqual({ first: undefined, second: "right" });
  const said = await runtime.entries("r", { types: ["run.steered"] });
  expect(said.map(({ data }) => data)).toEqual([{ message: "left", reason: "the map says so" }, { message: "right" }]);
  expect(await runtime.verify("r")).toMatchObject({ problems: [] });
});

it("a paused run can be steered, and stays paused", async () => {
  const { run, heard, go } = await heldAtFirst();
  await run.pause();
  go.resolve();
  await run.settled("paused");
  expect(await run.steer("left")).toMatchObject({ accepted: true, before: "paused", after: "paused" });
  await run.continue();
  await run.finished();
  expect(heard["second"]).toBe("left");
});

it("a message of another process's command line finds a run that nobody drives", async () => {
  const { runtime, run, go } = await heldAtFirst();
  await run.pause();
  go.resolve();
  await run.settled("paused");
  await runtime.stop();
  const other = await openRuntime({ store: runtime.store });
  const steered = await other.get("r");
  expect(await steered.steer("left")).toMatchObject({ accepted: true, after: "paused" });
  expect(await steered.context()).toMatchObject({ "steer.message": "left" });
});

it("no message, and one that is too long, are refused", async () => {
  const { run, go } = await heldAtFirst();
  expect(await run.steer("")).toMatchObject({ accepted: false, code: "usage" });
  expect(await run.steer("x".repeat(STEER_MESSAGE_CHARS_MAX + 1))).toMatchObject({ accepted: false, code: "usage" });
  const steered = entryOf(run, "run.steered");
  expect(await run.steer("x".repeat(STEER_MESSAGE_CHARS_MAX))).toMatchObject({ accepted: true });
  await steered;
  go.resolve();
  await run.finished();
});
