/** Checkpoints of runs with regions, made anew from their journals after every turn of a real driver. Source: 03 §9. */
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { seededRandom } from "../../src/testing/index.ts";
import { randomProgram, weigh } from "../../src/testing/random-program.ts";
import { play } from "../control/schedule.ts";
import { drawProgramPlan } from "../runtime/programs-deeds.ts";
import { openProgram } from "../runtime/programs-play.ts";
import { rebuiltStore } from "./rebuilt-store.ts";

/** Enough of them to reach every place a region rests in. */
const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

/** Pauses, interrupts, crashes and cancels come from the seed, as what the program does. */
async function playSeed(seed: number) {
  const program = randomProgram(seed);
  const probe = rebuiltStore(memoryStore());
  const options = { seed, store: probe.store };
  const world = openProgram(program, options);
  const plan = drawProgramPlan(seededRandom(seed).fork("plan"), { stages: weigh(program.main) });
  await world.do(() => play(world, plan, { done: [], problems: probe.problems }));
  return probe;
}

describe("checkpoints of regions rebuilt from the journal", () => {
  it("are those the charts have, after every turn of random programs, whatever is done to them", async () => {
    const seen = new Set<string>();
    for (const seed of SEEDS) {
      const { places, problems } = await playSeed(seed);
      expect(problems, `seed ${seed}`).toEqual([]);
      for (const place of places) seen.add(place);
    }
    expect([...seen]).toEqual(expect.arrayContaining(PLACES));
  });
});

/** Where actors of regions rest; all of these are among the seeds. */
const PLACES = [
  "branch cancelling/visiting",
  "branch paused/ending",
  "branch paused/visiting",
  "branch pausing/visiting",
  "branch running/visiting",
  "stage cancelling/working",
  "stage paused/winding_down",
  "stage paused/working",
  "stage running/winding_down",
  "stage running/working",
];
