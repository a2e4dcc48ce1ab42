/** Runs as they were, at every seq of their history; and lists in pages. */
import { expect, it } from "vitest";
import type { Said } from "./door.ts";
import { ASKING, GATE, pipeline, play } from "./play.ts";

const FAN = pipeline(`
  fan [type=parallel, max_parallel=1]; a; b; c; after
  start -> fan; fan -> a; fan -> b; fan -> c; a -> after; b -> after; c -> after; after -> exit`);

it("any seq is rounded down to the end of its turn, in the view, the context, and the lists", async () => {
  await play(async ({ door, hands }) => {
    for (const node of ["a", "b", "c"])
      hands.on(node, () => ({ status: "success", contextUpdates: { by: node, [node]: true } }));
    await door.start(FAN, { runId: "m" });
    await door.finished("m");
    const events = (await door.events("m")).value["events"] as readonly { seq: number; turn: number }[];
    const first = events[0]?.turn ?? 0;
    for (let at = 1; at <= events.length; at += 3) {
      const seen = [
        await door.view("m", { at }),
        await door.context("m", { at }),
        await door.branches("m", { at }),
        await door.joins("m", { at }),
        await door.provenance("m", "by", { at, branch: "main/fan@1/1" }),
        await door.actors("m", { at }),
      ];
      if (at < first) expect(seen.map(({ code }) => code)).toEqual(seen.map(() => "usage"));
      else {
        expect(seen[0]?.code).toBe("ok");
        expect(events.find(({ seq }) => seq === seen[0]?.value["seq"])).toMatchObject({ turn: seen[0]?.value["seq"] });
        // Nobody lives once a run has ended, and somebody does until then.
        const actors = (seen[5]?.value["actors"] ?? []) as readonly unknown[];
        expect(actors.length === 0).toBe(seen[0]?.value["status"] === "completed");
      }
    }
    expect((await door.view("m", { at: 1_000_000 })).value).toMatchObject({ status: "completed" });
    for (const branch of ["main/fan@1/0", "main/fan@1/2"]) await door.context("m", { branch });
  });
});

it("a journal is asked for in parts", async () => {
  await play(async ({ door, hands, entry }) => {
    hands.hold(["work"]);
    await door.start(ASKING, { runId: "m" });
    await entry("m", "gate.opened");
    await door.answer("m", { gate: GATE, answer: "Yes" });
    (await hands.call("work@1")).end();
    await door.finished("m");
    const all = (await door.events("m")).value["events"] as readonly unknown[];
    expect((await door.events("m", { after: 5 })).value["events"]).toEqual(all.slice(5));
    expect((await door.events("m", { after: all.length })).value["events"]).toEqual([]);
    await door.events("m", { stage: "main/work@1" });
    await door.events("m", { branch: "main/work@1" });
    await door.events("m", { branch: "main" });
    await door.events("m", { types: ["stage.started", "run.completed"] });
    await door.events("m", { types: ["stage.started"], stage: "main/none@1" });
  });
});

it("a journal is followed as it grows, from any point, to the end of the run", async () => {
  await play(async ({ door, hands, entry }) => {
    hands.hold(["work"]);
    await door.start(ASKING, { runId: "m" });
    await entry("m", "gate.opened");
    const followed = [0, 3, 7].map((after) => door.follow("m", after));
    await door.answer("m", { gate: GATE, answer: "Yes" });
    await door.pause("m");
    (await hands.call("work@1")).end();
    await door.settled("m", "paused");
    await door.continue("m");
    await door.finished("m");
    const all = (await door.events("m")).value["events"] as readonly unknown[];
    const seen = (await Promise.all(followed)).map(({ value }) => value["events"]);
    expect(seen.map((events) => (events as unknown[]).length)).toEqual([all.length, all.length - 3, all.length - 7]);
    expect(seen[0]).toEqual(all);
    // Of one that has ended, and from where there is nothing any more.
    expect((await door.follow("m", 5)).value["events"]).toEqual(all.slice(5));
    expect((await door.follow("m", all.length)).value["events"]).toEqual([]);
  });
});

it("lists come in pages, which together are the list", async () => {
  await play(async ({ door }) => {
    const runIds = ["one", "two", "three", "four", "five"];
    for (const runId of runIds) {
      await door.start(FAN, { runId });
      await door.finished(runId);
    }
    const runs = await pages("runs", (page) => door.list({ limit: 2, ...page }));
    expect(runs).toMatchObject(runIds.toReversed().map((runId) => ({ runId })));
    const branches = await pages("branches", (page) => door.branches("one", { limit: 3, ...page }));
    expect(branches).toEqual((await door.branches("one")).value["branches"]);
    expect(branches).toHaveLength(4);
    const failed = await door.branches("one", { status: ["failed", "cancelled"], branch: "main/fan@1" });
    expect(failed.value).toMatchObject({ branches: [], branchesTotal: 0 });
    await pages("branches", (page) => door.branches("one", { limit: 1, branch: "main/fan@1", ...page }));
    await pages("joins", (page) => door.joins("one", { limit: 1, ...page }));
  });
});

async function pages(of: string, ask: (page: { cursor?: string }) => Promise<Said>): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let cursor: string | undefined; ; ) {
    const { code, value } = await ask(cursor === undefined ? {} : { cursor });
    expect(code).toBe("ok");
    all.push(...(value[of] as readonly unknown[]));
    cursor = value["cursor"] as string | undefined;
    if (cursor === undefined) return all;
  }
}
