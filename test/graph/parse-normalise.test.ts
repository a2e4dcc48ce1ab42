import { describe, expect, test } from "vitest";
import { parseDuration } from "../../src/graph/durations.ts";
import type { Graph, GraphNode } from "../../src/graph/graph.ts";
import { parsePipeline } from "../../src/graph/parser.ts";

const body = (text: string): Graph => parsePipeline(`digraph g {\n${text}\n}`);
const first = (graph: Graph): GraphNode => graph.nodes[0] as GraphNode;
const messages = (graph: Graph): string[] => graph.notes.map((note) => `${note.rule}: ${note.message}`);
const type = (text: string): string => first(body(text)).type;

describe("types", () => {
  test.each([
    ["Mdiamond", "start"],
    ["circle", "start"],
    ["Msquare", "exit"],
    ["doublecircle", "exit"],
    ["box", "codergen"],
    ["tab", "codergen"],
    ["hexagon", "wait.human"],
    ["diamond", "conditional"],
    ["component", "parallel"],
    ["tripleoctagon", "parallel.fan_in"],
    ["parallelogram", "tool"],
    ["house", "stack.manager_loop"],
    ["insulator", "wait"],
  ])("shape %s is %s", (shape, expected) => {
    expect(first(body(`x [shape=${shape}]`))).toMatchObject({ type: expected, shape });
  });

  test.each([
    ["start", "start", "Mdiamond"],
    ["exit", "exit", "Msquare"],
    ["end", "exit", "Msquare"],
    ["anything", "codergen", "box"],
  ])("id %s without a shape is %s", (id, expected, shape) => {
    expect(first(body(id))).toMatchObject({ type: expected, shape });
  });

  test("type beats shape, shape beats id", () => {
    expect(type("x [type=foreach, shape=hexagon]")).toBe("foreach");
    expect(type("start [shape=box]")).toBe("codergen");
    expect(type("x [type=my_own]")).toBe("my_own");
  });

  test("what a node says itself beats what it inherits", () => {
    const graph = body("node [shape=box, type=tool]\n start\n a [shape=diamond]\n b [type=wait]\n c");
    expect(graph.nodes.map((node) => node.type)).toEqual(["start", "conditional", "wait", "tool"]);
    expect(first(graph)).toMatchObject({ shape: "Mdiamond", attributes: {} });
  });

  test("node_type is a hint: taken where it names a handler type, else left to the shape, and said", () => {
    const hinted = body("x [node_type=tool]");
    expect(first(hinted)).toMatchObject({ type: "tool", attributes: { type: "tool" } });
    expect(messages(hinted)).toEqual(['alias: "node_type" is read as "type"']);
    const unknown = body('x [node_type="stack.observe", shape=box]');
    expect(first(unknown)).toMatchObject({ type: "codergen", attributes: { node_type: "stack.observe" } });
    expect(unknown.notes[0]).toMatchObject({ rule: "inert_attribute", severity: "warning", node: "x" });
    expect(type("x [node_type=tool, type=wait]")).toBe("wait");
  });

  test("an unknown shape is a codergen node, with a note and the shape that may be meant", () => {
    const graph = body("x [shape=mdiamond]\n y [shape=trapezium]");
    expect(graph.nodes.map((node) => [node.type, node.shape])).toEqual([
      ["codergen", "mdiamond"],
      ["codergen", "trapezium"],
    ]);
    expect(graph.notes).toMatchObject([
      { rule: "shape_known", severity: "warning", node: "x", line: 2, column: 4, fix: "shape=Mdiamond" },
      { rule: "shape_known", severity: "warning", node: "y", line: 3, column: 5, fix: "shape=box" },
    ]);
  });

  test("a label is the id where none is given, or an empty one", () => {
    expect(body('a\n b [label=""]\n c [label=C]').nodes.map((node) => node.label)).toEqual(["a", "b", "C"]);
  });
});

