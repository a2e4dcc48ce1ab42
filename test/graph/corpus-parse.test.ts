import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { isSafepointError } from "../../src/errors.ts";
import { parsePipeline, readPipeline } from "../../src/graph/parser.ts";
import { toDot } from "../../src/graph/to-dot.ts";
import { essence } from "./dot-arbitrary.ts";

/** Pipelines of other systems, beside the checkout where there are some. */
const CORPUS = resolve(import.meta.dirname, "../../../shared/corpus");
const NOT_DOT = "docs--strongdm--dot-specs--simple_example_integration_smoke_test.dot";
/** Every position takes half a minute: SAFEPOINT_EXHAUSTIVE=1. Else every fifth. */
const TRUNCATION_STRIDE = process.env["SAFEPOINT_EXHAUSTIVE"] === "1" ? 1 : 5;

const files = existsSync(CORPUS) ? globSync("*/*.dot", { cwd: CORPUS }).sort() : [];
const read = (file: string): string => readFileSync(resolve(CORPUS, file), "utf8");
const pipelines = files.filter((file) => basename(file) !== NOT_DOT);

test("the corpus is either absent or whole", () => {
  expect([0, 35]).toContain(files.length);
});

if (files.length > 0) {
  describe("pipelines of other systems", () => {
    test.each(pipelines)("%s parses, has a start, an exit and no errors", (file) => {
      const graph = parsePipeline(read(file), { file });
      const types = graph.nodes.map((node) => node.type);
      expect(types.filter((type) => type === "start")).toHaveLength(1);
      expect(types).toContain("exit");
      expect(graph.nodes.filter((node) => !node.declared)).toEqual([]);
      expect(graph.notes.filter((note) => note.severity === "error")).toEqual([]);
    });

    test.each(pipelines)("%s is the same after printing", (file) => {
      const graph = parsePipeline(read(file));
      expect(essence(parsePipeline(toDot(graph)))).toEqual(essence(graph));
    });

    test("pseudo-code around a graph is refused at its first line, with a caret", () => {
      const file = files.find((each) => basename(each) === NOT_DOT) ?? "";
      expect(() => parsePipeline(read(file), { file: NOT_DOT })).toThrow(
        [
          `${NOT_DOT}:1:1: expected "digraph", found "--"`,
          "  1 | -- Test pipeline: plan -> implement -> review -> done",
          "    | ^",
        ].join("\n"),
      );
    });

    test.each(files)("%s cut off anywhere is a diagnostic, never a crash", (file) => {
      const text = read(file);
      const complete = text.trimEnd().length;
      for (let length = 0; length < complete; length += TRUNCATION_STRIDE) {
        const { graph, diagnostics } = readPipeline(text.slice(0, length));
        // Only the last brace completes a pipeline; whatever follows it is a comment.
        if (graph) expect(text.slice(length)).not.toMatch(/^[^/#]*\}/);
        else expect(diagnostics).toMatchObject([{ rule: "syntax", severity: "error" }]);
      }
    });
  });

  test("what the corpus is like: nodes, edges, and what was normalised", () => {
    const graphs = pipelines.map((file) => parsePipeline(read(file)));
    const notes = Object.groupBy(
      graphs.flatMap((graph) => graph.notes),
      (note) => note.rule,
    );
    const counts = Object.fromEntries(Object.entries(notes).map(([rule, all]) => [rule, all?.length]));
    expect(Object.keys(counts).sort()).toEqual(["alias", "bare_duration", "inert_attribute", "shape_known"]);
    expect(graphs.reduce((sum, graph) => sum + graph.edges.length, 0)).toBeGreaterThan(600);
  });
}

test("errors of the parser are Safepoint's own", () => {
  expect.assertions(1);
  try {
    parsePipeline("digraph {");
  } catch (thrown) {
    expect(isSafepointError(thrown)).toBe(true);
  }
});
