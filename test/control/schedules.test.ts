/** A bounded slice of the seeded schedules; all of them: `npm run test:soak -- control`. */
import { expect, it } from "vitest";
import { playSchedule, repeatCommand } from "./schedule.ts";

const SEEDS = 200;
const PER_TEST = 25;

it.each(Array.from({ length: SEEDS / PER_TEST }, (_, index) => index * PER_TEST + 1))(
  "whatever is done to a run, it starts nothing while paused and comes to its own end: seeds from %i",
  async (first) => {
    const ends = new Set<string>();
    for (let seed = first; seed < first + PER_TEST; seed += 1) {
      const { problems, deeds, status } = await playSchedule(seed);
      expect(problems, `${deeds.join("\n")}\nagain: ${repeatCommand(seed)}`).toEqual([]);
      ends.add(status);
    }
    expect([...ends].every((status) => ["completed", "failed", "cancelled"].includes(status))).toBe(true);
  },
);

it("the same seed gives the same journal, byte for byte", async () => {
  for (const seed of [3, 11, 42, 77]) {
    const first = await playSchedule(seed);
    const second = await playSchedule(seed);
    expect(first.journal.length).toBeGreaterThan(0);
    expect(second.journal).toBe(first.journal);
    expect(second.deeds).toEqual(first.deeds);
  }
});
