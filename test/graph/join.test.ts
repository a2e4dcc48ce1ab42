import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Attributes, Graph } from "../../src/graph/graph.ts";
import { findJoin, findJoinThoroughly } from "../../src/graph/join.ts";
import { nodesOnEveryPath } from "../../src/graph/join-paths.ts";
import { walkGraph } from "../../src/graph/join-search.ts";
import { handMade } from "./hand-made.ts";

type Edge = [from: string, to: string, attributes?: Attributes];

/** `"a>b>c; a>d"` as edges. */
function drawn(text: string): Edge[] {
  return text.split(";").flatMap((chain) => {
    const ids = chain
      .trim()
      .split(">")
      .map((id) => id.trim());
    return ids.slice(1).map((to, at): Edge => [ids[at] ?? "", to]);
  });
}

function graphOf(text: string, nodes: Record<string, Attributes> = {}, extra: Edge[] = []): Graph {
  const { fan, ...others } = nodes;
  return handMade({ nodes: { fan: { type: "parallel", ...fan }, ...others }, edges: [...drawn(text), ...extra] });
}

function told(graph: Graph, fanOut = "fan"): { join: string | undefined; rule: string; region: string[] } {
  const { join, rule, region } = findJoin(graph, fanOut);
  return { join, rule, region: [...region].sort() };
}

describe("the rules in their order", () => {
  it("the join attribute wins over a fan-in that is nearer", () => {
    const graph = graphOf("fan>a>f>j>exit; fan>b>f", { fan: { join: "j" }, f: { type: "parallel.fan_in" } });
    expect(told(graph)).toEqual({ join: "j", rule: "attribute", region: ["a", "b", "f"] });
  });

  it("a join attribute that names nothing is passed over", () => {
    expect(told(graphOf("fan>a>j>exit; fan>b>j", { fan: { join: "gone" } }))).toMatchObject({
      join: "j",
      rule: "post_dominator",
    });
    expect(told(graphOf("fan>a>j>exit; fan>b>j", { fan: { join: "fan" } }))).toMatchObject({ join: "j" });
  });

  it("a fan-in that all heads reach wins over a nearer post-dominator", () => {
    const graph = graphOf("fan>a>p>f>exit; fan>b>p", { f: { type: "parallel.fan_in" } });
    expect(told(graph)).toEqual({ join: "f", rule: "fan_in", region: ["a", "b", "p"] });
  });

  it("of two fan-ins the nearer one, by the greatest distance", () => {
    const graph = graphOf("fan>a>x>f1>f2>exit; fan>b>f2; fan>b>f1; b>f1", {
      f1: { type: "parallel.fan_in" },
      f2: { type: "parallel.fan_in" },
    });
    expect(told(graph).join).toBe("f1");
  });

  it("a fan-in reached past the meeting and behind it counts by the shorter way", () => {
    const fanIn = { type: "parallel.fan_in" };
    const graph = graphOf("fan>a>m>end; a>far>far; m>far; a>b>near>a", { near: fanIn, far: fanIn });
    expect(told(graph)).toMatchObject({ join: "far", rule: "fan_in" });
  });

  it("a fan-in that leads nowhere may be reached past the meeting by one head and behind it by the other", () => {
    const fanIn = { type: "parallel.fan_in" };
    const graph = graphOf("fan>a>far>far; fan>m>near>far; a>b>m>end>exit", { near: fanIn, far: fanIn });
    expect(told(graph)).toMatchObject({ join: "far", rule: "fan_in" });
  });

  it("a fan-in that only some heads reach is none", () => {
    const graph = graphOf("fan>a>f>j>exit; fan>b>j", { f: { type: "parallel.fan_in" } });
    expect(told(graph)).toMatchObject({ join: "j", rule: "post_dominator" });
  });

  it("the nearest common post-dominator", () => {
    expect(told(graphOf("start>fan>a>j>k>exit; fan>b>c>j"))).toEqual({
      join: "j",
      rule: "post_dominator",
      region: ["a", "b", "c"],
    });
  });

  it("a post-dominator wins over a common node that is nearer", () => {
    const graph = graphOf("fan>a>m>j>exit; fan>b>m; a>j; b>j; m>j");
    expect(told(graph)).toMatchObject({ join: "j", rule: "post_dominator" });
    const farther = graphOf("fan>a>m>x>j>exit; fan>b>m; a>y>j; b>y");
    expect(told(farther)).toMatchObject({ join: "j", rule: "post_dominator", region: ["a", "b", "m", "x", "y"] });
  });

  it("without one, the nearest node all heads reach; equally near ones in declaration order", () => {
    const graph = graphOf("fan>a>m>dead1; fan>b>m; a>n>dead2; b>n");
    expect(told(graph)).toMatchObject({ join: "m", rule: "nearest_common" });
    const other = graphOf("fan>a>n>dead2; fan>b>n; a>m>dead1; b>m");
    expect(told(other)).toMatchObject({ join: "n", rule: "nearest_common" });
  });

  it("branches that meet at the exit alone have it as their join", () => {
    expect(told(graphOf("fan>a>exit; fan>b>exit"))).toEqual({ join: "exit", rule: "common_exit", region: ["a", "b"] });
  });

  it("branches that meet nowhere have none", () => {
    const graph = graphOf("fan>a>exit; fan>b>other", { other: { type: "exit" } });
    expect(told(graph)).toEqual({ join: undefined, rule: "none", region: ["a", "b"] });
    expect(told(graphOf("fan>a; fan>b"))).toEqual({ join: undefined, rule: "none", region: ["a", "b"] });
  });
});

