import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { crashAndResume, liveThrough, SWEEP_PATIENCE_MS } from "./crash-case.ts";

/** Every point is the first of a pair; the second goes through the first points after a resume, where takeover happens. */
const SECOND_POINTS = 7;

describe("a process that dies twice in a row", () => {
  it("leaves a run that ends as if nothing had happened", { timeout: SWEEP_PATIENCE_MS }, async () => {
    const { points, summary } = await liveThrough(memoryStore());
    let twice = 0;
    for (let first = 1; first <= points.length; first += 1) {
      if (await crashAndResume(memoryStore(), { at: [first, 1 + (first % SECOND_POINTS)], oracle: summary }))
        twice += 1;
    }
    // Only where the run had as good as ended are there too few points left for a second crash.
    expect(twice).toBeGreaterThan(points.length - 10);
  });

  it("may do so in one and the same attempt", async () => {
    const { points, summary } = await liveThrough(memoryStore());
    const first = points.indexOf("before start of main/flaky@1#1.1") + 1;
    // After the resume the commit has two points, then the execution begins again: its third.
    expect(await crashAndResume(memoryStore(), { at: [first, 3], oracle: summary })).toBe(true);
  });
});
