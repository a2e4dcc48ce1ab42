import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore, temporaryFolder } from "../persistence/temporary.ts";
import { crashAndResume, liveThrough, SWEEP_PATIENCE_MS } from "./crash-case.ts";

describe("a process that dies, over a SQLite file", () => {
  it("leaves a run that ends as if nothing had happened, whichever point it died at", {
    timeout: SWEEP_PATIENCE_MS,
  }, async () => {
    const folder = temporaryFolder();
    const open = (name: string) => openStore(join(folder, `${name}.db`));
    const { points, summary } = await liveThrough(open("oracle"));
    expect(points.length).toBeGreaterThan(140);
    for (const [index, name] of points.entries()) {
      const point = index + 1;
      // What a store can do wrong is after its commits; the sweeps in memory and of processes have all the rest.
      if (name !== "after commit" && point % 4 !== 0) continue;
      const store = open(String(point));
      expect(await crashAndResume(store, { at: [point], oracle: summary })).toBe(true);
      await store.close();
    }
  });
});