describe("heads", () => {
  it("are the unconditional edges, in declaration order, also twice to one node", () => {
    const graph = graphOf("fan>b>j>exit; fan>a>j; fan>b", {}, [
      ["fan", "repair", { condition: "outcome=fail" }],
      ["repair", "exit"],
    ]);
    const { heads, region } = findJoin(graph, "fan");
    expect(heads.map((edge) => edge.to)).toEqual(["b", "a", "b"]);
    expect(region.has("repair")).toBe(false);
  });

  it("a head may be the join: that branch is empty", () => {
    expect(told(graphOf("fan>a>j>exit; fan>j"))).toEqual({ join: "j", rule: "post_dominator", region: ["a"] });
  });

  it("but not the head of every branch: then the branches meet behind it", () => {
    expect(told(graphOf("fan>work>next>exit; fan>work"))).toEqual({
      join: "next",
      rule: "post_dominator",
      region: ["work"],
    });
  });

  it("a branch straight to an exit does not keep the others from meeting", () => {
    expect(told(graphOf("fan>a>j>exit; fan>b>j; fan>exit"))).toMatchObject({ join: "j", rule: "post_dominator" });
    expect(told(graphOf("fan>a>exit; fan>exit"))).toMatchObject({ join: "exit", rule: "common_exit" });
    expect(told(graphOf("fan>exit; fan>exit"))).toMatchObject({ join: "exit", rule: "common_exit", region: [] });
  });

  it("no heads, or only the fan-out itself: no join", () => {
    expect(told(graphOf("start>fan"))).toEqual({ join: undefined, rule: "none", region: [] });
    expect(told(graphOf("fan>fan"))).toEqual({ join: undefined, rule: "none", region: [] });
  });
});

describe("traps", () => {
  it("a branch that may abort to the exit still meets the others", () => {
    const graph = graphOf("fan>a>j>after>exit; fan>b>j; a>exit; b>c>exit");
    expect(told(graph)).toMatchObject({ join: "j", region: ["a", "b", "c"] });
    expect(told(graphOf("fan>a>j>exit; fan>b>j; a>exit")).rule).toBe("post_dominator");
  });

  it("a second exit does not matter either", () => {
    const graph = graphOf("fan>a>j>exit; fan>b>j; a>aborted", { aborted: { type: "exit" } });
    expect(told(graph)).toEqual({ join: "j", rule: "post_dominator", region: ["a", "b"] });
  });

  it("a branch that may abort to a report node: the report is inside, the join is the common node", () => {
    const graph = graphOf("fan>a>j>exit; fan>b>j; a>report>exit");
    expect(told(graph)).toEqual({ join: "j", rule: "nearest_common", region: ["a", "b", "report"] });
  });

  it("an edge back from the join to the fan-out does not make the way back part of anything", () => {
    const graph = graphOf("start>fan>a>j>check>exit; fan>b>j; check>repair>fan; a>repair");
    expect(told(graph)).toEqual({ join: "j", rule: "post_dominator", region: ["a", "b"] });
  });

  it("an edge back from the join to a head keeps that head inside", () => {
    expect(told(graphOf("fan>a>j>exit; fan>b>j; j>a"))).toEqual({
      join: "j",
      rule: "post_dominator",
      region: ["a", "b"],
    });
  });

  it("rework from behind the join into the longer branch does not move the join", () => {
    const graph = graphOf("fan>a>x>j>check>exit; fan>b>j; check>a");
    expect(told(graph)).toEqual({ join: "j", rule: "post_dominator", region: ["a", "b", "x"] });
  });

  it("loop_restart edges lead nowhere", () => {
    const graph = graphOf("fan>a>j>exit; fan>b>j", {}, [
      ["a", "far", { loop_restart: true }],
      ["b", "far", { loop_restart: "true" }],
      ["far", "exit"],
    ]);
    expect(told(graph)).toEqual({ join: "j", rule: "post_dominator", region: ["a", "b"] });
  });

  it("a cycle inside a branch changes nothing", () => {
    expect(told(graphOf("fan>a>c>j>exit; c>a; fan>b>j; b>b"))).toEqual({
      join: "j",
      rule: "post_dominator",
      region: ["a", "b", "c"],
    });
  });

  it("what lies behind the join stays outside, also where a branch goes there past it", () => {
    expect(told(graphOf("fan>a>j>after>exit; fan>b>j; a>after"))).toMatchObject({ join: "after" });
    const graph = graphOf("fan>a>j>after>exit; fan>b>j; a>after", { fan: { join: "j" } });
    expect(told(graph)).toEqual({ join: "j", rule: "attribute", region: ["a", "b"] });
  });
});

