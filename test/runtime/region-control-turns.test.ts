/** Controls that take several turns, that meet others, or that a process does not live to see through. */
import { describe, expect, it } from "vitest";
import type { EntryType } from "../../src/journal/catalogue.ts";
import { between, Play, RUN_ID, SHAPES, shapes, undisturbed } from "./region-control-world.ts";

const countOf = async (play: Play, type: EntryType) =>
  (await play.store.read("journal", { runId: RUN_ID })).filter((entry) => entry.type === type).length;

const ITEMS = 300;
const WIDE = between(`each [type=foreach, items="[${Array.from({ length: ITEMS }, (_, at) => at).join()}]",
    body=piece, max_parallel=${ITEMS}]
  subgraph piece { make }
  start -> each -> exit`);

describe("more branches than a turn reaches", () => {
  it("follow a pause over several turns: `paused` comes when all have, and all go on", async () => {
    const play = await Play.of(WIDE);
    expect(play.open).toHaveLength(ITEMS);
    const { draining } = await play.run.pause({ mode: "interrupt" });
    expect(draining).toHaveLength(ITEMS);
    await play.rest();
    expect([await play.status(), play.open.length]).toEqual(["paused", 0]);
    await play.run.continue();
    await play.rest();
    expect(play.open).toHaveLength(ITEMS);
    expect(play.open.every(({ execution }) => execution.endsWith("#1.2"))).toBe(true);
    for (const flight of play.open) flight.end();
    await play.rest();
    expect(await play.status()).toBe("completed");
    await play.expectSound("wide");
  });

  it("go on where a pause is withdrawn before all of them have heard of it", async () => {
    const play = await Play.of(WIDE);
    for (const mode of ["drain", "interrupt"] as const) {
      const told = [play.run.pause({ mode }), play.run.continue(), play.run.pause({ mode }), play.run.continue()];
      expect((await Promise.all(told)).map(({ accepted }) => accepted)).toEqual([true, true, true, true]);
      await play.rest();
      expect([await play.status(), play.open.length]).toEqual(["running", ITEMS]);
    }
    for (const flight of play.open) flight.end();
    await play.rest();
    expect(await play.status()).toBe("completed");
    await play.expectSound("withdrawn");
  });

  it("are cancelled over several turns, all of them", async () => {
    const play = await Play.of(WIDE);
    await play.run.cancel();
    expect((await play.clock.runUntil(play.run.finished())).status).toBe("cancelled");
    expect(play.open).toEqual([]);
    expect(await countOf(play, "iteration.cancelled")).toBe(ITEMS);
    await play.expectSound("wide");
  });

  it.each([1, 2, 3, 4])("may lose their process within that, after %i turns", async (turns) => {
    for (const verb of ["pause", "continue", "cancel"] as const) {
      const play = await Play.of(WIDE);
      if (verb === "continue") {
        await play.run.pause({ mode: "interrupt" });
        await play.rest();
      }
      play.commitsToLive = turns;
      const told = verb === "pause" ? play.run.pause({ mode: "interrupt" }) : play.run[verb]();
      // Whoever gave the command may have died with it.
      void told.catch(() => {});
      await play.rest();
      await play.crash();
      if (verb === "pause") {
        expect([await play.status(), play.open.length], verb).toEqual(["paused", 0]);
        await play.run.continue();
        await play.rest();
      }
      const ends = verb === "cancel" ? "cancelled" : "completed";
      if (verb !== "cancel") expect(play.open, verb).toHaveLength(ITEMS);
      for (const flight of play.open) flight.end();
      await play.rest();
      expect(await play.status(), verb).toBe(ends);
      await play.expectSound(verb);
    }
  });
});

describe("iterations without any work, many to a turn", () => {
  /** Entered and left within turns, of which each makes so many hops. */
  const IDLE =
    between(`each [type=foreach, items="[${Array.from({ length: 200 }, (_, at) => at).join()}]", body=piece, collect=none]
    subgraph piece { look [shape=diamond]; see [shape=diamond] }
    look -> see
    again [type=loop, body=turn, while="context.never!=x", max_iterations=90, on_limit=succeed]
    subgraph turn { glance [shape=diamond] }
    start -> each -> again -> after -> exit`);

  async function throughIdle(play: Play): Promise<void> {
    await play.end("main/after@1");
    expect(await play.status()).toBe("completed");
    expect(await countOf(play, "iteration.started")).toBe(290);
    expect(await countOf(play, "iteration.succeeded")).toBe(290);
    await play.expectSound("idle");
  }

  it("go on by themselves, and can be paused between turns", async () => {
    const play = new Play();
    const runtime = await play.process();
    play.run = await runtime.start(IDLE, { runId: RUN_ID });
    let begun = -1;
    for (let pauses = 0; pauses < 20; pauses += 1) {
      if (!(await play.run.pause()).accepted) break;
      await play.rest();
      const paused = await countOf(play, "iteration.started");
      if ((await play.status()) !== "paused") break;
      expect(paused).toBeGreaterThanOrEqual(begun);
      begun = paused;
      await play.run.continue();
    }
    expect(begun).toBeGreaterThan(0);
    await play.run.continue();
    await play.rest();
    await throughIdle(play);
  });

  it("go on where they were when the process is lost, whichever turn it was", async () => {
    for (let turns = 1, isOver = false; !isOver; turns += 1) {
      const play = new Play();
      const runtime = await play.process();
      play.commitsToLive = turns;
      const started = runtime.start(IDLE, { runId: RUN_ID }).then((run) => {
        play.run = run;
      });
      void started.catch(() => {});
      await play.rest();
      isOver = play.commitsToLive > 0;
      await play.crash();
      await throughIdle(play);
      expect(turns).toBeLessThan(60);
    }
  });
});

