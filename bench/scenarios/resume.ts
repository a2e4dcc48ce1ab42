/** Taking up a run with a long history, against one with a short one: what is loaded is what is live. */
import { join } from "node:path";
import { summarise } from "../measurement.ts";
import { ParkedRun } from "../parked-run.ts";
import { cycle } from "../pipelines.ts";
import type { Part, Scenario } from "../scenario.ts";

/** An end, a choice of edge and a start. */
const ENTRIES_PER_STAGE = 3;

const takeUp: Part = async ({ sizes, folder }) => {
  const long = await prepare(join(folder, "long.db"), sizes.longJournal);
  const short = await prepare(join(folder, "short.db"), sizes.shortJournal);
  const samples: { long: number; short: number }[] = [];
  for (let sample = 0; sample <= sizes.samples; sample++) {
    const longMs = await takeAndLeave(long);
    const shortMs = await takeAndLeave(short);
    // The first is the warm-up.
    if (sample > 0) samples.push({ long: longMs, short: shortMs });
  }
  await long.takeUp();
  const viewMs = await long.view();
  await long.leave();
  const entries = (count: number) => `${count.toLocaleString("en-US")} entries`;
  return [
    summarise(
      `resume, ${entries(sizes.longJournal)}`,
      samples.map((sample) => sample.long),
      { unit: "ms" },
    ),
    summarise(
      `resume, ${entries(sizes.shortJournal)}`,
      samples.map((sample) => sample.short),
      { unit: "ms" },
    ),
    summarise(
      "resume, long to short",
      samples.map((sample) => sample.long / sample.short),
      { unit: "×" },
    ),
    { what: `a view of ${entries(sizes.longJournal)}`, value: viewMs, unit: "ms" },
  ];
};

async function prepare(path: string, entries: number): Promise<ParkedRun> {
  const run = new ParkedRun({ path, synchronous: "NORMAL" });
  const stages = Math.ceil(entries / ENTRIES_PER_STAGE);
  await run.start(cycle(4, 2 * stages));
  await run.advanceTo(stages);
  await run.leave();
  return run;
}

async function takeAndLeave(run: ParkedRun): Promise<number> {
  const elapsedMs = await run.takeUp();
  await run.leave();
  return elapsedMs;
}

export const resume: Scenario = {
  about: "taking up a run with a long history",
  parts: { "by runtime.resume": takeUp },
};
