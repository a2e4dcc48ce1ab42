import { describe, expect, test } from "vitest";
import { isSafepointError, type SafepointError } from "../../src/errors.ts";
import { parsePipeline, readPipeline } from "../../src/graph/parser.ts";
import { EDGES_MAX, NESTING_MAX, NODES_MAX, SOURCE_BYTES_MAX } from "../../src/limits.ts";

function refusal(text: string, file?: string): SafepointError {
  try {
    parsePipeline(text, file === undefined ? {} : { file });
  } catch (thrown) {
    if (isSafepointError(thrown)) return thrown;
    throw thrown;
  }
  throw new Error("it was parsed");
}

/** The message as it is shown, with the margin of this file taken off. */
function message(text: string): string {
  return refusal(text, "p.dot").message;
}

describe("an unreadable text is shown with its line and a caret", () => {
  test("not a graph", () => {
    expect(message("-- Test pipeline: plan -> done\nDOT = ")).toBe(
      ['p.dot:1:1: expected "digraph", found "--"', "  1 | -- Test pipeline: plan -> done", "    | ^"].join("\n"),
    );
  });

  test("an undirected edge", () => {
    expect(message("digraph {\n  a -- b\n}")).toBe(
      ['p.dot:2:5: edges are directed: write "->" instead of "--"', "  2 |   a -- b", "    |     ^"].join("\n"),
    );
  });

  test("a string that is never closed, at its beginning", () => {
    expect(message('digraph {\n  a [prompt="go\n  b\n}\n')).toBe(
      [
        'p.dot:2:13: this string is never closed: expected another "',
        '  2 |   a [prompt="go',
        "    |             ^",
      ].join("\n"),
    );
  });

  test("a list that is never closed, where that shows", () => {
    expect(message("digraph {\n  a [shape=box\n  b -> c\n}")).toBe(
      [
        'p.dot:3:5: expected "=" after the attribute "b", found "->" (is the "[" of line 2 closed?)',
        "  3 |   b -> c",
        "    |     ^",
      ].join("\n"),
    );
  });

  test("a tab stays a tab before the caret, a wide character takes two places, control characters are not let out", () => {
    expect(message('digraph {\n\ta [x="🚀\u0007" ?]\n}')).toBe(
      [
        'p.dot:2:13: unexpected character "?": put text that holds such characters in double quotes',
        '  2 | \ta [x="🚀\ufffd" ?]',
        "    | \t           ^",
      ].join("\n"),
    );
  });

  test("a long line is cut around the caret", () => {
    const line = `digraph { ${"a; ".repeat(2_000)}? ${"b; ".repeat(2_000)}}`;
    const [, shown = "", caret = ""] = message(line).split("\n");
    expect(shown.length).toBeLessThan(160);
    expect(shown.charAt(caret.indexOf("^"))).toBe("?");
    expect(shown).toMatch(/^ {2}1 \| ….*…$/);
  });

  test("without a file the place is said in words", () => {
    expect(refusal("graph {}").message.split("\n")[0]).toBe(
      'line 1, column 1: a pipeline is directed: write "digraph" instead of "graph"',
    );
  });

  test("Windows line ends and a byte order mark do not show", () => {
    expect(message("\ufeffdigraph {\r\n  =\r\n}")).toBe(
      ['p.dot:2:3: expected a node, an edge, an attribute or "}", found "="', "  2 |   =", "    |   ^"].join("\n"),
    );
  });
});

test.each<[string, string, number, number, string]>([
  ["nothing", "", 1, 1, 'expected "digraph", found the end of the text'],
  ["only comments", "// x\n", 2, 1, 'expected "digraph", found the end of the text'],
  ["strict", "strict digraph {}", 1, 1, 'remove "strict"'],
  ["undirected", "graph {}", 1, 1, 'write "digraph" instead of "graph"'],
  ["no braces", "digraph x", 1, 10, 'expected "{" after the name of the graph, found the end of the text'],
  ["a second graph", "digraph a {}\ndigraph b {}", 2, 1, "a second one begins"],
  ["text after the end", "digraph a {}\n}", 2, 1, 'expected nothing more after the end of the graph, found "}"'],
  ["words after the end", 'digraph a {} "x"', 1, 14, 'found the string "x"'],
  ["an unclosed graph", "digraph a {\n b\n", 1, 11, 'this "{" is never closed'],
  ["an unclosed subgraph", "digraph a {\n subgraph s {\n b\n", 2, 13, 'this "{" is never closed'],
  ["an unclosed list", "digraph a {\n b [x=1", 2, 4, 'this "[" is never closed'],
  ["an unclosed list after a name", "digraph a {\n b [x", 2, 4, 'this "[" is never closed'],
  ["an unclosed comment", "digraph a {\n /* b }", 2, 2, "this comment is never closed"],
  ["an unclosed HTML label", "digraph a {\n b [label=<<i>\n]}", 2, 11, "this HTML label is never closed"],
  ["no value", "digraph a { b [x=] }", 1, 18, 'expected a value for "x", found "]"'],
  ["no value at the end", "digraph a { x= }", 1, 16, 'expected a value for "x", found "}"'],
  ["two equals signs", "digraph a { b [x==1] }", 1, 18, 'expected a value for "x", found "="'],
  ["no name", "digraph a { b [=1] }", 1, 16, 'expected an attribute or "]", found "="'],
  ["a name alone", "digraph a { b [bold] }", 1, 20, 'expected "=" after the attribute "bold", found "]"'],
  ["a string joined with a word", 'digraph a { b [x="1" + 2] }', 1, 24, 'expected a string after "+", found "2"'],
  ["half an edge", "digraph a { b -> }", 1, 18, 'expected a node after "->", found "}"'],
  ["an edge from nothing", "digraph a { -> b }", 1, 13, 'expected a node, an edge, an attribute or "}", found "->"'],
  ["an edge to no nodes", "digraph a { b -> { } }", 1, 18, "this group has none"],
  ["a port without a name", "digraph a { b: -> c }", 1, 16, 'expected a port after ":", found "->"'],
  ["an empty id", 'digraph a { "" }', 1, 13, "a node needs an id"],
  ["an empty end of an edge", 'digraph a { b -> "" }', 1, 18, "a node needs an id"],
  ["curly quotes", "digraph a { b [x=“y”] }", 1, 18, "use straight quotes"],
  ["a fat arrow", "digraph a { start => b }", 1, 19, 'unexpected "=>": edges are written "->"'],
  ["an unquoted greater-than", "digraph a { b = > c }", 1, 17, 'unexpected character ">"'],
  ["an unquoted dollar", "digraph a { b [x=$goal] }", 1, 18, 'unexpected character "$"'],
  [
    "one subgraph in two places",
    "digraph { subgraph a {} subgraph b { subgraph a {} } }",
    1,
    47,
    "lies elsewhere, see line 1",
  ],
  ["a subgraph in itself", "digraph { subgraph a { subgraph a {} } }", 1, 33, "lies elsewhere"],
  ["a NUL", "digraph a { \0 }", 1, 13, "unexpected character"],
])("%s is refused at its place", (_what, text, line, column, words) => {
  const error = refusal(text);
  expect(error.code).toBe("pipeline_invalid");
  expect({ line: error.details["line"], column: error.details["column"] }).toEqual({ line, column });
  expect(error.message).toContain(words);
});