describe("aliases of attributes", () => {
  test.each([
    ["node", "script", "tool_command"],
    ["node", "command", "tool_command"],
    ["node", "model", "llm_model"],
    ["node", "provider", "llm_provider"],
    ["node", "llm_prompt", "prompt"],
    ["node", "human_default_choice", "human.default_choice"],
    ["node", "retry_preset", "retry_policy"],
    ["node", "max_node_visits", "max_visits"],
    ["node", "quorum_fraction", "quorum_ratio"],
    ["node", "join_k", "k"],
    ["node", "quorum_count", "k"],
    ["node", "stack.child_workflow", "stack.child_dotfile"],
    ["node", "child_graph", "stack.child_dotfile"],
    ["node", "sub_pipeline", "stack.child_dotfile"],
    ["graph", "default_max_retry", "default_max_retries"],
    ["graph", "context_fidelity_default", "default_fidelity"],
    ["graph", "context_thread_default", "thread_id"],
  ])("on a %s, %s is %s", (owner, alias, canonical) => {
    const graph = body(owner === "graph" ? `graph [${alias}="x"]` : `a [${alias}="x"]`);
    expect(owner === "graph" ? graph.attributes : first(graph).attributes).toEqual({ [canonical]: "x" });
    expect(graph.notes).toMatchObject([
      { rule: "alias", severity: "info", message: `"${alias}" is read as "${canonical}"`, fix: canonical, line: 2 },
    ]);
  });

  test.each(["human.timeout_seconds", "human_timeout_seconds"])("%s is human.timeout, in seconds", (alias) => {
    const graph = body(`g [shape=hexagon, ${alias}=30]`);
    expect(first(graph).attributes).toEqual({ shape: "hexagon", "human.timeout": "30s" });
    expect(graph.notes.map((note) => note.rule)).toEqual(["alias", "bare_duration"]);
  });

  test("an alias of nodes is none on a graph: model is Graphviz's there", () => {
    expect(body("graph [model=mds]")).toMatchObject({ attributes: { model: "mds" }, notes: [] });
  });

  test("the canonical name wins, on either side, and the note says so", () => {
    for (const list of ['script="b", tool_command="a"', 'tool_command="a", script="b"']) {
      const graph = body(`x [${list}]`);
      expect(first(graph).attributes).toEqual({ tool_command: "a" });
      expect(messages(graph)).toContain(
        'alias: "script" is ignored: "tool_command", which it is another name for, is given too',
      );
    }
  });

  test("a node's own alias beats an inherited canonical name", () => {
    expect(first(body("node [llm_model=big]\n a [model=small]")).attributes).toEqual({ llm_model: "small" });
  });

  test("timeout on a gate is human.timeout, and only there", () => {
    const graph = body("g [shape=hexagon, timeout=15m]\n w [timeout=15m]");
    expect(graph.nodes.map((node) => node.attributes)).toEqual([
      { shape: "hexagon", "human.timeout": "15m" },
      { timeout: "15m" },
    ]);
    expect(messages(graph)).toEqual(['alias: "timeout" on a gate is read as "human.timeout"']);
  });

  test("on a gate human.timeout wins over timeout, a node's own over an inherited one", () => {
    expect(first(body("g [shape=hexagon, timeout=1m, human.timeout=2m]")).attributes["human.timeout"]).toBe("2m");
    expect(first(body("node [human.timeout=2m]\n g [shape=hexagon, timeout=1m]")).attributes["human.timeout"]).toBe(
      "1m",
    );
    expect(first(body("node [timeout=1m]\n g [shape=hexagon, human.timeout=2m]")).attributes["human.timeout"]).toBe(
      "2m",
    );
  });

  test("a default that many inherit is noted once", () => {
    const graph = body("node [script=ls, timeout=30, shape=hexagon]\n a\n b\n c");
    expect(graph.notes.map((note) => note.rule)).toEqual(["alias", "bare_duration", "alias"]);
  });
});

