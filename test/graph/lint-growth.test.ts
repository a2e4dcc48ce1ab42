import { expect, it } from "vitest";
import type { Attributes, Graph } from "../../src/graph/graph.ts";
import { lint } from "../../src/graph/lint.ts";
import { EDGES_MAX, NODES_MAX } from "../../src/limits.ts";
import { handMade } from "./hand-made.ts";

type Edge = [from: string, to: string, attributes?: Attributes];

/** Steps of five edges a node: forward, with conditions, back, and every hundredth a fan-out with its fan-in. */
function large(nodes: number): Graph {
  const id = (n: number): string => (n <= 0 ? "start" : n >= nodes ? "exit" : `n${n}`);
  const edges: Edge[] = [];
  const sketches: Record<string, Attributes & { type?: string }> = { start: {}, exit: {} };
  for (let n = 0; n < nodes; n += 1) {
    const fansOut = n > 0 && n % 100 === 0 && n + 20 < nodes;
    if (n > 0)
      sketches[id(n)] = { ...(fansOut ? { type: "parallel" } : {}), prompt: "do it", wrong_name: n, timeout: "5m" };
    edges.push([id(n), id(n + 1)]);
    if (fansOut) edges.push([id(n), id(n + 2)], [id(n), id(n + 3)]);
    else if (n > 0) {
      edges.push(
        [id(n), id(n + 2), { condition: `outcome=success && context.n${n}=1` }],
        [id(n), id(n + 3), { condition: "outcome=fail" }],
      );
      edges.push([id(n), id(n + 1), { label: "again" }], [id(n), id(n - (n % 10)), { condition: "context.back" }]);
    }
  }
  return handMade({ nodes: sketches, edges });
}

/** The graph with every look at an attribute counted. */
function counted(graph: Graph, count: () => void): Graph {
  const watch = (attributes: Attributes): Attributes =>
    new Proxy(attributes, {
      get: (target, name, receiver) => {
        count();
        return Reflect.get(target, name, receiver) as unknown;
      },
      ownKeys: (target) => {
        count();
        return Reflect.ownKeys(target);
      },
    });
  const nodes = graph.nodes.map((node) => ({ ...node, attributes: watch(node.attributes) }));
  const edges = graph.edges.map((edge) => ({ ...edge, attributes: watch(edge.attributes) }));
  return { ...graph, nodes, edges };
}

function looksAtAttributes(nodes: number): number {
  let looks = 0;
  lint(
    counted(large(nodes), () => {
      looks += 1;
    }),
  );
  return looks;
}

it("work grows with the graph, not with its square", () => {
  const [small, big] = [looksAtAttributes(500), looksAtAttributes(4_000)];
  expect(small).toBeGreaterThan(500);
  expect(big / small).toBeLessThan(8 * 1.3);
});

it("the largest graph there may be is linted", () => {
  const graph = large(NODES_MAX - 1);
  expect(graph.nodes.length).toBe(NODES_MAX);
  expect(graph.edges.length).toBeGreaterThan(EDGES_MAX * 0.95);
  expect(graph.edges.length).toBeLessThanOrEqual(EDGES_MAX);
  expect(lint(graph).filter(({ rule }) => rule === "unknown_attribute").length).toBeGreaterThan(NODES_MAX / 2);
});
