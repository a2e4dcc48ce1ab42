import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { crashAndResume, liveThrough, SWEEP_PATIENCE_MS } from "./crash-case.ts";
import { withoutCheckpoints } from "./rebuilt-checkpoints.ts";

describe("a run whose checkpoints are lost with its process", () => {
  it("goes on from its journal alone, with the same steps, whichever commit it died at", {
    timeout: SWEEP_PATIENCE_MS,
  }, async () => {
    const { points, summary } = await liveThrough(memoryStore());
    let resumed = 0;
    for (const [index, name] of points.entries()) {
      if (!name.endsWith("commit")) continue;
      const store = withoutCheckpoints(memoryStore());
      await crashAndResume(store, { at: [index + 1], oracle: summary });
      if (store.rebuilt > 0) resumed += 1;
    }
    // All but those before the first commit and after the last.
    expect(resumed).toBe(points.filter((name) => name.endsWith("commit")).length - 2);
  });
});