describe.each(shapes)("a process that stops with a grace (%s)", (shape) => {
  it("stores what ends in it, begins nothing, and the next one goes on from there", async () => {
    const { summary, moments } = await undisturbed(shape);
    for (let moment = 0; moment < moments; moment += 1) {
      const what = `${shape}, after ${moment} stages`;
      const play = await Play.of(SHAPES[shape]);
      for (let ended = 0; ended < moment; ended += 1) await play.endFirst();
      const begun = play.started.length;
      const stopped = play.runtime.stop({ graceMs: 10_000 });
      await play.toEnd();
      await play.clock.runUntil(stopped);
      expect(play.started.length, what).toBe(begun);
      if ((await play.status()) === "running") await play.resume();
      await play.toEnd();
      expect(await play.summary(), what).toEqual(summary);
      await play.expectSound(what);
      await play.stop();
    }
  });
});

describe("a paused run whose branches wait", () => {
  it("waits for a slot like any other, and then goes on where it was", async () => {
    const play = new Play();
    await play.process({ maxConcurrentRuns: 1 });
    play.run = await play.runtime.start(SHAPES.foreach, { runId: RUN_ID });
    await play.rest();
    const cut = play.open.map(({ stage }) => stage);
    await play.run.pause({ mode: "interrupt" });
    await play.rest();
    await play.runtime.start(SHAPES.loop, { runId: "other" });
    await play.rest();
    expect(play.open.map(({ input }) => input.runId)).toEqual(["other"]);
    expect(await play.run.continue()).toMatchObject({ after: "queued" });
    await play.rest();
    expect(play.open.map(({ input }) => input.runId)).toEqual(["other"]);
    while (play.open.some(({ input }) => input.runId === "other")) await play.endFirst();
    expect(play.open.map(({ stage }) => stage)).toEqual(cut);
    await play.toEnd();
    expect(await play.status()).toBe("completed");
  });

  it("is not paused while a branch has left an execution behind, nor does that branch go on", async () => {
    const play = await Play.of(
      between(`fan [shape=component]
        stuck [timeout="1s", max_retries=1, retry_policy=none]
        start -> fan
        fan -> stuck -> meet
        fan -> other -> meet
        meet -> exit`),
    );
    play.isObedient = false;
    const [stuck] = play.open;
    await play.clock.advance(60_000);
    expect((await play.control()).abandoned.map(({ stage }) => stage)).toEqual(["main/fan@1/0/stuck@1"]);
    await play.run.pause();
    await play.end("main/fan@1/1/other@1");
    expect(await play.status()).toBe("pausing");
    stuck?.obey();
    await play.rest();
    expect(await play.status()).toBe("paused");
    await play.run.continue();
    await play.rest();
    play.isObedient = true;
    await play.toEnd();
    expect(await play.status()).toBe("completed");
  });
});

describe("a part that is cancelled while the run is paused", () => {
  const RACE = between(`fan [shape=component, join_policy=JOIN]
    start -> fan
    fan -> a -> meet
    fan -> b -> meet
    meet -> exit`);
  const [A, B] = ["main/fan@1/0", "main/fan@1/1"] as const;

  it("and whose end is held ends cancelled in its place", async () => {
    const play = await Play.of(RACE.replace("JOIN", "first_success"));
    await play.run.pause();
    await play.end(`${A}/a@1`);
    expect(await play.run.cancel({ branch: A })).toMatchObject({ accepted: true, changed: true });
    await play.end(`${B}/b@1`);
    await play.run.continue();
    await play.rest();
    const [decided] = (await play.store.read("journal", { runId: RUN_ID })).filter(
      ({ type }) => type === "join.decided",
    );
    expect(decided?.data).toMatchObject({ decision: "success", winners: [B], failed: 1 });
    await play.toEnd();
    expect(await play.status()).toBe("completed");
  });

  it("is refused where that decided its join, though nothing is done about it yet", async () => {
    const play = await Play.of(RACE.replace("JOIN", "any"));
    await play.run.pause({ mode: "interrupt" });
    await play.rest();
    await play.run.cancel({ branch: A });
    expect(await countOf(play, "branch.cancelled")).toBe(1);
    expect(await play.run.cancel({ branch: B })).toMatchObject({ accepted: false, code: "join_decided" });
    expect(await play.run.cancel({ branch: "main/fan@1" })).toMatchObject({ accepted: false, code: "join_decided" });
    await play.run.continue();
    expect((await play.run.finished()).status).toBe("failed");
    expect(await countOf(play, "branch.superseded")).toBe(1);
  });

  it("does so without an owner, too", async () => {
    const play = await Play.of(RACE.replace("JOIN", "wait_all"));
    const run = await play.abandon();
    expect(await run.cancel({ branch: A })).toMatchObject({ accepted: true });
    expect(await countOf(play, "branch.cancelled")).toBe(1);
    await play.restart();
    expect(play.open.map(({ stage }) => stage)).toEqual([`${B}/b@1`]);
    await play.toEnd();
    expect(await play.status()).toBe("completed");
    expect(play.watch.problems).toEqual([]);
  });
});
