/** Every piece of DOT in the documents is a pipeline that lint has nothing against, or a piece of one. */
import { describe, expect, it } from "vitest";
import { lint } from "../../src/graph/lint.ts";
import { parsePipeline } from "../../src/graph/parser.ts";
import { projectPaths, readSource } from "../tidy/sources.ts";

const pieces = projectPaths()
  .filter((path) => path.endsWith(".md") && (path === "README.md" || path.startsWith("docs/")))
  .flatMap((path) =>
    [...readSource(path).text.matchAll(/^```dot\n([\s\S]*?)^```$/gm)].map((match, index) => ({
      name: `${path} #${index + 1}`,
      code: match[1] ?? "",
    })),
  );

it("finds the pieces", () => expect(pieces.length).toBeGreaterThan(3));

describe("DOT of", () => {
  it.each(pieces)("$name", ({ code }) => {
    const whole = code.startsWith("digraph");
    const graph = parsePipeline(whole ? code : `digraph piece {\n${code}\n}`);
    const inPieces = new Set(["start_node", "terminal_node", "reachability"]);
    const found = lint(graph).filter(({ rule, severity }) => severity !== "info" && (whole || !inPieces.has(rule)));
    expect(found.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([]);
  });
});
