import { describe, expect, it } from "vitest";
import { withImplicitFanOuts } from "../../src/graph/implicit-fan-out.ts";
import { parsePipeline } from "../../src/index.ts";
import { openRuntime, perNode, pipeline, storyOf } from "./fixtures.ts";

const TIE = "start -> a; a -> b; a -> c; b -> join; c -> join; join -> exit";

describe('fan_out="implicit"', () => {
  it("runs all targets of a tie as branches, which meet where they meet", async () => {
    const runtime = await openRuntime({
      handlers: { step: perNode({ b: () => ({ status: "success", notes: "b" }) }) },
    });
    const run = await runtime.start(pipeline(TIE, 'fan_out="implicit"'));
    const view = await run.finished();
    expect(view.status).toBe("completed");
    expect(await storyOf(runtime, run.id, ["stage.started"])).toEqual([
      "stage.started main/a@1#1.1",
      "stage.started main/a.fan_out@1/0/b@1#1.1",
      "stage.started main/a.fan_out@1/1/c@1#1.1",
      "stage.started main/join@1#1.1",
    ]);
    const [started] = await runtime.entries(run.id, { types: ["parallel.started"] });
    expect(started?.data).toMatchObject({ join: "join", policy: "wait_all", errorPolicy: "continue", maxParallel: 4 });
  });

  it("is said, or the smallest target is taken alone", async () => {
    const runtime = await openRuntime({ handlers: { step: perNode({}) } });
    const run = await runtime.start(pipeline(TIE));
    await run.finished();
    expect(await storyOf(runtime, run.id, ["stage.started"])).toEqual([
      "stage.started main/a@1#1.1",
      "stage.started main/b@1#1.1",
      "stage.started main/join@1#1.1",
    ]);
  });

  it("leaves alone what is no tie: weights, labels, conditions, a gate's choices, one target twice", () => {
    const text = pipeline(
      `start -> a; a -> b [weight=2]; a -> c; b -> d [label=x]; b -> e [label=y]; c -> d [condition="outcome=fail"]; c -> e
       e -> g; d -> g; g [shape=hexagon, type=wait.human]; g -> exit; g -> a; d -> g`,
      'fan_out="implicit"',
    );
    const graph = parsePipeline(text);
    expect(withImplicitFanOuts(graph)).toBe(graph);
  });

  it("stays inside the body of a container", () => {
    const graph = withImplicitFanOuts(
      parsePipeline(
        pipeline(
          `start -> each -> exit; each [type=foreach, items="[1]", body=work]
           subgraph work { a; b; c; a -> b; a -> c }`,
          'fan_out="implicit"',
        ),
      ),
    );
    expect(graph.subgraphs[0]?.nodes).toEqual(["a", "b", "c", "a.fan_out"]);
    expect(graph.edges.map(({ index, from, to }) => `${index} ${from} ${to}`)).toEqual([
      "0 start each",
      "1 each exit",
      "2 a.fan_out b",
      "3 a.fan_out c",
      "4 a a.fan_out",
    ]);
  });
});
