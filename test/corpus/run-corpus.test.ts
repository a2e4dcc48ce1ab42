/** The pipelines of other systems run to the end that the rules say, whatever their stages come to. */
import { describe, expect, it } from "vitest";
import { parsePipeline } from "../../src/index.ts";
import { PIPELINES, readPipelineFile } from "./corpus.ts";
import { EXPECTED } from "./expected-paths.ts";
import { isOf, placeOf, type Ran, runScenario } from "./scenario.ts";

it("every pipeline of the corpus has its scenarios", () => {
  const known = Object.keys(EXPECTED).sort();
  expect(known).toHaveLength(34);
  expect([[], known]).toContainEqual(PIPELINES);
});

it("every pipeline is seen to succeed and to fail", () => {
  for (const [file, scenarios] of Object.entries(EXPECTED)) {
    expect(
      scenarios.map(({ ends }) => ends),
      file,
    ).toContain("completed");
    expect(
      scenarios.some(({ ends }) => ends !== "completed"),
      file,
    ).toBe(true);
    expect(new Set(scenarios.map(({ name }) => name)).size, file).toBe(scenarios.length);
  }
});

/** 03 §4: a failure goes on by a true condition, to a conditional, or to a retry target; and never ends well. */
function expectNoFailureForgotten(file: string, { entries, ends }: Ran): void {
  const graph = parsePipeline(readPipelineFile(file));
  const typeOf = (node: string) => graph.nodes.find(({ id }) => id === node)?.type;
  const failed = new Set(
    entries.filter((entry) => isOf(entry, "stage.failed")).map(({ runId, stage }) => `${runId} ${stage}`),
  );
  let last = "success";
  for (const entry of entries) {
    const { branch, node } = placeOf(entry);
    // What a branch comes to is for its join to judge.
    const isOnMain = branch === "main";
    if (isOnMain && isOf(entry, "stage.failed") && typeOf(node) !== "conditional") last = "fail";
    if (isOnMain && isOf(entry, "stage.succeeded") && entry.data.kind === undefined) last = entry.data.outcome.status;
    if (!isOf(entry, "edge.selected") || !failed.has(`${entry.runId} ${entry.stage}`)) continue;
    if (typeOf(entry.data.from) !== "conditional")
      expect(["unconditional", "preferred_label", "suggested_id"]).not.toContain(entry.data.rule);
  }
  if (ends === "completed") expect(last).not.toBe("fail");
}

if (PIPELINES.length > 0) {
  describe.each(Object.entries(EXPECTED))("%s", (file, scenarios) => {
    it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))("%s", async (_name, scenario) => {
      const ran = await runScenario(readPipelineFile(file), scenario);
      expect({ path: ran.path, ends: ran.ends }).toEqual({ path: scenario.path, ends: scenario.ends });
      expectNoFailureForgotten(file, ran);
    });
  });
}
