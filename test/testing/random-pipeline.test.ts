import { expect, it } from "vitest";
import { lint, parsePipeline } from "../../src/index.ts";
import { randomPipeline, seededRandom } from "../../src/testing/index.ts";

it("random pipelines have no lint errors, are those of their seed, and use every part there is", () => {
  const seen = new Set<string>();
  const marks = [
    "max_retries",
    "timeout=",
    "insulator",
    "hexagon",
    "default_choice",
    "diamond",
    "goal_gate",
    "max_visits",
  ];
  for (let seed = 1; seed <= 200; seed += 1) {
    const pipeline = randomPipeline(seededRandom(seed));
    expect(randomPipeline(seededRandom(seed))).toEqual(pipeline);
    const errors = lint(parsePipeline(pipeline.source), { types: new Set(["work"]) }).filter(
      ({ severity }) => severity === "error",
    );
    expect(errors, pipeline.source).toEqual([]);
    for (const mark of marks) if (pipeline.source.includes(mark)) seen.add(mark);
  }
  expect([...seen].sort()).toEqual(marks.toSorted());
});

it("does not grow beyond what it is told", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    expect(randomPipeline(seededRandom(seed), { partsMax: 1 }).source).not.toContain("p1");
  }
});
