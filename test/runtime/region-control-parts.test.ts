/** Every branch and every activation cancelled by itself, at every moment: what is inside ends, and nothing beside it. */
import { describe, expect, it } from "vitest";
import { isWithin } from "../../src/journal/address.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { isFinalStatus } from "../../src/journal/status.ts";
import { verifyRunWhole } from "../../src/runtime/verify-run.ts";
import { Play, RUN_ID, SHAPES, type Shape, shapes, undisturbed } from "./region-control-world.ts";

const journalOf = (play: Play) => play.store.read("journal", { runId: RUN_ID });

/** Branches and activations that go on. */
async function partsOf(play: Play): Promise<readonly string[]> {
  const live = new Set<string>();
  for (const { type, branch = "", stage = "", data } of await journalOf(play)) {
    if (type === "parallel.started" || type === "container.entered") live.add(stage);
    if (type === "branch.started" || type === "iteration.started") live.add(branch);
    if (/^(branch|iteration)\.(succeeded|failed|cancelled)$/.test(type)) live.delete(branch);
    if (/^stage\.(succeeded|failed)$/.test(type)) live.delete(stage);
    if (type === "join.decided") live.delete((data as { activation: string }).activation);
  }
  return [...live];
}

async function cutAt(shape: Shape, moment: number, before: "running" | "pausing" | "paused"): Promise<Play> {
  const play = await Play.of(SHAPES[shape]);
  for (let ended = 0; ended < moment; ended += 1) await play.endFirst();
  if (before !== "running") await play.run.pause({ mode: before === "paused" ? "interrupt" : "drain" });
  await play.rest();
  return play;
}

/** The part, or as much around it as has failed with it: a foreach that stops takes its other iterations along. */
function reachOf(part: string, since: readonly JournalEntry[]): string {
  const failed = new Set(
    since.filter(({ type }) => type.endsWith(".failed")).map(({ stage, branch }) => stage ?? branch),
  );
  let reach = part;
  for (let around = part; around !== "main"; ) {
    around = around.slice(0, around.lastIndexOf("/"));
    if (failed.has(around)) reach = around;
  }
  return reach;
}

/** Cancels a part, then lets the run end. */
async function cut(play: Play, part: string, what: string): Promise<void> {
  const beside = play.open.filter(({ stage }) => !isWithin(stage, part)).map(({ execution }) => execution);
  const status = await play.status();
  const from = (await journalOf(play)).length;
  const result = await play.run.cancel({ branch: part });
  expect(result, what).toMatchObject({ accepted: true, changed: true, before: status });
  await play.rest();
  const since = (await journalOf(play)).slice(from);
  const reach = status === "running" ? reachOf(part, since) : part;
  const gone = since.filter(({ type }) => type === "stage.cancelled").map(({ stage = "" }) => stage);
  expect(
    gone.filter((stage) => !isWithin(stage, reach)),
    what,
  ).toEqual([]);
  expect(
    play.open.filter(({ stage }) => isWithin(stage, part)),
    what,
  ).toEqual([]);
  // Nothing comes in its place while the run is not running.
  for (const { execution } of play.open) {
    if (status !== "running") expect(beside, what).toContain(execution);
  }
  if ((await play.status()) === "pausing") await play.toEnd();
  if (status !== "running") {
    expect(await play.status(), what).toBe("paused");
    await play.run.continue();
    await play.rest();
  }
  await play.toEnd();
  expect(isFinalStatus((await play.run.view()).status), what).toBe(true);
  expect(play.watch.problems, what).toEqual([]);
  expect((await verifyRunWhole(play.store, RUN_ID)).problems, what).toEqual([]);
}

describe.each(shapes)("a part of a run (%s)", (shape) => {
  it.each(["running", "pausing", "paused"] as const)(
    "cancelled while the run is %s ends alone",
    {
      timeout: 120_000,
    },
    async (before) => {
      const { moments } = await undisturbed(shape);
      let cuts = 0;
      for (let moment = 0; moment < moments; moment += 1) {
        const first = await cutAt(shape, moment, before);
        const parts = await partsOf(first);
        await first.stop();
        for (const part of parts) {
          const play = await cutAt(shape, moment, before);
          await cut(play, part, `${part} of ${shape}, after ${moment} stages, ${before}`);
          await play.stop();
          cuts += 1;
        }
      }
      expect(cuts).toBeGreaterThan(moments);
    },
  );

  it("that is being cancelled when the process is lost is gone afterwards", { timeout: 120_000 }, async () => {
    const { moments } = await undisturbed(shape);
    for (let moment = 0; moment < moments; moment += 1) {
      const first = await cutAt(shape, moment, "running");
      const parts = await partsOf(first);
      await first.stop();
      for (const part of parts) {
        const what = `${part} of ${shape}, after ${moment} stages, lost`;
        const play = await cutAt(shape, moment, "running");
        play.isObedient = false;
        expect(await play.run.cancel({ branch: part }), what).toMatchObject({ accepted: true });
        const begun = play.started.length;
        await play.crash();
        play.isObedient = true;
        const inside = play.started.slice(begun).filter((execution) => isWithin(execution, part));
        expect([inside, await play.run.questions()], what).toEqual([[], []]);
        await play.toEnd();
        expect(isFinalStatus((await play.run.view()).status), what).toBe(true);
        expect(play.watch.problems, what).toEqual([]);
        expect((await verifyRunWhole(play.store, RUN_ID)).problems, what).toEqual([]);
        await play.stop();
      }
    }
  });
});
