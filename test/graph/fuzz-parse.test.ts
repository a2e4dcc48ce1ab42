import { existsSync, globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readPipeline } from "../../src/graph/parser.ts";
import { dotText } from "./dot-arbitrary.ts";

/** Any text gives a graph or one diagnostic with a place in the text; anything thrown fails the test. */
function judge(text: string): void {
  const { graph, diagnostics } = readPipeline(text);
  const lines = text.split("\n");
  for (const { line, column, rule } of diagnostics) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
    if (!graph) expect(rule).toBe("syntax");
  }
  if (!graph) expect(diagnostics).toHaveLength(1);
}

const FRAGMENTS = [
  "digraph",
  "subgraph",
  "graph",
  "node",
  "edge",
  "strict",
  "{",
  "}",
  "[",
  "]",
  "=",
  "->",
  "--",
  ";",
  ",",
  ":",
];
const MORE = [
  '"',
  "'",
  "\\",
  "\n",
  "\r\n",
  "<",
  ">",
  "/*",
  "*/",
  "//",
  "#",
  "+",
  " ",
  "a",
  "b-c",
  "-1",
  "900s",
  "__proto__",
  "\ufeff",
  "\0",
  "“",
];
const soup = fc.array(fc.constantFrom(...FRAGMENTS, ...MORE), { maxLength: 60 }).map((parts) => parts.join(""));

test("any string", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), judge), { numRuns: 3000 });
});

test("any bytes", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, (data) => judge(Buffer.from(data).toString("latin1"))),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(bytes, (data) => judge(new TextDecoder().decode(data))),
    { numRuns: 1000 },
  );
});

test("the language's own pieces in any order, alone and inside of a graph", () => {
  fc.assert(fc.property(soup, judge), { numRuns: 3000 });
  fc.assert(
    fc.property(soup, (text) => judge(`digraph { ${text} }`)),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(soup, (text) => judge(`digraph { a [${text}] }`)),
    { numRuns: 2000 },
  );
});

const CORPUS = resolve(import.meta.dirname, "../../../shared/corpus");
const found = existsSync(CORPUS) ? globSync("*/*.dot", { cwd: CORPUS }).sort() : [];
const texts = found.map((file) => readFileSync(resolve(CORPUS, file), "utf8"));
/** A pipeline, from the corpus where there is one. */
const pipeline = texts.length > 0 ? fc.oneof(fc.constantFrom(...texts), dotText) : dotText;
const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(20), put: soup });

test("pipelines with pieces cut out and put in", () => {
  const edited = fc.tuple(pipeline, fc.array(edit, { minLength: 1, maxLength: 4 })).map(([text, edits]) => {
    return edits.reduce((now, { at, cut, put }) => {
      const place = Math.floor(at * now.length);
      return now.slice(0, place) + put + now.slice(place + cut);
    }, text);
  });
  fc.assert(fc.property(edited, judge), { numRuns: 1000 });
});

/** Each is a megabyte or more of what a careless parser takes quadratic time, or a deep stack, for. */
test.each<[string, string]>([
  ["one line of many nodes", `digraph { ${"a;".repeat(500_000)} }`],
  ["one line of many attributes", `digraph { a [${'b="c" '.repeat(200_000)}] }`],
  ["one long chain", `digraph { a${" -> a".repeat(90_000)} }`],
  ["many backslashes", `digraph { a [x="${"\\\\".repeat(1_000_000)}"] }`],
  ["many newlines", `digraph {${"\n".repeat(2_000_000)}}`],
  ["many open braces", `digraph ${"{".repeat(2_000_000)}`],
  ["many open brackets", `digraph { a ${"[".repeat(2_000_000)}`],
  ["many open angles", `digraph { a [x=${"<".repeat(2_000_000)}] }`],
  ["many comments never closed", `digraph { ${"/* ".repeat(500_000)}`],
  ["many quotes", `digraph { ${'"'.repeat(2_000_001)}`],
  ["a long word", `digraph { ${"a".repeat(4_000_000)} }`],
  ["a long word with hyphens", `digraph { ${"a-".repeat(1_000_000)} }`],
  ["a long label full of blanks", `digraph { subgraph s { label="${" -".repeat(1_000_000)}" a } }`],
  ["a long class full of commas", `digraph { a [class="${", ".repeat(1_000_000)}"] }`],
  ["a long condition", `digraph { a -> b [condition="${"outcome=failed && ".repeat(250_000)}x"] }`],
  ["a long duration", `digraph { a [timeout="${"1".repeat(2_000_000)}"] }`],
  ["a long number", `digraph { a [x=${"1".repeat(2_000_000)}] }`],
  ["braces opened and closed", `digraph { ${"{a}".repeat(500_000)} }`],
  ["many subgraphs", `digraph { ${Array.from({ length: 100_000 }, (_, i) => `subgraph s${i}{}`).join("")} }`],
  ["many defaults", `digraph { ${Array.from({ length: 100_000 }, (_, i) => `node[a${i}=1]`).join("")} }`],
  ["nested groups as ends of edges", `digraph { ${"{".repeat(99)}${"a ".repeat(100_000)}${"} -> b".repeat(99)} }`],
])("%s: bounded", { timeout: 10_000 }, (_what, text) => {
  judge(text);
});