describe("nested fan-outs", () => {
  const inner = { type: "parallel" };

  it("each finds its own join", () => {
    const graph = graphOf("fan>in>a>ji>jo>exit; in>b>ji; fan>c>jo", { in: inner });
    expect(told(graph)).toEqual({ join: "jo", rule: "post_dominator", region: ["a", "b", "c", "in", "ji"] });
    expect(told(graph, "in")).toEqual({ join: "ji", rule: "post_dominator", region: ["a", "b"] });
  });

  it("two may share one join", () => {
    const graph = graphOf("fan>in>a>j>exit; in>b>j; fan>c>j", { in: inner, j: { type: "parallel.fan_in" } });
    expect(told(graph)).toEqual({ join: "j", rule: "fan_in", region: ["a", "b", "c", "in"] });
    expect(told(graph, "in")).toEqual({ join: "j", rule: "fan_in", region: ["a", "b"] });
  });

  it("an inner branch that goes past its join to the outer one does not take the outer join inside", () => {
    const graph = graphOf("fan>in>a>ji>jo>exit; in>b>ji; fan>c>jo; a>jo", { in: { ...inner, join: "ji" } });
    expect(told(graph, "in")).toEqual({ join: "ji", rule: "attribute", region: ["a", "b"] });
  });

  it("an inner join that only its attribute names counts as a step", () => {
    const graph = graphOf("fan>in>a; in>b; ji>jo>exit; fan>c>jo", { in: { ...inner, join: "ji" } });
    expect(findJoin(graph, "fan").region.has("ji")).toBe(true);
    expect(told(graph).join).toBe("jo");
  });
});

it("is computed once per graph and node", () => {
  const graph = graphOf("fan>a>j>exit; fan>b>j");
  expect(findJoin(graph, "fan")).toBe(findJoin(graph, "fan"));
});

