import { describe, expect, it } from "vitest";
import { activeStates } from "../../src/inspect/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";

const owner = { host: "here", bootId: "boot", pid: 1, processStart: "1" };

async function storeWith(actors: readonly { actor: string; snapshot: string }[]) {
  const store = memoryStore();
  const [result] = await store.commit([
    {
      runId: "r1",
      token: 1,
      baseSeq: 0,
      atMs: 1,
      create: {
        runId: "r1",
        status: "running",
        pipelineName: "p",
        pipelineHash: "h",
        labels: {},
        inputs: {},
        createdAtMs: 1,
        owner,
        leaseUntilMs: 100,
      },
      entries: [{ type: "run.started", data: {} }],
      actors: actors.map((each) => ({ ...each, machine: "m@1/xstate@5.33.3" })),
    },
  ]);
  expect(result).toMatchObject({ ok: true });
  return store;
}

describe("activeStates", () => {
  it("says where every live actor is", async () => {
    const store = await storeWith([
      {
        actor: "run:r1",
        snapshot: JSON.stringify({ value: { control: "running", execution: "active" }, context: {} }),
      },
      {
        actor: "stage:main/a@1",
        snapshot: JSON.stringify({ value: { control: "paused", work: { deep: "one" } }, context: {} }),
      },
      { actor: "branch:main", snapshot: JSON.stringify({ value: "waiting", context: {} }) },
    ]);
    const found = await activeStates(store, "r1");
    expect(Object.fromEntries(found.map((each) => [each.actor, [each.chart, each.seq, each.states]]))).toEqual({
      "run:r1": ["run", 1, ["control.running", "execution.active"]],
      "stage:main/a@1": ["stage", 1, ["control.paused", "work.deep.one"]],
      "branch:main": ["branch", 1, ["waiting"]],
    });
    expect(found[0]?.machine).toBe("m@1/xstate@5.33.3");
  });

  it("is empty for a run without live actors", async () => {
    expect(await activeStates(await storeWith([]), "r1")).toEqual([]);
  });

  it("says where they were at a seq, rounded down to the end of a turn", async () => {
    const at = (value: string) => ({ actor: "run:r1", snapshot: JSON.stringify({ value, context: {} }) });
    const store = await storeWith([at("one")]);
    const turn = { runId: "r1", token: 1, atMs: 2, entries: [{ type: "run.queued" as const, data: {} }] };
    const next = { ...at("two"), machine: "m@1/xstate@5.33.3" };
    await store.commit([{ ...turn, baseSeq: 1, entries: [...turn.entries, ...turn.entries], actors: [next] }]);
    await store.commit([{ ...turn, baseSeq: 3, actors: [{ actor: "run:r1", ended: true }] }]);
    const states = async (seq: number) => (await activeStates(store, "r1", { at: seq })).map((each) => each.states);
    expect([await states(1), await states(2), await states(3), await states(4), await states(99)]).toEqual([
      [["one"]],
      [["one"]],
      [["two"]],
      [],
      [],
    ]);
    await expect(activeStates(store, "r1", { at: 0 })).rejects.toMatchObject({ code: "usage" });
    await expect(activeStates(store, "nobody", { at: 1 })).rejects.toMatchObject({ code: "run_not_found" });
  });

  it.each(["null", "{}", '{"value":3}', '{"value":null}'])("refuses the checkpoint %s", async (snapshot) => {
    const store = await storeWith([{ actor: "run:r1", snapshot }]);
    await expect(activeStates(store, "r1")).rejects.toMatchObject({ code: "store_corrupt" });
  });

  it("refuses a checkpoint torn on the medium", async () => {
    const store = await storeWith([{ actor: "run:r1", snapshot: "{}" }]);
    const row = { actor: "run:r1", machine: "m@1", seq: 1, snapshot: '{"value":' };
    const torn = { ...store, read: async () => [row] } as unknown as Store;
    await expect(activeStates(torn, "r1")).rejects.toMatchObject({
      code: "store_corrupt",
      message: expect.stringContaining("run:r1"),
    });
  });
});
