import { describe, expect, it } from "vitest";
import type { Store } from "../../src/persistence/store.ts";
import { KeptViews } from "../../src/runtime/queries/kept-views.ts";
import { viewOf } from "../../src/runtime/queries/view.ts";
import { creationOf, demoStore, entry, writeRest, writeTurns } from "./stored-run.ts";

const NOW = Date.parse("2026-01-02T03:04:06.000Z");
const fresh = async (store: Store, runId = "demo") => (await viewOf(store, runId, { now: NOW })).view;

describe("a kept view", () => {
  it("is the same as one made anew, after each turn", async () => {
    const whole = await demoStore();
    const entries = await whole.read("journal", { runId: "demo" });
    const ends = [...new Set(entries.map(({ turn }) => turn))];
    const store = await demoStore(1);
    const views = new KeptViews(store);
    for (let turns = 1; turns < ends.length; turns += 1) {
      expect(await views.read("demo", NOW)).toEqual(await fresh(store));
      await writeTurns(store, "demo", [{ entries: [entry("timer.fired", { timer: "t" })] }]);
    }
    await writeRest(store, 1);
    expect(await views.read("demo", NOW)).toEqual(await fresh(store));
    expect((await views.read("demo", NOW)).status).toBe("completed");
  });

  it("reads only what is new", async () => {
    const store = await demoStore(1);
    const views = new KeptViews(store);
    await views.read("demo", NOW);
    const asked: unknown[] = [];
    const { read } = store;
    store.read = (topic, query) => {
      if (topic === "journal") asked.push((query as { after?: number }).after);
      return read.call(store, topic, query) as never;
    };
    await writeTurns(store, "demo", [{ entries: [entry("timer.fired", { timer: "t" })] }]);
    await views.read("demo", NOW);
    expect(asked).toEqual([6]);
  });

  it("stays as it was given, whatever is read later, and at the same time", async () => {
    const store = await demoStore(1);
    const views = new KeptViews(store);
    const [first, second] = await Promise.all([views.read("demo", NOW), views.read("demo", NOW)]);
    const before = JSON.stringify(first);
    expect(second).toEqual(first);
    await writeRest(store, 1);
    const readings = await Promise.all([views.read("demo", NOW), views.read("demo", NOW), fresh(store)]);
    expect(readings[0]).toEqual(readings[2]);
    expect(readings[1]).toEqual(readings[2]);
    expect(JSON.stringify(first)).toBe(before);
  });

  it("is made anew after a store that failed, and of a run that was forgotten", async () => {
    const store = await demoStore(1);
    const views = new KeptViews(store);
    const { read } = store;
    store.read = async (topic, query) => {
      if (topic === "journal") throw new Error("disk gone");
      return read.call(store, topic, query) as never;
    };
    await expect(views.read("demo", NOW)).rejects.toThrow("disk gone");
    store.read = read;
    expect(await views.read("demo", NOW)).toEqual(await fresh(store));
    for (let index = 0; index < 40; index += 1) {
      await writeTurns(store, `run-${index}`, [creationOf(`run-${index}`)]);
      await views.read(`run-${index}`, NOW);
    }
    expect(await views.read("demo", NOW)).toEqual(await fresh(store));
  });

  it("of a run that is not there is refused", async () => {
    const views = new KeptViews(await demoStore());
    await expect(views.read("nope", NOW)).rejects.toMatchObject({ code: "run_not_found" });
    expect((await views.read("demo", NOW)).runId).toBe("demo");
  });
});
