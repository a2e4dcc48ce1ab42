import { describe, expect, test } from "vitest";
import type { Graph, GraphNode } from "../../src/graph/graph.ts";
import { parsePipeline } from "../../src/graph/parser.ts";

const body = (text: string): Graph => parsePipeline(`digraph g {\n${text}\n}`);
const ids = (graph: Graph): string[] => graph.nodes.map((node) => node.id);
const arrows = (graph: Graph): string[] => graph.edges.map((edge) => `${edge.from}->${edge.to}`);
const node = (graph: Graph, id: string): GraphNode => {
  const found = graph.nodes.find((each) => each.id === id);
  if (!found) throw new Error(`no node ${id}`);
  return found;
};
/** The value of an attribute written just so. */
const value = (written: string): unknown => node(body(`a [x=${written}]`), "a").attributes["x"];
const text = (written: string): unknown => node(body(`a [prompt=${written}]`), "a").attributes["prompt"];

describe("the frame", () => {
  test.each([
    ["a name", "digraph Ship {}", "Ship"],
    ["no name", "digraph {}", ""],
    ["a quoted name", 'digraph "Ship it" {}', "Ship it"],
    ["keywords in any case", "DiGraph X {}", "X"],
    ["a byte order mark", "\ufeffdigraph X {}", "X"],
    ["Windows line ends", "digraph X {\r\n  a\r\n}\r\n", "X"],
    ["comments all around", "// one\n# two\n/* three\n */ digraph X { } // four", "X"],
  ])("%s", (_what, source, name) => {
    expect(parsePipeline(source).name).toBe(name);
  });

  test("the source is kept as it was given", () => {
    const source = "\ufeffdigraph X {\r\n}\r\n";
    expect(parsePipeline(source).source).toBe(source);
  });

  test("columns of the first line do not count a byte order mark", () => {
    expect(parsePipeline("\ufeffdigraph { a }").nodes[0]?.position).toEqual({ line: 1, column: 11 });
  });
});

describe("statements", () => {
  test("semicolons are optional, and more of them do no harm", () => {
    expect(ids(body("a; b c;; d;"))).toEqual(["a", "b", "c", "d"]);
  });

  test("each edge of a chain gets the attributes", () => {
    const graph = body("a -> b -> c [label=x, weight=2]");
    expect(arrows(graph)).toEqual(["a->b", "b->c"]);
    expect(graph.edges.map((edge) => edge.attributes)).toEqual([
      { label: "x", weight: 2 },
      { label: "x", weight: 2 },
    ]);
    expect(graph.edges.map((edge) => edge.index)).toEqual([0, 1]);
  });

  test("arrows need no blanks, also beside hyphens", () => {
    expect(arrows(body("a->b-c->d"))).toEqual(["a->b-c", "b-c->d"]);
  });

  test("braces at an end of an edge stand for the nodes in them, in the order of the arrows", () => {
    expect(arrows(body("a -> { b c } -> d"))).toEqual(["a->b", "a->c", "b->d", "c->d"]);
    expect(arrows(body("a -> subgraph s { b -> c }"))).toEqual(["a->b", "a->c", "b->c"]);
  });

  test("attributes of the graph: as a block, as key = value, the later one holds", () => {
    const graph = body('graph [goal="one"]\n goal = two; label="L"');
    expect(graph.attributes).toEqual({ goal: "two", label: "L" });
    expect(graph.attributePositions["label"]).toEqual({ line: 3, column: 14 });
  });

  test("key = value in a subgraph is the subgraph's", () => {
    const graph = body("subgraph s { label=Build; a }");
    expect(graph.attributes).toEqual({});
    expect(graph.subgraphs[0]).toMatchObject({ id: "s", label: "Build", attributes: { label: "Build" }, nodes: ["a"] });
  });

  test("several attribute blocks, all kinds of separators and trailing ones", () => {
    const { attributes } = node(body('a [p=1, q=2; r=3 s="4" t=5,] [u=6] []'), "a");
    expect(attributes).toEqual({ p: 1, q: 2, r: 3, s: "4", t: 5, u: 6 });
  });

  test("a node named twice is one, with the attributes of both", () => {
    const graph = body("a [x=1, y=1]\n a [y=2]");
    expect(graph.nodes).toHaveLength(1);
    expect(node(graph, "a").attributes).toEqual({ x: 1, y: 2 });
  });

  test("two edges between the same nodes are two edges", () => {
    expect(arrows(body("a -> b [label=x]\n a -> b [label=y]"))).toEqual(["a->b", "a->b"]);
  });

  test("ports are accepted and ignored", () => {
    expect(arrows(body("a:out:e -> b:in\n c:x"))).toEqual(["a->b"]);
    expect(ids(body("a:out:e -> b:in\n c:x"))).toEqual(["a", "b", "c"]);
  });
});

