import { describe, expect, it } from "vitest";
import type { Diagnostic, Graph } from "../../src/graph/graph.ts";
import { nearestName } from "../../src/graph/lint/nearest-name.ts";
import { BUILT_IN_TYPES, LINT_RULES, type LintOptions, lint } from "../../src/graph/lint.ts";
import { parsePipeline, readPipeline } from "../../src/graph/parser.ts";
import { handMade } from "./hand-made.ts";
import { ATTRIBUTES_CASES } from "./lint-cases/attributes.ts";
import { REGIONS_CASES } from "./lint-cases/regions.ts";
import { ROUTING_CASES } from "./lint-cases/routing.ts";
import { STRUCTURE_CASES } from "./lint-cases/structure.ts";
import { TEXTS_CASES } from "./lint-cases/texts.ts";

const LINT_CASES = [...STRUCTURE_CASES, ...ATTRIBUTES_CASES, ...TEXTS_CASES, ...ROUTING_CASES, ...REGIONS_CASES];

const AROUND = "digraph g { start [shape=Mdiamond]; exit [shape=Msquare]; start -> exit [weight=-1, label=aside]";

/** The statements begin at line 2. */
function linted(statements: string, options?: LintOptions): Diagnostic[] {
  return lint(parsePipeline(`${AROUND}\n${statements}\n}`), options);
}

function of(rule: string, found: readonly Diagnostic[]): readonly Diagnostic[] {
  return found.filter((each) => each.rule === rule);
}

