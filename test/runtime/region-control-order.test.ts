/** What waits in branches while a run is paused, and in which order it goes on. */
import { describe, expect, it } from "vitest";
import type { EntryData, EntryType } from "../../src/journal/catalogue.ts";
import { between, Play, RUN_ID } from "./region-control-world.ts";

async function entriesOf<T extends EntryType>(play: Play, type: T) {
  const journal = await play.store.read("journal", { runId: RUN_ID });
  return journal.filter((entry) => entry.type === type) as unknown as readonly {
    readonly branch?: string;
    readonly stage?: string;
    readonly data: EntryData<T>;
  }[];
}

const heldStages = async (play: Play) => (await play.control()).held.map(({ stage }) => stage);

const RACE = between(`fan [shape=component, join_policy=any]
  start -> fan
  fan -> a -> meet
  fan -> b -> meet
  fan -> c -> meet
  meet -> exit`);

describe("ends that are held", () => {
  it.each([
    [["a", "b", "c"], "a"],
    [["c", "a", "b"], "c"],
    [["b", "c", "a"], "b"],
  ])("in the order %s: on continue the first of them decides the join", async (order, winner) => {
    const play = await Play.of(RACE);
    const place = { a: "main/fan@1/0/a@1", b: "main/fan@1/1/b@1", c: "main/fan@1/2/c@1" } as Record<string, string>;
    await play.run.pause();
    for (const node of order) await play.end(place[node] ?? "");
    expect(await play.status()).toBe("paused");
    const { held } = await play.control();
    const ends = held.filter(({ what }) => what === "end").map(({ stage }) => stage);
    expect(ends.toSorted()).toEqual(Object.values(place));
    expect(held).toContainEqual({ what: "join", stage: "main/fan@1", reason: "pause" });
    expect(await entriesOf(play, "join.decided")).toEqual([]);
    await play.run.continue();
    await play.rest();
    const [decided] = await entriesOf(play, "join.decided");
    expect(decided?.data.winners).toEqual([place[winner]?.slice(0, "main/fan@1/0".length)]);
    expect(await entriesOf(play, "branch.superseded")).toHaveLength(2);
    await play.toEnd();
    await play.expectSound(winner);
  });

  it("keep their order over a crash and another pause", async () => {
    const play = await Play.of(RACE);
    await play.run.pause();
    await play.end("main/fan@1/2/c@1");
    await play.end("main/fan@1/0/a@1");
    await play.crash();
    expect(await play.status()).toBe("paused");
    await play.run.continue();
    await play.rest();
    const [decided] = await entriesOf(play, "join.decided");
    expect(decided?.data.winners).toEqual(["main/fan@1/2"]);
    await play.toEnd();
    await play.expectSound("crash");
  });

  it("of items that failed: the first that did is the one that stops a foreach", async () => {
    const play = await Play.of(
      between(`each [type=foreach, items="[1, 2, 3]", body=piece, max_parallel=3]
        subgraph piece { work }
        start -> each -> exit`),
    );
    await play.run.pause();
    await play.end("main/each@1/2/work@1");
    await play.end("main/each@1/1/work@1", "fail");
    await play.end("main/each@1/0/work@1", "fail");
    await play.run.continue();
    expect((await play.run.finished()).status).toBe("failed");
    expect((await entriesOf(play, "iteration.succeeded")).map(({ branch }) => branch)).toEqual(["main/each@1/2"]);
    expect((await entriesOf(play, "iteration.failed")).map(({ branch }) => branch)).toEqual(["main/each@1/1"]);
    expect((await entriesOf(play, "iteration.cancelled")).map(({ branch }) => branch)).toEqual(["main/each@1/0"]);
    await play.expectSound("stop");
  });
});