describe("values", () => {
  test.each(["900", '"900"', '" 900 "'])("a bare duration %s is in seconds, with a note", (written) => {
    const graph = body(`a [timeout=${written}]`);
    expect(first(graph).attributes).toEqual({ timeout: "900s" });
    expect(graph.notes).toMatchObject([{ rule: "bare_duration", severity: "info", node: "a", fix: 'timeout="900s"' }]);
  });

  test("a duration with a unit is left alone, and so is what is none", () => {
    expect(first(body("a [timeout=15m]")).attributes).toEqual({ timeout: "15m" });
    expect(first(body("a [timeout=soon]")).attributes).toEqual({ timeout: "soon" });
    expect(body("a [timeout=15m]\n b [timeout=soon]").notes).toEqual([]);
  });

  test.each([
    ["join_policy", "any_success", "first_success"],
    ["retry_on", "failure", "fail"],
    ["on_interrupt", "failed", "fail"],
  ])("%s=%s is %s", (name, written, canonical) => {
    const graph = body(`a [${name}=${written}]`);
    expect(first(graph).attributes).toEqual({ [name]: canonical });
    expect(graph.notes).toMatchObject([{ rule: "alias", node: "a", fix: canonical }]);
  });

  test("all_success is a policy of its own", () => {
    expect(body("a [join_policy=all_success]")).toMatchObject({ notes: [] });
  });

  test.each([
    ["outcome=succeeded", "outcome=success"],
    ["outcome = failed && x=1", "outcome = fail && x=1"],
    ["outcome==failure", "outcome==fail"],
    ["!(outcome!=partially_succeeded)", "!(outcome!=partial_success)"],
    ["outcome='failed' || outcome=\"Failure\"", "outcome='fail' || outcome=\"fail\""],
    ["preferred_next_label=failed", "preferred_label=failed"],
  ])("in a condition %s is %s", (written, canonical) => {
    const graph = body(`a -> b [condition="${written.replaceAll('"', '\\"')}"]\n a\n b`);
    expect(graph.edges[0]?.attributes["condition"]).toBe(canonical);
    expect(graph.notes.length).toBeGreaterThan(0);
    expect(graph.notes[0]).toMatchObject({ rule: "alias", edge: "a->b" });
  });

  test.each([
    "outcome=success",
    "context.state=failed",
    "outcome=failed badly",
    "outcome contains failed",
    "failed",
    "x=preferred_next_label",
    "outcome='not failed'",
    "outcome = ",
    '"outcome=failed',
    "))((",
  ])("a condition %s stays as it is", (written) => {
    const graph = body(`a -> b [condition="${written.replaceAll('"', '\\"')}"]\n a\n b`);
    expect(graph.edges[0]?.attributes["condition"]).toBe(written);
    expect(graph.notes).toEqual([]);
  });

  test("conditions of containers are normalised as well, stylesheets and prompts are not", () => {
    const graph = body(
      'l [type=loop, until="outcome=failed", prompt="outcome=failed"]\n model_stylesheet="outcome=failed"',
    );
    expect(first(graph).attributes).toMatchObject({ until: "outcome=fail", prompt: "outcome=failed" });
    expect(graph.attributes["model_stylesheet"]).toBe("outcome=failed");
  });
});

test("a node that only an edge mentions exists, with a note at the edge", () => {
  const graph = body("a\n a -> b");
  expect(graph.nodes[1]).toMatchObject({ id: "b", type: "codergen", shape: "box", declared: false });
  expect(graph.notes).toMatchObject([{ rule: "undeclared_node", severity: "warning", node: "b", line: 3, column: 7 }]);
});

test("notes come in the order of the text", () => {
  const graph = body("a -> b\n a [script=x]\n c [shape=blob, model=m]");
  expect(graph.notes.map((note) => [note.line, note.column])).toEqual([
    [2, 6],
    [3, 5],
    [4, 5],
    [4, 17],
  ]);
});

test.each([
  ["250ms", 250],
  ["900s", 900_000],
  ["15m", 900_000],
  ["2h", 7_200_000],
  ["1d", 86_400_000],
  ["1.5h", 5_400_000],
  ["0s", 0],
  ["30", 30_000],
  [30, 30_000],
  [" 30 ", 30_000],
  ["", undefined],
  ["-1s", undefined],
  ["1.5", undefined],
  ["1w", undefined],
  ["s", undefined],
  ["1 s", undefined],
  ["1e3s", undefined],
  [Number.NaN, undefined],
  ["9007199254740993d", undefined],
  ["1".repeat(1_000_000), undefined],
])("parseDuration(%j) is %j ms", (written, ms) => {
  expect(parseDuration(written)).toBe(ms);
});