describe("ids", () => {
  test.each([
    ["quoted", '"a b"', "a b"],
    ["single-quoted", "'a b'", "a b"],
    ["hyphenated", "code-review", "code-review"],
    ["numeric", "42", "42"],
    ["negative", "-1.5", "-1.5"],
    ["dotted", "a.b", "a.b"],
    ["Unicode", "prüfung_检查", "prüfung_检查"],
    ["beyond the basic plane", "🚀", "🚀"],
    ["a quoted keyword", '"graph"', "graph"],
    ["a prototype's name", "__proto__", "__proto__"],
    ["a method's name", "constructor", "constructor"],
    ["an escaped quote", '"say \\"hi\\""', 'say "hi"'],
  ])("%s", (_what, written, id) => {
    const graph = body(`${written} [x=1]\n ${written} -> other`);
    expect(ids(graph)).toEqual([id, "other"]);
    expect(node(graph, id).attributes).toEqual({ x: 1 });
    expect(graph.edges[0]?.from).toBe(id);
  });

  test("a keyword before an arrow, or alone, is an id", () => {
    expect(arrows(body("node -> edge -> graph\n subgraph -> digraph"))).toEqual([
      "node->edge",
      "edge->graph",
      "subgraph->digraph",
    ]);
    expect(ids(body("node"))).toEqual(["node"]);
  });
});

describe("values", () => {
  test.each([
    ["an integer", "3", 3],
    ["a negative integer", "-3", -3],
    ["minus zero", "-0", "-0"],
    ["a float", "0.25", 0.25],
    ["true", "true", true],
    ["false", "false", false],
    ["a word", "high", "high"],
    ["a duration", "15m", "15m"],
    ["a model", "google/gemini-2.5:free", "google/gemini-2.5:free"],
    ["a path", "@prompts/a-b.md", "@prompts/a-b.md"],
    ["an address", "https://host/x", "https://host/x"],
    ["a file address", "file:///x", "file:///x"],
    ["a word before a comment", "high// no", "high"],
    ["a word before a block comment", "high/* no */", "high"],
    ["a quoted number", '"3"', "3"],
    ["a quoted boolean", '"true"', "true"],
    ["a number with leading zeros, which would be lost", "007", "007"],
    ["a number with trailing zeros, which would be lost", "1.50", "1.50"],
    ["a hash that looks like a number", "1e5", "1e5"],
    ["a number too large to be exact", "12345678901234567890", "12345678901234567890"],
    ["strings joined", '"a" + "b"\n+ \'c\'', "abc"],
  ])("%s", (_what, written, expected) => {
    expect(value(`${written}\n`)).toBe(expected);
  });

  test("an attribute that is a text stays one", () => {
    const { attributes } = node(body("a [label=42, llm_model=4.0, thread_id=007, type=true]"), "a");
    expect(attributes).toEqual({ label: "42", llm_model: "4.0", thread_id: "007", type: "true" });
  });

  test("an attribute that is a number may be written in any way", () => {
    const { attributes } = node(body("a [quorum_ratio=.50, max_retries=007]"), "a");
    expect(attributes).toEqual({ quorum_ratio: 0.5, max_retries: 7 });
  });

  test.each([
    ["raw newlines", '"a\nb"', "a\nb"],
    ["raw newlines of Windows", '"a\r\nb"', "a\nb"],
    ["a continued line", '"a\\\nb"', "ab"],
    ["a continued line of Windows", '"a\\\r\nb"', "ab"],
    ["escapes", '"\\n\\t\\r\\\\\\""', '\n\t\r\\"'],
    ["escapes in single quotes", "'it\\'s \\n'", "it's \n"],
    ["the other quote as it is", `"it's" `, "it's"],
    ["the other quote keeps its backslash", `"\\'"`, "\\'"],
    ["other backslashes as they are", '"\\d+\\.go$ \\$HOME"', "\\d+\\.go$ \\$HOME"],
    ["comment signs", '"// # /* x"', "// # /* x"],
    ["nothing", '""', ""],
  ])("a string with %s", (_what, written, expected) => {
    expect(text(written)).toBe(expected);
  });

  test("HTML labels are accepted and ignored, and said to be where it matters", () => {
    const graph = body("a [label=<b <i>x</i> y>, tooltip=<z>, prompt=p]");
    expect(node(graph, "a")).toMatchObject({ label: "a", attributes: { prompt: "p" } });
    expect(graph.notes).toMatchObject([
      { rule: "inert_attribute", severity: "warning", node: "a", line: 2, column: 4 },
    ]);
  });

  test("names may be dotted, quoted, or those of a prototype", () => {
    const { attributes, attributePositions } = node(
      body('a [human.timeout="1h", "b c"=1, __proto__=2, constructor=3]'),
      "a",
    );
    expect(Object.entries(attributes)).toEqual([
      ["human.timeout", "1h"],
      ["b c", 1],
      ["__proto__", 2],
      ["constructor", 3],
    ]);
    expect(Object.keys(attributePositions)).toHaveLength(4);
    expect(node(body("a"), "a").attributes["constructor"]).toBeUndefined();
  });
});

