import { describe, expect, it } from "vitest";
import { chain, NOOP_TYPE } from "../../bench/pipelines.ts";
import { createRuntime } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { TurnWrite } from "../../src/persistence/store.ts";

/** The turns of a run of three stages, as they were handed to the store. */
async function turnsOfRun(): Promise<readonly TurnWrite[]> {
  const store = memoryStore();
  const turns: TurnWrite[] = [];
  const commit = store.commit.bind(store);
  store.commit = async (batch) => {
    turns.push(...batch);
    return commit(batch);
  };
  await using runtime = await createRuntime({ store, handlers: { [NOOP_TYPE]: () => undefined } });
  const run = await runtime.start(chain(3));
  expect((await run.finished()).status).toBe("completed");
  return turns;
}

describe("the turn of a stage", () => {
  it("names the run's row only where it changes: an empty patch once cost a page of the status index", async () => {
    const patches = (await turnsOfRun()).map(({ run }) => run);
    expect(patches.map((patch) => patch !== undefined)).toEqual([true, false, false, true]);
    for (const patch of patches) if (patch) expect(Object.keys(patch)).not.toEqual([]);
  });

  it("writes what it changes: three entries, two snapshots, a tombstone, two keys", async () => {
    const [, turn] = await turnsOfRun();
    expect(turn?.entries.map(({ type }) => type)).toEqual(["stage.succeeded", "edge.selected", "stage.started"]);
    expect(turn?.actors?.map((write) => ["ended" in write, write.actor])).toEqual([
      [true, "stage:main/n1@1"],
      [false, "branch:main"],
      [false, "stage:main/n2@1"],
    ]);
    expect(turn?.context?.map(({ scope, key }) => [scope, key])).toEqual([
      ["main", "outcome"],
      ["main", "last_stage"],
      ["@visits:main", "n2"],
    ]);
  });
});
