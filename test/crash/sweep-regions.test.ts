/** Branches side by side: how many ends share a commit may differ, so a point may lie behind the end of a crashed run. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { openStore, temporaryFolder } from "../persistence/temporary.ts";
import { crashAndResume, liveThrough, SWEEP_PATIENCE_MS } from "./crash-case.ts";
import { withoutCheckpoints } from "./rebuilt-checkpoints.ts";
import { REGIONS } from "./regions.ts";

/** A pipeline that shrank would prove less. */
const POINTS_MIN = 145;
/** Second crashes go through the first points after a resume. */
const SECOND_POINTS = 11;

describe("a process that dies with branches in flight", () => {
  const patiently = { timeout: SWEEP_PATIENCE_MS };

  it("leaves a run that ends as if nothing had happened, whichever point it died at", patiently, async () => {
    const { points, summary } = await liveThrough(memoryStore(), REGIONS);
    expect(summary.status).toBe("completed");
    expect(points.length).toBeGreaterThan(POINTS_MIN);
    let crashes = 0;
    while (await crashAndResume(memoryStore(), { at: [crashes + 1], oracle: summary, reference: REGIONS }))
      crashes += 1;
    expect(crashes).toBe(points.length);
  });

  it("may die twice in a row", patiently, async () => {
    const { points, summary } = await liveThrough(memoryStore(), REGIONS);
    let twice = 0;
    for (let first = 1; first <= points.length; first += 1) {
      const at = [first, 1 + (first % SECOND_POINTS)];
      if (await crashAndResume(memoryStore(), { at, oracle: summary, reference: REGIONS })) twice += 1;
    }
    // Only where the run had as good as ended are there too few points left for a second crash.
    expect(twice).toBeGreaterThan(points.length - 10);
  });

  it("over a SQLite file, after every commit and at every fifth other point", patiently, async () => {
    const folder = temporaryFolder();
    const open = (name: string) => openStore(join(folder, `${name}.db`));
    const { points, summary } = await liveThrough(open("oracle"), REGIONS);
    let crashes = 0;
    for (const [index, name] of points.entries()) {
      const point = index + 1;
      if (name !== "after commit" && point % 5 !== 0) continue;
      const store = open(String(point));
      if (await crashAndResume(store, { at: [point], oracle: summary, reference: REGIONS })) crashes += 1;
      await store.close();
    }
    expect(crashes).toBeGreaterThan(40);
  });

  it("goes on from its journal alone, where its checkpoints are lost", patiently, async () => {
    const { points, summary } = await liveThrough(memoryStore(), REGIONS);
    let resumed = 0;
    for (const [index, name] of points.entries()) {
      if (!name.endsWith("commit")) continue;
      const store = withoutCheckpoints(memoryStore());
      await crashAndResume(store, { at: [index + 1], oracle: summary, reference: REGIONS });
      if (store.rebuilt > 0) resumed += 1;
    }
    expect(resumed).toBe(points.filter((name) => name.endsWith("commit")).length - 2);
  });
});
