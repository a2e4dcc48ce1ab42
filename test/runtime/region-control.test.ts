/** Every control, at every moment of a run with regions: what is held, what drains, and that nothing is lost by it. */
import { describe, expect, it } from "vitest";
import { atEveryMoment, Play, SHAPES, shapes, undisturbed } from "./region-control-world.ts";

const PATIENCE = { timeout: 120_000 };

/** Ends what is in flight, one after another; nothing begins meanwhile. */
async function drain(play: Play, what: string): Promise<void> {
  const begun = play.started.length;
  while (play.open.length > 0) {
    expect(await play.status(), what).toBe("pausing");
    const { draining } = await play.control();
    expect(draining.map(({ execution }) => execution).sort(), what).toEqual(
      play.open.map(({ execution }) => execution).sort(),
    );
    await play.endFirst();
  }
  expect(await play.status(), what).toBe("paused");
  expect(play.started.length, what).toBe(begun);
  const { held, draining } = await play.control();
  expect(held.length, what).toBeGreaterThan(0);
  expect(draining, what).toEqual([]);
}

/** What is in flight is cut short; it is held, and nothing else begins. */
async function expectInterrupted(play: Play, what: string, cut: readonly string[]): Promise<void> {
  const begun = play.started.length;
  await play.rest();
  expect(play.open, what).toEqual([]);
  expect(await play.status(), what).toBe("paused");
  expect(play.started.length, what).toBe(begun);
  const { held } = await play.control();
  const stages = held.map(({ stage }) => stage);
  for (const stage of cut) expect(stages, what).toContain(stage);
}

const inFlight = (play: Play) => play.open.map(({ stage }) => stage);

