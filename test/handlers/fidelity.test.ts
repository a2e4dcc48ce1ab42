import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Fidelity,
  fidelityOf,
  PREAMBLE_CHARS_MAX,
  preambleFor,
  threadOf,
} from "../../src/actors/handlers/fidelity.ts";

const history = Array.from({ length: 30 }, (_, index) => ({
  node: `n${index}`,
  stage: `main/n${index}@1`,
  status: index % 2 ? "success" : "fail",
  ...(index % 2 ? { notes: `note ${index}` } : { failureReason: `reason ${index}` }),
}));
const source = {
  runId: "r1",
  goal: "Ship it",
  history,
  context: { color: "red", list: [1, 2], "internal.x": "hidden" },
};

describe("fidelity", () => {
  it("goes by edge, node, graph, and is compact without any", () => {
    const edge = { fidelity: "truncate" };
    const node = { fidelity: "summary:low" };
    const graph = { default_fidelity: "full" };
    expect(fidelityOf({ edge, node, graph })).toBe("truncate");
    expect(fidelityOf({ edge: {}, node, graph })).toBe("summary:low");
    expect(fidelityOf({ node: {}, graph })).toBe("full");
    expect(fidelityOf({ node: {}, graph: {} })).toBe("compact");
    expect(fidelityOf({ edge: { fidelity: "everything" }, node, graph })).toBe("summary:low");
    expect(fidelityOf({ node: { fidelity: "toString" }, graph: {} })).toBe("compact");
  });

  it("finds the thread: node, edge, graph, subgraph, the node before", () => {
    const all = {
      node: { thread_id: "n" },
      edge: { thread_id: "e" },
      graph: { thread_id: "g" },
      subgraph: "s",
      from: "f",
    };
    expect(threadOf(all)).toBe("n");
    expect(threadOf({ ...all, node: {} })).toBe("e");
    expect(threadOf({ ...all, node: {}, edge: {} })).toBe("g");
    expect(threadOf({ ...all, node: {}, edge: {}, graph: {} })).toBe("s");
    expect(threadOf({ node: { thread_id: "" }, graph: {}, from: "f" })).toBe("f");
    expect(threadOf({ node: {}, graph: {} })).toBe("main");
  });
});

describe("the preamble", () => {
  it("says more with every step, and nothing of the engine's own keys", () => {
    expect(preambleFor({ ...source, fidelity: "full" })).toBe("");
    expect(preambleFor({ ...source, fidelity: "truncate" })).toBe("Run: r1\nGoal: Ship it");
    const compact = preambleFor({ ...source, fidelity: "compact" });
    expect(compact).toMatch(
      /^Run: r1\nGoal: Ship it\n\nStages so far, newest first:\n- n29: success \(note 29\)\n- n28: fail \(reason 28\)/,
    );
    expect(compact).toMatch(/\n\nContext:\n- color: red\n- list: \[1,2\]$/);
    expect(compact).not.toMatch(/hidden/);
    expect(preambleFor({ ...source, history: [], context: {}, goal: "", fidelity: "compact" })).toBe("Run: r1");
  });

  it("is bounded, and counts what it leaves out", () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ node: `n${index}`, stage: "s", status: "success" }));
    const text = preambleFor({ ...source, history: many, fidelity: "summary:low" });
    const shown = text.split("\n").filter((line) => /^- n\d+: success$/.test(line)).length;
    expect(shown).toBeGreaterThan(10);
    expect(text).toContain(`- … ${1_000 - shown} more`);
    const kinds = Object.keys(PREAMBLE_CHARS_MAX) as Fidelity[];
    const texts = fc.string({ maxLength: 3_000 });
    const stages = fc.array(fc.record({ node: texts, stage: texts, status: texts, notes: texts }), { maxLength: 30 });
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        texts,
        stages,
        fc.dictionary(texts, texts),
        (fidelity, goal, past, context) => {
          const made = preambleFor({ fidelity, goal, runId: "r", history: past, context });
          expect(made.length).toBeLessThanOrEqual(PREAMBLE_CHARS_MAX[fidelity]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