describe("properties", () => {
  const EDGES = fc.array(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 8 })), { maxLength: 16 });

  /** By trying: without the node, no start reaches an end. */
  function onEveryPathByTrying(edges: readonly (readonly [number, number])[], starts: readonly number[]): number[] {
    const nexts = (node: number): number[] => edges.flatMap(([from, to]) => (from === node && to !== 8 ? [to] : []));
    const reachedFrom = (from: readonly number[], banned = -1): number[] => {
      const queue = from.filter((start) => start !== banned);
      for (const node of queue)
        for (const next of nexts(node)) if (next !== banned && !queue.includes(next)) queue.push(next);
      return queue;
    };
    const stops = (node: number): boolean => nexts(node).length === 0;
    const aborts = (node: number): boolean => edges.some(([from, to]) => from === node && to === 8);
    const isEnd = (node: number): boolean => stops(node) || (aborts(node) && !reachedFrom([node]).some(stops));
    if (!reachedFrom(starts).some(isEnd)) return [];
    return [0, 1, 2, 3, 4, 5, 6, 7].filter((node) => !reachedFrom(starts, node).some(isEnd));
  }

  it("nodes on every path are those without which no end is reached", () => {
    fc.assert(
      fc.property(EDGES, fc.uniqueArray(fc.nat({ max: 7 }), { minLength: 1, maxLength: 3 }), (edges, starts) => {
        const nodes = Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].map((n) => [`n${n}`, {}]));
        const graph = handMade({
          nodes: { ...nodes, n8: { type: "exit" } },
          edges: edges.map(([from, to]): Edge => [`n${from}`, `n${to}`]),
        });
        const found = nodesOnEveryPath(walkGraph(graph), starts, { without: -1 });
        expect(found.toSorted()).toEqual(onEveryPathByTrying(edges, starts));
      }),
      { numRuns: 2_000 },
    );
  });

  it("the quick search says what the thorough one says", () => {
    const types = fc.array(fc.constantFrom("codergen", "codergen", "codergen", "parallel.fan_in", "parallel", "exit"), {
      minLength: 9,
      maxLength: 9,
    });
    const edge = fc.tuple(fc.nat({ max: 8 }), fc.nat({ max: 8 }));
    // Mostly forward edges, so that many fan-outs lie on no cycle.
    const forward = edge.map(([a, b]): [number, number] => (a <= b ? [a, b] : [b, a]));
    const edges = fc.array(fc.oneof({ weight: 12, arbitrary: forward }, { weight: 1, arbitrary: edge }), {
      maxLength: 22,
    });
    let quick = 0;
    fc.assert(
      fc.property(types, edges, (kinds, pairs) => {
        const nodes = Object.fromEntries(kinds.map((type, n) => [`n${n}`, { type: n === 0 ? "parallel" : type }]));
        const graph = handMade({ nodes, edges: pairs.map(([from, to]): Edge => [`n${from}`, `n${to}`]) });
        const found = findJoin(graph, "n0");
        expect(found).toEqual(findJoinThoroughly(graph, "n0"));
        if (found.rule === "post_dominator" || found.rule === "fan_in") quick += 1;
      }),
      { numRuns: 3_000 },
    );
    expect(quick).toBeGreaterThan(200);
  });

  it("also for fan-outs in a row with steps back between them", () => {
    const back = fc.tuple(fc.nat({ max: 19 }), fc.nat({ max: 19 }));
    let rework = 0;
    fc.assert(
      fc.property(
        fc.array(back, { maxLength: 3 }),
        fc.array(fc.nat({ max: 3 }), { minLength: 4, maxLength: 4 }),
        (backs, kinds) => {
          const nodes: Record<string, Attributes & { type?: string }> = {};
          const ids: string[] = [];
          const edges: Edge[] = [];
          for (const [n, kind] of kinds.entries()) {
            nodes[`f${n}`] = { type: "parallel" };
            if (kind === 0) nodes[`j${n}`] = { type: "parallel.fan_in" };
            if (kind === 1) edges.push([`a${n}`, "exit"]);
            ids.push(`f${n}`, `a${n}`, `b${n}`, `j${n}`, `f${n + 1}`);
            edges.push(...drawn(`f${n}>a${n}>j${n}>f${n + 1}; f${n}>b${n}>j${n}`));
          }
          edges.push(["f4", "exit"]);
          for (const [from, to] of backs) edges.push([ids[from] ?? "", ids[to] ?? "", { condition: "x" }]);
          const graph = handMade({ nodes, edges });
          for (const n of kinds.keys()) {
            const found = findJoin(graph, `f${n}`);
            expect(found).toEqual(findJoinThoroughly(graph, `f${n}`));
            if (backs.length > 0 && found.join === `j${n}`) rework += 1;
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(rework).toBeGreaterThan(500);
  });

  it("any graph has an answer: the join is outside the region, the region holds every head that is no join and no exit", () => {
    fc.assert(
      fc.property(EDGES, (edges) => {
        const names = ["fan", "a", "b", "c", "d", "e", "f", "g", "exit"];
        const graph = handMade({
          nodes: { fan: { type: "parallel" }, ...Object.fromEntries(names.slice(1).map((id) => [id, {}])) },
          edges: edges.map(([from, to]): Edge => [names[from] ?? "", names[to] ?? ""]),
        });
        const { join, rule, region, heads } = findJoin(graph, "fan");
        expect(join === undefined).toBe(rule === "none");
        expect([join, "fan", "exit"].filter((id) => id !== undefined && region.has(id))).toEqual([]);
        for (const { to } of heads) if (![join, "exit", "fan"].includes(to)) expect(region.has(to)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
