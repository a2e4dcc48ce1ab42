import fc from "fast-check";
import { dotString } from "../../src/graph/dot-text.ts";
import type { Graph } from "../../src/graph/graph.ts";

/** Random DOT texts that use the whole language: defaults, aliases, nested and reopened subgraphs, odd ids and values. */

const ODD_IDS = [
  "start",
  "exit",
  "node",
  "GRAPH",
  "a b",
  "x-y",
  "ünï",
  "42",
  "__proto__",
  "constructor",
  '"',
  "\\",
  "n\nl",
  "🙂",
];
const NAMES = [
  "label",
  "shape",
  "type",
  "node_type",
  "class",
  "timeout",
  "human.timeout",
  "tool_command",
  "script",
  "model",
];
const MORE_NAMES = [
  "goal_gate",
  "max_retries",
  "weight",
  "condition",
  "color",
  "my_own",
  "__proto__",
  "a b",
  "goal",
  "k",
  "join_k",
];
const VALUES = [
  "box",
  "hexagon",
  "Mdiamond",
  "blob",
  "tool",
  "wait.human",
  "stack.observe",
  "30",
  "15m",
  "true",
  "0.5",
  "1.50",
];
const MORE_VALUES = [
  "outcome=succeeded && x",
  "",
  "$goal",
  '"',
  "\\",
  "\\d\\n",
  "a\nb\r\n\tc",
  "é🙂",
  "</b>",
  "any_success",
  "failed",
];

const id = fc.oneof(
  fc.constantFrom(..."abcde"),
  fc.constantFrom(...ODD_IDS),
  fc.string({ minLength: 1, maxLength: 6, unit: "binary" }),
);
const name = fc.constantFrom(...NAMES, ...MORE_NAMES);
const quoted = fc
  .oneof(fc.constantFrom(...VALUES, ...MORE_VALUES), fc.string({ maxLength: 8, unit: "binary" }))
  .map(dotString);
const bare = fc.constantFrom("3", "-1", "0.5", "007", "1e5", "true", "false", "900s", "gpt-5.4", "a/b:c", "http://x/y");
const pair = fc.tuple(name, fc.oneof(quoted, bare)).map(([key, value]) => `${dotString(key)}=${value}`);
const attributes = fc.array(pair, { maxLength: 4 }).map((pairs) => (pairs.length === 0 ? "" : ` [${pairs.join(" ")}]`));

const { statements } = fc.letrec<{ statements: string; statement: string }>((tie) => ({
  statements: fc.array(tie("statement"), { maxLength: 6 }).map((all) => all.join("\n")),
  statement: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.tuple(id, attributes).map(([node, list]) => `${dotString(node)}${list}`),
    fc
      .tuple(fc.array(id, { minLength: 2, maxLength: 4 }), attributes)
      .map(([ids, list]) => ids.map(dotString).join(" -> ") + list),
    fc.tuple(fc.constantFrom("node", "edge", "graph"), attributes).map(([word, list]) => word + (list || " []")),
    pair,
    fc
      .tuple(fc.constantFrom("", "subgraph S", "subgraph T", "subgraph cluster_x", 'subgraph "s 1"'), tie("statements"))
      .map(([head, body]) => `${head} {\n${body}\n}`),
    fc.tuple(id, tie("statements")).map(([node, body]) => `${dotString(node)} -> { ${body}; q }`),
  ),
}));

export const dotText = fc
  .tuple(fc.option(id), statements)
  .map(([graphName, body]) => `digraph ${graphName === null ? "" : dotString(graphName)} {\n${body}\n}`);

/** A graph without what printing need not keep. */
export function essence(graph: Graph): unknown {
  const bare = <T extends { position: unknown; attributePositions?: unknown }>({
    position,
    attributePositions,
    ...rest
  }: T) => rest;
  return {
    name: graph.name,
    attributes: graph.attributes,
    nodes: graph.nodes.map(bare),
    edges: graph.edges.map(bare),
    subgraphs: graph.subgraphs.map(bare),
  };
}
