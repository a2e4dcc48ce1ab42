/** Checkpoints of runs of which a part was cancelled, made anew from their journals after every turn. Source: 03 §2, §9. */
import { expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Run } from "../../src/runtime/api.ts";
import { createWorld, type World } from "../runtime/control-world.ts";
import { rebuiltStore } from "./rebuilt-store.ts";

/** A fan-out of a step and a foreach that asks; whatever is stubborn goes on when it is asked to stop. */
const source = ({ stubborn, failure }: { readonly stubborn: boolean; readonly failure: "stop" | "continue" }) => `
  digraph parts {
    start [shape=Mdiamond]
    fan [shape=component]
    one [prompt=one, stubborn=${stubborn}]
    each [type=foreach, items="[1, 2, 3, 4]", body=body, max_parallel=2, on_item_failure=${failure}]
    subgraph body { ask [shape=hexagon, label="?"]; file [prompt=file, stubborn=${stubborn}]; ask -> file [label=Yes] }
    after [prompt=after]
    join [shape=tripleoctagon]
    exit [shape=Msquare]
    start -> fan
    fan -> one -> join
    fan -> each -> after -> join
    each -> after [condition="outcome=fail"]
    join -> exit
  }`;

const EACH = "main/fan@1/1/each@1";
const parts = ["main/fan@1/0", "main/fan@1/1", "main/fan@1", EACH, `${EACH}/0`];
const cases = parts.flatMap((part) =>
  [true, false].flatMap((stubborn) =>
    [true, false].flatMap((isPaused) =>
      (["stop", "continue"] as const).map((failure) => ({ part, stubborn, isPaused, failure })),
    ),
  ),
);

it.each(cases)("of $part, stubborn $stubborn, paused $isPaused, $failure", async ({ part, isPaused, ...kind }) => {
  const probe = rebuiltStore(memoryStore());
  const world = createWorld(probe.store);
  const runtime = await world.runtime();
  const run = await runtime.start(source(kind), { runId: "r" });
  await world.rest();
  // One is at work, another one waits for its answer: that one ends in the very turn of the cancel.
  await run.answer(`${EACH}/0/ask@1`, "Yes");
  await world.call("file");
  if (isPaused) await run.pause();
  expect(await run.cancel({ branch: part, reason: "not this" })).toMatchObject({ accepted: true });
  await world.rest();
  if (isPaused) await run.continue();
  await endAll(world, run);
  expect(probe.problems).toEqual([]);
  expect((await runtime.verify("r")).problems).toEqual([]);
  await world.clock.runUntil(runtime.stop({ graceMs: 0 }));
});

/** Nothing holds it up but what it waits for. */
async function endAll(world: World, run: Run): Promise<void> {
  let isOver = false;
  run.finished().then(() => {
    isOver = true;
  });
  for (let tries = 0; !isOver && tries < 400; tries += 1) {
    for (const call of world.open()) call.end();
    for (const { gate } of await run.questions()) await run.answer(gate, "Yes");
    await world.clock.advance(25);
  }
  expect(isOver).toBe(true);
}
