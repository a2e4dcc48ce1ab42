import { describe, expect, expectTypeOf, test } from "vitest";
import { isSafepointError } from "../../src/errors.ts";
import { type DefinePipeline, definePipeline } from "../../src/graph/builder.ts";
import type { PipelineBuilder } from "../../src/graph/builder-types.ts";
import { parsePipeline } from "../../src/graph/parser.ts";
import { toDot } from "../../src/graph/to-dot.ts";
import { essence } from "./dot-arbitrary.ts";

function refusal(build: () => unknown): string {
  try {
    build();
  } catch (thrown) {
    if (isSafepointError(thrown) && thrown.code === "pipeline_invalid") return thrown.message;
    throw thrown;
  }
  throw new Error("nothing was refused");
}

const invalid = (build: (p: PipelineBuilder) => unknown): string => refusal(() => definePipeline("p", build));

describe("what is built", () => {
  test("is the graph that the same DOT gives", () => {
    const built = definePipeline("review", (p) => {
      p.graph({ goal: "Ship it", default_max_retries: 2 });
      p.chain(
        p.start(),
        p.codergen("plan", { prompt: "Plan $goal", timeout: "15m" }),
        p.gate("ok", { "human.default_choice": "A" }),
      );
      p.edge("ok", "check", { label: "[A] Accept", weight: 2 });
      p.tool("check", { tool_command: "npm test", max_retries: 1 });
      p.edge("check", p.exit(), { condition: "outcome=success" });
    });
    const written = parsePipeline(`digraph review {
      goal="Ship it"; default_max_retries=2
      start [shape=Mdiamond]
      plan [shape=box, prompt="Plan $goal", timeout=15m]
      ok [shape=hexagon, human.default_choice=A]
      check [shape=parallelogram, tool_command="npm test", max_retries=1]
      exit [shape=Msquare]
      start -> plan -> ok
      ok -> check [label="[A] Accept", weight=2]
      check -> exit [condition="outcome=success"]
    }`);
    expect(essence(built)).toEqual(essence(written));
    expect(built.notes).toEqual([]);
  });

  test("has each node in the type its method names", () => {
    const built = definePipeline("all", (p) => {
      p.start();
      p.codergen("codergen");
      p.tool("tool");
      p.gate("gate");
      p.conditional("conditional");
      p.parallel("parallel", { join_policy: "k_of_n", k: 2, conflict: "prefer:0", max_parallel: 3 });
      p.fanIn("fanIn");
      p.wait("wait", { duration: "2h" });
      p.foreach("foreach", { items: [1, "two", { three: 3 }], body: "b" });
      p.loop("loop", { until: "context.done=true", on_limit: "succeed" });
      p.pipeline("pipeline", { child: "other.dot" });
      p.node("house", { shape: "house" });
      p.node("mine", { type: "my_type", anything: 1 });
      p.task("inline", () => "done");
      p.exit();
    });
    expect(built.nodes.map((node) => node.type)).toEqual([
      "start",
      "codergen",
      "tool",
      "wait.human",
      "conditional",
      "parallel",
      "parallel.fan_in",
      "wait",
      "foreach",
      "loop",
      "pipeline",
      "stack.manager_loop",
      "my_type",
      "inline:inline",
      "exit",
    ]);
    expect(built.nodes.find((node) => node.id === "foreach")?.attributes["items"]).toBe('[1,"two",{"three":3}]');
    expect(built.nodes.find((node) => node.id === "mine")?.attributes["anything"]).toBe(1);
  });

  test("points with its positions into its own source, which reads back as the same graph", () => {
    const built = definePipeline("p", (p) => p.chain(p.start(), p.tool("t", { tool_command: 'a\n"b"' }), p.exit()));
    const node = built.nodes[1];
    const line = built.source.split("\n")[(node?.position.line ?? 0) - 1];
    expect(line?.slice((node?.position.column ?? 0) - 1)).toMatch(/^t \[/);
    expect(essence(parsePipeline(built.source))).toEqual(essence(built));
    expect(toDot(built)).toBe(built.source);
  });

  test("has bodies as subgraphs, nested, with the edges made inside", () => {
    const built = definePipeline("p", (p) => {
      const inner = (b: PipelineBuilder): void => b.chain(b.codergen("a"), b.codergen("b"));
      const body = p.body("work", (w) => void w.loop("again", { body: w.body("deep", inner) }), { label: "The Work" });
      p.chain(p.start(), p.foreach("each", { items: "todo", body }), p.exit());
    });
    expect(built.subgraphs.map(({ id, parent, nodes }) => ({ id, parent, nodes }))).toEqual([
      { id: "work", parent: undefined, nodes: ["again"] },
      { id: "deep", parent: "work", nodes: ["a", "b"] },
    ]);
    expect(built.nodes.find((node) => node.id === "a")?.classes).toEqual(["the-work"]);
    expect(built.edges.map((edge) => `${edge.from}->${edge.to}`)).toEqual(["a->b", "start->each", "each->exit"]);
  });

  test("carries inline handlers beside the graph, which stays plain JSON", () => {
    const review = async (): Promise<string> => "fine";
    const built = definePipeline<typeof review>("p", (p) => p.chain(p.start(), p.task("review", review), p.exit()));
    expect(built.handlers["inline:review"]).toBe(review);
    expect(built.nodes[1]?.type).toBe("inline:review");
    expect(Object.keys(built)).not.toContain("handlers");
    expect(structuredClone(built.nodes).length).toBe(3);
    expect(Object.isFrozen(built)).toBe(true);
  });

  test("normalises and says so, as for any text", () => {
    const built = definePipeline(
      "p",
      (p) => void p.node("a", { type: "tool", command: "ls", timeout: 30 as unknown as "30s" }),
    );
    expect(built.nodes[0]?.attributes).toEqual({ type: "tool", tool_command: "ls", timeout: "30s" });
    expect(built.notes.map((note) => note.rule).sort()).toEqual(["alias", "bare_duration"]);
  });

  test("leaves out attributes that are undefined", () => {
    const built = definePipeline("p", (p) => void p.codergen("a", { prompt: undefined, label: "A" }));
    expect(built.nodes[0]?.attributes).toEqual({ shape: "box", label: "A" });
  });

  test("takes odd ids as they are", () => {
    const ids = ["__proto__", "constructor", "a b", 'q"', "node", "ü\n"];
    const built = definePipeline("graph", (p) => {
      for (const id of ids) p.task(id, id);
    });
    expect(built.nodes.map((node) => node.id)).toEqual(ids);
    expect(built.handlers["inline:__proto__"]).toBe("__proto__");
    expect(built.name).toBe("graph");
  });
});

describe("bad use is refused, naming the call", () => {
  test.each<[string, (p: PipelineBuilder) => unknown, string]>([
    [
      "an id used twice",
      (p) => [p.tool("x"), p.gate("x")],
      'pipeline "p": p.gate("x"): there is a node of that id already',
    ],
    [
      "a subgraph id used twice",
      (p) => [p.body("b", () => {}), p.body("b", () => {})],
      'p.body("b"): there is a subgraph of that id already',
    ],
    [
      "an edge to no node",
      (p) => [p.start(), p.edge("start", "nope")],
      'p.edge("start", "nope"): there is no node "nope"',
    ],
    [
      "a chain over no node",
      (p) => [p.start(), p.chain("start", "x", "start")],
      'p.chain("start", "x", "start"): there is no node "x"',
    ],
    ["an empty id", (p) => p.tool(""), 'p.tool(""): expected an id, found ""'],
    ["no id", (p) => p.tool(undefined as unknown as string), "expected an id, found undefined"],
    [
      "an object as a value",
      (p) => p.node("a", { x: {} as unknown as string }),
      'p.node("a"): x is to be a text, a finite number or a boolean, found [object Object]',
    ],
    ["not a number", (p) => p.node("a", { x: Number.NaN }), "found NaN"],
    ["no handler", (p) => p.task("t", undefined), 'p.task("t"): expected a handler as the second argument'],
    ["an asynchronous build", async () => {}, "the function that builds is asynchronous"],
  ])("%s", (_what, build, message) => {
    expect(invalid(build)).toContain(message);
  });

  test("a builder kept beyond its time", () => {
    let kept: PipelineBuilder | undefined;
    definePipeline("p", (p) => {
      kept = p;
    });
    expect(refusal(() => kept?.tool("late"))).toContain('p.tool("late"): called after definePipeline returned');
    expect(refusal(() => kept?.edge("a", "b"))).toContain("called after definePipeline returned");
  });
});

test("the types know which attributes do something where", () => {
  const check = (p: PipelineBuilder<() => void>): void => {
    // @ts-expect-error a tool has no prompt
    p.tool("a", { prompt: "x" });
    // @ts-expect-error not a join policy
    p.parallel("b", { join_policy: "most" });
    // @ts-expect-error a duration has a unit
    p.wait("c", { duration: "30" });
    // @ts-expect-error items are needed
    p.foreach("d", { body: "x" });
    // @ts-expect-error not a handler
    p.task("e", 3);
  };
  expect(check).toBeTypeOf("function");
  expectTypeOf<DefinePipeline<string>>().returns.toHaveProperty("handlers");
});
