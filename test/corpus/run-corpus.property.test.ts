/** Whatever the stages of the corpus come to: the runs go where a second reading of the rules goes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Graph, type Outcome, parsePipeline } from "../../src/index.ts";
import { PIPELINES, readPipelineFile } from "./corpus.ts";
import { EXPECTED } from "./expected-paths.ts";
import { walk } from "./oracle.ts";
import { runScenario, type Script } from "./scenario.ts";

/** Longer walks are cycles that come to a limit after a thousand visits: true, and slow. */
const VISITS_MAX = 400;
const RUNS = 12;

const COMMON = ["success", "success", "fail", "fail", "retry", "partial_success", "skipped", "needs_work"];

/** The words a pipeline's conditions test, and those that any handler may say. */
function wordsOf(graph: Graph): string[] {
  const conditions = graph.edges.map(({ attributes }) => String(attributes["condition"] ?? ""));
  return [
    ...COMMON,
    ...conditions.flatMap((text) => [...text.matchAll(/outcome\s*!?=\s*(\w+)/g)].map(([, word]) => word ?? "")),
  ];
}

function outcomes(graph: Graph): fc.Arbitrary<string | Outcome> {
  const word = fc.constantFrom(...wordsOf(graph));
  const updates = fc.record(
    {
      failure_class: fc.constantFrom("transient_infra", "deterministic"),
      drift_found: fc.constantFrom<(string | boolean)[]>(true, false, "true", "false"),
    },
    { requiredKeys: [] },
  );
  return fc.oneof(word, fc.record({ status: word, contextUpdates: updates }));
}

function scripts(graph: Graph): fc.Arbitrary<Script> {
  const stages = graph.nodes.filter(({ type }) => type === "codergen" || type === "tool").map(({ id }) => id);
  return fc.dictionary(fc.constantFrom(...stages), fc.array(outcomes(graph), { minLength: 1, maxLength: 5 }), {
    maxKeys: 6,
  });
}

function choices(graph: Graph): fc.Arbitrary<Record<string, number[]>> {
  const gates = graph.nodes.filter(({ type }) => type === "wait.human");
  const edgesOf = (id: string) => graph.edges.filter(({ from }) => from === id).length;
  return fc.record(
    Object.fromEntries(
      // The first option at the end, so that no gate is asked for ever.
      gates.map(({ id }) => [id, fc.array(fc.nat(edgesOf(id) - 1), { maxLength: 3 }).map((some) => [...some, 0])]),
    ),
  );
}

if (PIPELINES.length > 0) {
  describe.each(PIPELINES)("%s", (file) => {
    const source = readPipelineFile(file);
    const graph = parsePipeline(source);

    it("goes where the rules say, for any outcomes", async () => {
      const label = (node: string, choice: number) =>
        String(graph.edges.filter(({ from }) => from === node)[choice]?.attributes["label"]);
      await fc.assert(
        fc.asyncProperty(scripts(graph), choices(graph), async (script, chosen) => {
          const expected = walk(graph, { script, choices: chosen, visitsMax: VISITS_MAX });
          fc.pre(expected.ends !== "too_long");
          const answers = Object.fromEntries(
            Object.entries(chosen).map(([node, each]) => [node, each.map((choice) => label(node, choice))]),
          );
          const { path, ends } = await runScenario(source, { script, answers });
          expect({ path, ends }).toEqual(expected);
        }),
        { numRuns: RUNS },
      );
    });
  });
}

it("the second reading agrees with the table of expected paths", () => {
  const compared = Object.entries(EXPECTED).flatMap(([file, scenarios]) => {
    if (!PIPELINES.includes(file)) return [];
    const graph = parsePipeline(readPipelineFile(file));
    return scenarios
      .filter(({ scripts: each, answers, script = {} }) => {
        const usesLabels = JSON.stringify(script).match(/preferredLabel|suggestedNextIds/);
        return each === undefined && answers === undefined && usesLabels === null;
      })
      .map(({ name, script = {}, path, ends }) => ({
        expected: { file, name, path, ends },
        found: { file, name, ...walk(graph, { script, choices: {}, visitsMax: 10_000 }) },
      }));
  });
  expect(compared.map(({ found }) => found)).toEqual(compared.map(({ expected }) => expected));
  expect(compared.length).toBeGreaterThan(PIPELINES.length > 0 ? 120 : -1);
});
