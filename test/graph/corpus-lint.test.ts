import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { lint } from "../../src/graph/lint.ts";
import { parsePipeline } from "../../src/graph/parser.ts";

/** Real pipelines of other systems, beside the checkout. */
const CORPUS = new URL("../../../shared/corpus/", import.meta.url);
/** Pseudo-code around a graph: refused by the parser. */
const NO_DOT = "docs--strongdm--dot-specs--simple_example_integration_smoke_test.dot";

const files = readdirSync(CORPUS, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".dot") && !name.endsWith(NO_DOT),
);

function rulesOf(file: string, severity: string): string[] {
  const found = lint(parsePipeline(readFileSync(new URL(file, CORPUS), "utf8")));
  return [...new Set(found.filter((each) => each.severity === severity).map(({ rule }) => rule))].sort();
}

describe("real pipelines", () => {
  it("there are some", () => {
    expect(files.length).toBeGreaterThan(30);
  });

  it.each(files)("%s has no error", (file) => {
    expect(rulesOf(file, "error")).toEqual([]);
  });

  it("what is said of some of them", () => {
    expect(rulesOf("forge/examples--03-parallel-triage-and-fanin.dot", "warning")).toEqual([]);
    expect(rulesOf("forge/examples--03-parallel-triage-and-fanin.dot", "info")).toEqual(["alias", "bare_duration"]);
    expect(rulesOf("kilroy/docs--strongdm--dot-specs--consensus_task.dot", "warning")).toContain("ambiguous_edges");
    expect(rulesOf("kilroy/docs--strongdm--dot-specs--semport.dot", "warning")).toContain("failure_has_no_route");
  });
});