test("the details say all that a program needs", () => {
  const { details } = refusal("digraph {\n ?", "dir/p.dot");
  const diagnostic = { rule: "syntax", severity: "error", message: expect.stringContaining('"?"'), line: 2, column: 2 };
  expect(details).toEqual({ file: "dir/p.dot", line: 2, column: 2, diagnostics: [diagnostic] });
});

test("readPipeline gives diagnostics instead of throwing", () => {
  expect(readPipeline("digraph {\n ?")).toEqual({
    diagnostics: [{ rule: "syntax", severity: "error", message: expect.any(String), line: 2, column: 2 }],
  });
  const good = readPipeline("digraph { a -> b }");
  expect(good.graph?.nodes).toHaveLength(2);
  expect(good.diagnostics).toBe(good.graph?.notes);
});

describe("limits", () => {
  const refused = (text: string): unknown => {
    const { code, details } = refusal(text);
    return { code, line: details["line"], limit: details["limit"], max: details["max"] };
  };

  test("bytes, counted as UTF-8", () => {
    const padding = (bytes: number): string => `digraph {} //${"x".repeat(bytes - 13)}`;
    expect(parsePipeline(padding(SOURCE_BYTES_MAX)).nodes).toEqual([]);
    expect(refused(padding(SOURCE_BYTES_MAX + 1))).toMatchObject({ code: "limit_exceeded", limit: "bytes" });
    expect(refused(`digraph {} //${"€".repeat(SOURCE_BYTES_MAX / 3)}`)).toMatchObject({ code: "limit_exceeded" });
  });

  test("nodes", () => {
    const nodes = (count: number): string =>
      `digraph {\n${Array.from({ length: count }, (_, i) => `n${i}`).join("\n")}\n}`;
    expect(parsePipeline(nodes(NODES_MAX)).nodes).toHaveLength(NODES_MAX);
    expect(refused(nodes(NODES_MAX + 1))).toEqual({
      code: "limit_exceeded",
      line: NODES_MAX + 2,
      limit: "nodes",
      max: NODES_MAX,
    });
  });

  test("edges, also those that groups multiply", () => {
    const edges = (count: number): string => `digraph {\n${"a -> b\n".repeat(count)}}`;
    expect(parsePipeline(edges(EDGES_MAX)).edges).toHaveLength(EDGES_MAX);
    expect(refused(edges(EDGES_MAX + 1))).toEqual({
      code: "limit_exceeded",
      line: EDGES_MAX + 2,
      limit: "edges",
      max: EDGES_MAX,
    });
    const many = Array.from({ length: 1_000 }, (_, i) => `n${i}`).join(" ");
    expect(refused(`digraph { {${many}} -> {${many}} }`)).toMatchObject({ limit: "edges" });
  });

  test("nesting, without a stack overflow however deep", () => {
    const nested = (depth: number): string => `digraph ${"{".repeat(depth + 1)} a ${"}".repeat(depth + 1)}`;
    expect(parsePipeline(nested(NESTING_MAX)).nodes).toHaveLength(1);
    expect(refused(nested(NESTING_MAX + 1))).toMatchObject({ code: "limit_exceeded", limit: "levels of nesting" });
    expect(refused("digraph { a -> ".concat("{ a -> ".repeat(500_000)))).toMatchObject({ code: "limit_exceeded" });
  });

  test("attributes, also those that defaults multiply", () => {
    const defaults = Array.from({ length: 2_000 }, (_, i) => `a${i}=1`).join(" ");
    const nodes = Array.from({ length: 2_000 }, (_, i) => `n${i}`).join(" ");
    expect(refused(`digraph { node [${defaults}] ${nodes} }`)).toMatchObject({
      limit: "attributes, inherited ones counted",
    });
  });
});
