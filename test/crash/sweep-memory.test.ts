import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { crashAndResume, liveThrough, SWEEP_PATIENCE_MS } from "./crash-case.ts";

describe("a process that dies, over a store in memory", () => {
  it("leaves a run that ends as if nothing had happened, whichever point it died at", {
    timeout: SWEEP_PATIENCE_MS,
  }, async () => {
    const oracle = await liveThrough(memoryStore());
    expect(oracle.summary.status).toBe("completed");
    // 36 commits and 22 executions with their effects; a pipeline that shrank would prove less.
    expect(oracle.points.length).toBeGreaterThan(140);
    let crashes = 0;
    while (await crashAndResume(memoryStore(), { at: [crashes + 1], oracle: oracle.summary })) crashes += 1;
    expect(crashes).toBe(oracle.points.length);
  });
});