describe.each(LINT_CASES)("$rule: $name", ({ rule, bad, good, says, fix, times, options }) => {
  it("is found, at its place", () => {
    const place = { line: 2, column: bad.indexOf("¦") + 1 };
    const found = of(rule, linted(bad.replace("¦", ""), options));
    const there = found.find(({ line, column }) => line === place.line && column === place.column);
    expect(found.map(({ line, column }) => ({ line, column }))).toContainEqual(place);
    expect(there?.message).toContain(says);
    expect(there?.severity).toBe(LINT_RULES.find(({ name }) => name === rule)?.severity);
    expect(found).toHaveLength(times ?? 1);
    if (fix !== undefined) expect(there?.fix).toBe(fix);
  });

  it("is not found where all is well", () => {
    const found = linted(good, options);
    expect(of(rule, found)).toEqual([]);
    expect(found.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

describe("rules that need no start or no text", () => {
  it("start_node and terminal_node where there is none", () => {
    const found = lint(parsePipeline("digraph { a [prompt=p] }"));
    expect(found.map(({ rule, line, column }) => [rule, line, column])).toEqual([
      ["start_node", 1, 1],
      ["terminal_node", 1, 1],
    ]);
    expect(of("terminal_node", lint(parsePipeline("digraph { start -> exit; start; exit }")))).toEqual([]);
  });

  it("edge_target_exists in a graph that no parser made", () => {
    const graph = handMade({ edges: [["start", "exit"]] });
    const broken: Graph = { ...graph, nodes: graph.nodes.filter(({ id }) => id !== "exit") };
    expect(of("edge_target_exists", lint(broken))).toMatchObject([{ edge: "start->exit", severity: "error" }]);
    expect(of("edge_target_exists", lint(graph))).toEqual([]);
  });

  it("syntax is what an unreadable text has", () => {
    expect(readPipeline("graph { a -- b }").diagnostics).toMatchObject([
      { rule: "syntax", severity: "error", line: 1 },
    ]);
    expect(of("syntax", linted(""))).toEqual([]);
  });
});

describe("the table", () => {
  it("has a case for every rule, and each name once", () => {
    const names = LINT_RULES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const shown = new Set<string>(LINT_CASES.map(({ rule }) => rule));
    expect(names.filter((name) => !shown.has(name))).toEqual(["syntax", "terminal_node", "edge_target_exists"]);
  });

  it("says one sentence each", () => {
    for (const { name, summary } of LINT_RULES) expect(summary, name).toMatch(/^[A-Z][^.]*\.$/);
  });
});

describe("lint", () => {
  it("a sound pipeline has nothing to say", () => {
    expect(linted("a [prompt=p]; start -> a -> exit")).toEqual([]);
  });

  it("sorts by place and keeps the notes of the parser", () => {
    const found = linted("b [llm_prompt=p, wrong=1]\na [prompt=p, timeout=5]\nstart -> b -> a -> exit");
    expect(found.map(({ rule, line }) => [rule, line])).toEqual([
      ["alias", 2],
      ["unknown_attribute", 2],
      ["bare_duration", 3],
    ]);
  });

  it("names node and edge", () => {
    expect(linted("start -> a -> exit; a [prompt=p, k=1]; a -> exit")).toMatchObject([
      { rule: "inert_attribute", node: "a" },
      { rule: "duplicate_edge", edge: "a->exit" },
    ]);
  });

  it("custom rules report beside the others, in place", () => {
    const rule = {
      name: "no_secrets",
      severity: "error" as const,
      check(
        graph: Graph,
        report: (finding: { message: string; node?: Graph["nodes"][number]; attribute?: string }) => void,
      ) {
        for (const node of graph.nodes) {
          if (/password/.test(String(node.attributes["prompt"])))
            report({ message: "a secret", node, attribute: "prompt" });
        }
      },
    };
    const found = linted("start -> a -> exit; a [label=x, prompt=password]", { rules: [rule] });
    expect(found).toEqual([
      { rule: "no_secrets", severity: "error", message: "a secret", node: "a", line: 2, column: 33 },
    ]);
  });

  it("a custom rule that throws, or takes a shipped name, is named", () => {
    const broken = {
      name: "broken",
      severity: "info" as const,
      check: () => {
        throw new Error("oops");
      },
    };
    expect(() => linted("", { rules: [broken] })).toThrow(/lint rule broken: oops/);
    const taken = { name: "start_node", severity: "info" as const, check: () => {} };
    expect(() => linted("", { rules: [taken] })).toThrow(/name of its own/);
  });

  it("knows the types that ship", () => {
    expect(BUILT_IN_TYPES.has("stack.manager_loop")).toBe(true);
    expect(BUILT_IN_TYPES.has("constructor")).toBe(false);
  });

  it("suggests no declared node that is far, or numbered otherwise", () => {
    const found = of(
      "undeclared_node",
      linted("{node [prompt=p] step1 build} start -> step1 -> build -> step2 -> other -> exit"),
    );
    expect(found.map(({ node }) => node)).toEqual(["step2", "other"]);
    for (const { message, fix } of found) expect(`${message} ${fix}`).not.toMatch(/did you mean|step1|build/);
  });

  it("suggests nothing where there is too much to compare, and stays fast", () => {
    const names = Array.from(
      { length: 5_000 },
      (_, at) => `node_${String(at).replace(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "")}`,
    );
    const declared = names.map((name) => `${name} [prompt=p]`).join(";");
    const found = of(
      "undeclared_node",
      linted(`${declared}; ${names.map((name) => `start -> ${name}x -> exit`).join(";")}`),
    );
    expect(found).toHaveLength(5_000);
    expect(found.filter(({ message }) => message.includes("did you mean"))).toHaveLength(19);
  });

  it("says nothing of a dead end that an error explains", () => {
    expect(of("dead_end", linted("a [prompt=p]"))).toEqual([]);
    expect(of("dead_end", lint(parsePipeline("digraph { start -> a; start; a [prompt=p] }")))).toEqual([]);
  });

  it("suggests only names that are near", () => {
    const known = ["max_retries", "goal_gate", "k", "items"];
    expect(nearestName("max_retires", known)).toBe("max_retries");
    expect(nearestName("goal-gate", known)).toBe("goal_gate");
    expect(nearestName("itmes", known)).toBe("items");
    expect(nearestName("x", known)).toBeUndefined();
    expect(nearestName("colour", known)).toBeUndefined();
    expect(nearestName("m".repeat(100_000), known)).toBeUndefined();
  });
});