describe("subgraphs", () => {
  test("defaults hold for what comes after them, down to the closing brace", () => {
    const graph = body(`
      a
      node [x=1]
      b
      subgraph s { node [y=2] c [x=9] }
      d
      edge [weight=5]
      d -> e`);
    expect(graph.nodes.map((each) => [each.id, each.attributes])).toEqual([
      ["a", {}],
      ["b", { x: 1 }],
      ["c", { x: 9, y: 2 }],
      ["d", { x: 1 }],
      ["e", { x: 1 }],
    ]);
    expect(graph.edges[0]?.attributes).toEqual({ weight: 5 });
  });

  test("nodes get a class from the labels around them, wherever the label stands", () => {
    const graph = body('subgraph o { a [class="x y,z"] subgraph i { b; label="Fix: Loop #2" } label="Outer" }');
    expect(node(graph, "a").classes).toEqual(["x", "y", "z", "outer"]);
    expect(node(graph, "b").classes).toEqual(["fix-loop-2", "outer"]);
  });

  test("nest, and know their parents and their own nodes", () => {
    const graph = body("subgraph a { x subgraph b { y -> z } }\n w");
    expect(graph.subgraphs).toMatchObject([
      { id: "a", nodes: ["x"] },
      { id: "b", parent: "a", nodes: ["y", "z"] },
    ]);
    expect(node(graph, "z").subgraph).toBe("b");
    expect(node(graph, "w").subgraph).toBeUndefined();
  });

  test("opened again, they go on where they were", () => {
    const graph = body("subgraph s { node [x=1] a }\n subgraph s { b }");
    expect(graph.subgraphs).toHaveLength(1);
    expect(graph.subgraphs[0]?.nodes).toEqual(["a", "b"]);
    expect(node(graph, "b").attributes).toEqual({ x: 1 });
  });

  test("a node first named by an edge belongs to the subgraph that declares it", () => {
    const graph = body("a -> b\n subgraph s { node [x=1] b }");
    expect(node(graph, "b")).toMatchObject({ subgraph: "s", declared: true, attributes: { x: 1 } });
  });

  test("nodes declared on top and grouped later belong to the group, and have its defaults", () => {
    const graph = body("a [y=1]\n subgraph s { node [x=1] a }");
    expect(node(graph, "a")).toMatchObject({ subgraph: "s", attributes: { y: 1, x: 1 } });
  });

  test("a node that an edge brings into a body stays there when it is described outside", () => {
    const graph = body("subgraph s { a -> b }\n a [x=1]");
    expect(node(graph, "a")).toMatchObject({ subgraph: "s", attributes: { x: 1 }, declared: true });
  });

  test("braces without a name only group; with a label they get a name", () => {
    const graph = body("subgraph s { { rank=same; a; b } { label=Inner; c } }");
    expect(graph.subgraphs.map((each) => each.id)).toEqual(["s", "subgraph_1"]);
    expect(node(graph, "a").subgraph).toBe("s");
    expect(node(graph, "c")).toMatchObject({ subgraph: "subgraph_1", classes: ["inner"] });
  });
});

test("what is read is frozen through and through, and plain JSON", () => {
  const graph = body("subgraph s { label=L; a [x=1] }\n a -> b");
  const parts: unknown[] = [graph, graph.attributes, graph.nodes, graph.edges, graph.subgraphs, graph.notes];
  parts.push(
    graph.nodes[0],
    graph.nodes[0]?.attributes,
    graph.nodes[0]?.classes,
    graph.edges[0],
    graph.subgraphs[0]?.nodes,
  );
  expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true));
  expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
});
