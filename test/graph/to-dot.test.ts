import { expect, test } from "vitest";
import { parsePipeline } from "../../src/graph/parser.ts";
import { toDot } from "../../src/graph/to-dot.ts";
import { essence } from "./dot-arbitrary.ts";

const TEXT = `digraph "Ship it" {
  goal = "say \\"hi\\""
  node [timeout=900]
  a -> start
  start
  subgraph cluster_work {
    label = "The Work"
    plan [prompt="line 1
line 2\\t\\\\d", goal_gate=true, max_retries=2]
    subgraph deep { "x y" [script=ls] }
    plan -> "x y" [condition="outcome=succeeded", weight=3]
  }
  "node" [shape=hexagon]
}`;

test("a graph is printed in one form: defaults at each node, canonical names, nodes inside of their subgraphs", () => {
  expect(toDot(parsePipeline(TEXT))).toBe(`digraph "Ship it" {
  graph [goal="say \\"hi\\""]
  { node [timeout="900s"]
  a -> start
  }
  start [timeout="900s"]
  subgraph cluster_work {
    graph [label="The Work"]
    plan [timeout="900s", prompt="line 1\\nline 2\\t\\\\d", goal_gate=true, max_retries=2]
    subgraph deep {
      "x y" [timeout="900s", tool_command="ls"]
    }
  }
  "node" [shape="hexagon", human.timeout="900s"]
  plan -> "x y" [condition="outcome=success", weight=3]
}
`);
});

test("an empty graph", () => {
  expect(toDot(parsePipeline("digraph {}"))).toBe("digraph {\n}\n");
});

test("a node that only an edge mentions still is one after printing, with its subgraph", () => {
  const graph = parsePipeline("digraph { subgraph s { x -> y } z [type=tool] y -> z }");
  const again = parsePipeline(toDot(graph));
  expect(again.notes.map((note) => [note.rule, note.node])).toEqual([
    ["undeclared_node", "x"],
    ["undeclared_node", "y"],
  ]);
  expect(essence(again)).toEqual(essence(graph));
});

test.each([0, 1, -1, 0.1, 1e-7, 1e21, 123456789.125])("the number %d is printed so that it is read back", (number) => {
  const graph = parsePipeline("digraph { a }");
  const [a] = graph.nodes;
  if (!a) throw new Error("no node");
  const attributes = { quorum_ratio: number };
  const again = parsePipeline(toDot({ ...graph, nodes: [{ ...a, attributes }] }));
  expect(Number(again.nodes[0]?.attributes["quorum_ratio"])).toBe(number);
});

test("a graph whose nodes name no edge and no subgraph that exists is printed all the same", () => {
  const graph = parsePipeline("digraph { a }");
  const [a] = graph.nodes;
  if (!a) throw new Error("no node");
  const odd = { ...graph, nodes: [{ ...a, declared: false, subgraph: "gone" }] };
  expect(parsePipeline(toDot(odd)).nodes).toMatchObject([{ id: "a", subgraph: "gone" }]);
});