describe("gates in branches", () => {
  const ASKING = between(`fan [shape=component, join_policy=any]
    left  [shape=hexagon, label="left?"]
    right [shape=hexagon, label="right?"]
    start -> fan
    fan -> left
    fan -> right
    left -> meet [label="yes"]
    right -> meet [label="yes"]
    meet -> exit`);
  const gates = ["main/fan@1/0/left@1", "main/fan@1/1/right@1"] as const;

  it.each([
    [0, 1],
    [1, 0],
  ] as const)(
    "answered while paused, %i before %i: both wait, and the one answered first goes on first",
    async (first, second) => {
      const play = await Play.of(ASKING);
      expect((await play.run.view()).waitingOn.map(({ id }) => id).toSorted()).toEqual(gates);
      expect(await play.run.pause()).toMatchObject({ after: "paused", draining: [] });
      for (const gate of [gates[first], gates[second]]) {
        expect(await play.run.answer(gate, "yes")).toMatchObject({ accepted: true, changed: true });
      }
      await play.rest();
      expect([await play.status(), (await heldStages(play)).toSorted()]).toEqual(["paused", [...gates]]);
      expect(await play.run.answer(gates[first], "yes")).toMatchObject({ accepted: false });
      await play.run.continue();
      await play.rest();
      const [decided] = await entriesOf(play, "join.decided");
      expect(decided?.data.winners).toEqual([`main/fan@1/${first}`]);
      await play.toEnd();
      expect(await play.status()).toBe("completed");
      await play.expectSound("gates");
    },
  );

  it("of losers are withdrawn, and nobody can answer them any more", async () => {
    const play = await Play.of(ASKING);
    await play.run.answer(gates[1], "yes");
    await play.rest();
    expect((await entriesOf(play, "gate.withdrawn")).map(({ stage }) => stage)).toEqual([gates[0]]);
    expect(await play.run.answer(gates[0], "yes")).toMatchObject({ accepted: false });
    expect(await play.run.questions()).toEqual([]);
    await play.toEnd();
    await play.expectSound("withdrawn");
  });

  it("of a branch that is cancelled while paused are withdrawn at once", async () => {
    const play = await Play.of(ASKING.replace("any", "wait_all"));
    await play.run.pause();
    expect(await play.run.cancel({ branch: "main/fan@1/0" })).toMatchObject({ accepted: true, after: "paused" });
    expect((await play.run.questions()).map(({ gate }) => gate)).toEqual([gates[1]]);
    await play.run.answer(gates[1], "yes");
    await play.run.continue();
    await play.rest();
    await play.toEnd();
    expect(await play.status()).toBe("completed");
    const [decided] = await entriesOf(play, "join.decided");
    expect(decided?.data).toMatchObject({ decision: "partial_success", succeeded: 1, failed: 1 });
  });
});

describe("run time in branches", () => {
  it("stands still: back-offs, waits and deadlines of gates go on where they were", async () => {
    const play = await Play.of(
      between(`fan [shape=component]
        flaky [max_retries=1, retry_policy=linear, retry_on=fail]
        nap   [shape=insulator, duration="700ms"]
        ask   [shape=hexagon, label="?", human.timeout="900ms", human.default_choice="yes"]
        start -> fan
        fan -> flaky -> meet
        fan -> nap -> meet
        fan -> ask
        ask -> meet [label="yes"]
        meet -> exit`),
    );
    await play.end("main/fan@1/0/flaky@1", "fail");
    const [retry] = await entriesOf(play, "stage.retry_scheduled");
    const delayMs = retry?.data.delayMs ?? 0;
    expect(delayMs).toBeGreaterThan(0);
    await play.clock.advance(400);
    await play.run.pause();
    await play.clock.advance(10 * 60 * 60 * 1_000);
    expect(await play.status()).toBe("paused");
    expect(await entriesOf(play, "timer.fired")).toEqual([]);
    expect(await entriesOf(play, "gate.timed_out")).toEqual([]);
    await play.restart();
    await play.run.continue();
    await play.clock.advance(299);
    expect((await entriesOf(play, "timer.fired")).map(({ stage }) => stage)).not.toContain("main/fan@1/1/nap@1");
    await play.clock.advance(1);
    expect((await entriesOf(play, "timer.fired")).map(({ stage }) => stage)).toContain("main/fan@1/1/nap@1");
    expect(await entriesOf(play, "gate.timed_out")).toEqual([]);
    await play.clock.advance(200);
    expect(await entriesOf(play, "gate.timed_out")).toHaveLength(1);
    await play.clock.advance(delayMs);
    await play.toEnd();
    expect(await play.status()).toBe("completed");
    await play.expectSound("clock");
  });
});