describe.each(shapes)("a run with regions (%s)", (shape) => {
  it("drains, pauses, and goes on as if it had not been paused", PATIENCE, async () => {
    await atEveryMoment(shape, async (play, what) => {
      const begun = play.started.length;
      const result = await play.run.pause();
      expect(result, what).toMatchObject({ accepted: true, changed: true, after: "pausing" });
      expect([...result.draining].sort(), what).toEqual(play.open.map(({ execution }) => execution).sort());
      await play.rest();
      expect(play.started.length, what).toBe(begun);
      await drain(play, what);
      expect(await play.run.continue(), what).toMatchObject({ accepted: true, before: "paused" });
      await play.rest();
    });
  });

  it("is interrupted, and executes again what was cut, under the same attempt", PATIENCE, async () => {
    await atEveryMoment(shape, async (play, what) => {
      const cut = inFlight(play);
      await play.run.pause({ mode: "interrupt" });
      await expectInterrupted(play, what, cut);
      await play.run.continue();
      await play.rest();
      expect(inFlight(play), what).toEqual(cut);
      expect(
        play.open.map(({ input }) => input.attempt),
        what,
      ).toEqual(cut.map(() => 1));
    });
  });

  it("may be paused twice within one iteration: what had ended before stays ended", PATIENCE, async () => {
    await atEveryMoment(shape, async (play, what) => {
      await play.run.pause();
      await drain(play, what);
      await play.run.continue();
      await play.rest();
      const cut = inFlight(play);
      // Where the first pause held the end of the run it has ended now.
      if (cut.length === 0) return;
      await play.run.pause({ mode: "interrupt" });
      await expectInterrupted(play, what, cut);
      await play.run.continue();
      await play.rest();
      expect(inFlight(play), what).toEqual(cut);
    });
  });

  it("that drains for too long is interrupted at the deadline", PATIENCE, async () => {
    await atEveryMoment(shape, async (play, what) => {
      const cut = inFlight(play);
      await play.run.pause({ deadlineMs: 1_000 });
      await play.clock.advance(999);
      expect(await play.status(), what).toBe("pausing");
      expect(inFlight(play), what).toEqual(cut);
      await play.clock.advance(1);
      await expectInterrupted(play, what, cut);
      await play.run.continue();
      await play.rest();
    });
  });

  it("goes on when the pause is withdrawn, drained in part or not at all", PATIENCE, async () => {
    await atEveryMoment(shape, async (play, what) => {
      for (const ended of [0, 1]) {
        await play.run.pause();
        if (ended > 0 && play.open.length > 1) await play.endFirst();
        if ((await play.status()) === "pausing") {
          const paused = play.run.settled("paused");
          const withdrawn = expect(paused, what).rejects.toMatchObject({ code: "pause_withdrawn" });
          await play.run.continue();
          await withdrawn;
        } else await play.run.continue();
        await play.rest();
        if ((await play.status()) === "completed") return;
        expect(await play.status(), what).toBe("running");
      }
    });
  });

  it("goes on with an interrupt that is withdrawn: what ends interrupted starts again at once", PATIENCE, async () => {
    await atEveryMoment(shape, async (play, what) => {
      play.isObedient = false;
      const cut = inFlight(play);
      await play.run.pause({ mode: "interrupt" });
      expect(play.aborts.length, what).toBe(cut.length);
      await play.run.continue();
      for (const flight of play.open) flight.obey();
      await play.rest();
      expect(inFlight(play), what).toEqual(cut);
      expect(
        play.open.every(({ execution }) => execution.endsWith("#1.2")),
        what,
      ).toBe(true);
    });
  });

  it("is cancelled: everything in flight is, nothing else begins", PATIENCE, async () => {
    const { moments } = await undisturbed(shape);
    for (let moment = 0; moment < moments; moment += 1) {
      for (const before of ["running", "pausing", "paused"] as const) {
        const what = `${shape}, after ${moment} stages, ${before}`;
        const play = await Play.of(SHAPES[shape]);
        for (let ended = 0; ended < moment; ended += 1) await play.endFirst();
        if (before !== "running") await play.run.pause({ mode: before === "paused" ? "interrupt" : "drain" });
        await play.rest();
        const begun = play.started.length;
        expect(await play.run.cancel(), what).toMatchObject({ accepted: true, before });
        expect((await play.run.finished()).status, what).toBe("cancelled");
        await play.rest();
        expect([play.started.length, play.open.length], what).toEqual([begun, 0]);
        const types = (await play.store.read("journal", { runId: "run" })).map(({ type }) => type);
        expect(
          types.filter((type) => type === "stage.failed" || type === "branch.failed"),
          what,
        ).toEqual([]);
        await play.expectSound(what);
        await play.stop();
      }
    }
  });

  it("ends a cancel by force; what will not end is named", PATIENCE, async () => {
    const play = await Play.of(SHAPES[shape]);
    play.isObedient = false;
    const cut = play.open.map(({ execution }) => execution).sort();
    expect(await play.run.cancel({ graceMs: 60_000 })).toMatchObject({ after: "cancelling" });
    await play.rest();
    expect(await play.status()).toBe("cancelling");
    await play.run.cancel({ force: true });
    const { control } = await play.clock.runUntil(play.run.finished());
    expect(control.abandoned.map(({ execution }) => execution).sort()).toEqual(cut);
    await play.rest();
    expect(play.started.length).toBe(cut.length);
    for (const flight of play.open) flight.obey();
    await play.rest();
  });

  it("is handed to another process, which goes on", PATIENCE, async () => {
    await atEveryMoment(shape, async (play, what) => {
      const cut = inFlight(play);
      await play.restart();
      expect(inFlight(play), what).toEqual(cut);
    });
  });

  it("loses its process, running, pausing and paused", PATIENCE, async () => {
    await atEveryMoment(shape, async (play, what) => {
      const cut = inFlight(play);
      await play.crash();
      expect(inFlight(play), what).toEqual(cut);
      await play.run.pause();
      if (play.open.length > 1) await play.endFirst();
      const begun = play.started.length;
      await play.crash();
      expect([await play.status(), play.started.length], what).toEqual(["paused", begun]);
      await play.crash();
      expect([await play.status(), play.started.length], what).toEqual(["paused", begun]);
      await play.run.continue();
      await play.rest();
    });
  });

  it("is paused and continued while nobody drives it", PATIENCE, async () => {
    await atEveryMoment(shape, async (play, what) => {
      const cut = inFlight(play);
      const run = await play.abandon();
      expect(await run.pause(), what).toMatchObject({ accepted: true, after: "paused" });
      await play.restart();
      expect([await play.status(), play.open.length], what).toEqual(["paused", 0]);
      const unowned = await play.abandon();
      expect(await unowned.continue(), what).toMatchObject({ accepted: true, needs: "resume" });
      await play.rest();
      expect(play.open, what).toEqual([]);
      await play.restart();
      expect(inFlight(play), what).toEqual(cut);
    });
  });

  it("is cancelled while nobody drives it", async () => {
    const play = await Play.of(SHAPES[shape]);
    await play.endFirst();
    const begun = play.started.length;
    const run = await play.abandon();
    expect(await run.cancel()).toMatchObject({ accepted: true });
    expect((await run.view()).status).toBe("cancelled");
    expect(play.started.length).toBe(begun);
    await play.expectSound(shape);
  });
});
