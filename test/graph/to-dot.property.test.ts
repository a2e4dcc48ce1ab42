import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePipeline, readPipeline } from "../../src/graph/parser.ts";
import { toDot } from "../../src/graph/to-dot.ts";
import { dotText as anyText, essence } from "./dot-arbitrary.ts";

/** Without the texts that open one subgraph in two places. */
const dotText = anyText.filter((text) => readPipeline(text).graph !== undefined);

test("what is printed reads back as the same graph, whatever the text was", () => {
  fc.assert(
    fc.property(dotText, (text) => {
      const graph = parsePipeline(text);
      const again = parsePipeline(toDot(graph));
      expect(essence(again)).toEqual(essence(graph));
    }),
    { numRuns: 1500 },
  );
});

test("printing is stable: the print of the print is the same text", () => {
  fc.assert(
    fc.property(dotText, (text) => {
      const once = toDot(parsePipeline(text));
      expect(toDot(parsePipeline(once))).toBe(once);
    }),
    { numRuns: 500 },
  );
});

test("a printed graph has nothing left to normalise but its undeclared nodes and unknown shapes", () => {
  fc.assert(
    fc.property(dotText, (text) => {
      const again = parsePipeline(toDot(parsePipeline(text)));
      expect(again.notes.filter((note) => note.rule === "alias" || note.rule === "bare_duration")).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
