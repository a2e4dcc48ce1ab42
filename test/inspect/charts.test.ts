import { describe, expect, it } from "vitest";
import { type AnyStateMachine, and, createMachine, not, or, setup, stateIn } from "xstate";
import { toDirectedGraph } from "xstate/graph";
import { type ChartState, statesOf } from "../../src/inspect/chart.ts";
import {
  readChart,
  statechartDot,
  statechartJson,
  statechartMermaid,
  statechartSvg,
  statecharts,
} from "../../src/inspect/index.ts";

/** Something of everything: regions, nesting, guards in all forms, reentry, history, done, several targets. */
const sample = setup({
  types: { events: {} as { type: "GO" } | { type: "BACK" } | { type: "odd: name" } },
  guards: { ready: () => true, "is late": () => false, idle: stateIn({ work: "idle" }) },
  actions: { note: () => {}, "leave a mark": () => {} },
}).createMachine({
  id: "sample",
  version: "3",
  type: "parallel",
  states: {
    work: {
      initial: "idle",
      states: {
        idle: {
          entry: "note",
          on: {
            GO: [
              { guard: and(["ready", not("is late")]), target: "deep", actions: ["note", "leave a mark"] },
              { guard: or([stateIn({ mood: "good" }), "idle"]), actions: "note" },
            ],
            "odd: name": { target: "idle", reenter: true },
          },
          always: { guard: "is late", target: "end" },
        },
        deep: {
          id: "deepest",
          description: "A state with an id of its own.",
          initial: "one",
          exit: "leave a mark",
          onDone: "end",
          states: { one: { on: { GO: "two" } }, two: { type: "final" } },
        },
        end: { type: "final" },
      },
    },
    mood: { initial: "good", states: { good: { on: { BACK: "#sample.work.idle" } } } },
  },
}) as unknown as AnyStateMachine;

const machines: [string, AnyStateMachine][] = [["sample", sample], ...Object.entries(statecharts)];

describe.each(machines)("the JSON of %s", (_name, machine) => {
  const json = statechartJson(machine);

  it("is plain JSON", () => expect(JSON.parse(JSON.stringify(json))).toEqual(json));

  it("builds a machine with the same states and transitions", () => {
    const rebuilt = createMachine(JSON.parse(JSON.stringify(json)));
    expect(statechartJson(rebuilt)).toEqual(json);
    expect(shapeOf(rebuilt)).toEqual(shapeOf(machine));
    expect(edgesOf(rebuilt)).toEqual(edgesOf(machine));
  });

  it("names every guard and action", () => {
    expect(JSON.stringify(json)).not.toContain("(unnamed)");
  });

  it("starts where the machine starts", () => {
    const initial = (state: ChartState): unknown =>
      state.kind === "parallel"
        ? state.children.map(initial)
        : state.children.filter((child) => child.id === state.initial).map((child) => [child.id, initial(child)]);
    expect(initial(readChart(createMachine(JSON.parse(JSON.stringify(json)))).root)).toEqual(
      initial(readChart(machine).root),
    );
  });
});

/** From XState's own reading of the machine, not from ours. */
function edgesOf(machine: AnyStateMachine): string[] {
  const edges: string[] = [];
  const visit = (node: ReturnType<typeof toDirectedGraph>): void => {
    for (const edge of node.edges) edges.push(`${edge.source.id} --${edge.label.text}--> ${edge.target.id}`);
    for (const child of node.children) visit(child);
  };
  visit(toDirectedGraph(machine));
  return edges;
}

function shapeOf(machine: AnyStateMachine): unknown {
  const shape = (node: AnyStateMachine["root"]): unknown => ({
    id: node.id,
    type: node.type,
    children: Object.values(node.states).map((child) => shape(child as AnyStateMachine["root"])),
  });
  return shape(machine.root);
}

describe("the JSON of the sample", () => {
  it("says everything by name", () => {
    expect(statechartJson(sample)).toEqual({
      id: "sample",
      version: "3",
      type: "parallel",
      states: {
        work: {
          initial: "idle",
          states: {
            idle: {
              entry: [{ type: "note" }],
              on: {
                GO: [
                  {
                    target: "#deepest",
                    guard: { type: "ready and not (is late)" },
                    actions: [{ type: "note" }, { type: "leave a mark" }],
                  },
                  { guard: { type: "mood is good or idle" }, actions: [{ type: "note" }] },
                ],
                "odd: name": [{ target: "#sample.work.idle", reenter: true }],
              },
              always: [{ target: "#sample.work.end", guard: { type: "is late" } }],
            },
            deep: {
              id: "deepest",
              description: "A state with an id of its own.",
              initial: "one",
              exit: [{ type: "leave a mark" }],
              onDone: [{ target: "#sample.work.end" }],
              states: { one: { on: { GO: [{ target: "#sample.work.deep.two" }] } }, two: { type: "final" } },
            },
            end: { type: "final" },
          },
        },
        mood: { initial: "good", states: { good: { on: { BACK: [{ target: "#sample.work.idle" }] } } } },
      },
    });
  });
});

describe("the Mermaid drawing", () => {
  it("is a stateDiagram-v2 with regions side by side", () => {
    expect(statechartMermaid(sample)).toMatchInlineSnapshot(`
      "stateDiagram-v2
        state "sample" as sample
        state sample {
          state "work" as sample__work
          state sample__work {
            state "idle" as sample__work__idle
            state "deep" as deepest
            state deepest {
              state "one" as sample__work__deep__one
              state "two" as sample__work__deep__two
              sample__work__deep__two --> [*]
              [*] --> sample__work__deep__one
              sample__work__deep__one --> sample__work__deep__two : GO
            }
            state "end" as sample__work__end
            sample__work__end --> [*]
            [*] --> sample__work__idle
            sample__work__idle --> deepest : GO [ready and not (is late)]
            sample__work__idle --> sample__work__idle : GO [mood is good or idle]
            sample__work__idle --> sample__work__idle : odd#58; name
            sample__work__idle --> sample__work__end : [is late]
            deepest --> sample__work__end : done
          }
          --
          state "mood" as sample__mood
          state sample__mood {
            state "good" as sample__mood__good
            [*] --> sample__mood__good
            sample__mood__good --> sample__work__idle : BACK
          }
        }
        [*] --> sample
      "
    `);
  });

  it.each(machines)("of %s has every state and arrow once", (_name, machine) => {
    const text = statechartMermaid(machine);
    const { root } = readChart(machine);
    const states = [...statesOf(root)];
    const arrows = states
      .flatMap((state) => state.transitions)
      .reduce((sum, each) => sum + Math.max(1, each.targets.length), 0);
    const begins = states.filter((state) => state.initial !== undefined).length + (root.kind === "parallel" ? 1 : 0);
    const finals = states.filter((state) => state.kind === "final").length;
    expect(text.split("\n").filter((line) => / --> /.test(line))).toHaveLength(arrows + begins + finals);
    const declared = [...text.matchAll(/^ *state ".*" as (\w+)$/gm)].map((match) => match[1]);
    expect(new Set(declared).size).toBe(states.length - (root.kind === "parallel" ? 0 : 1));
    expect(declared).toHaveLength(new Set(declared).size);
    expect(text.split("\n").filter((line) => /^ *--$/.test(line))).toHaveLength(
      states.filter((state) => state.kind === "parallel").reduce((sum, state) => sum + state.children.length - 1, 0),
    );
    expect(text.match(/\{$/gm)?.length ?? 0).toBe(text.match(/^ *\}$/gm)?.length ?? 0);
  });

  it("keeps Mermaid's own marks out of names and labels", () => {
    const odd = createMachine({
      id: "odd",
      initial: "end",
      states: { end: { on: { 'a: "b" # {c};': "x-y" } }, "x-y": {} },
    });
    const text = statechartMermaid(odd);
    expect(text).toContain("odd__end --> odd__x_2d_y : a#58; #34;b#34; #35; #123;c#125;#59;");
  });
});

describe("the SVG drawing", () => {
  it.each(machines)("of %s shows every state", async (_name, machine) => {
    const svg = await statechartSvg(machine);
    expect(svg).toMatch(/<svg[^>]*>/);
    for (const state of statesOf(readChart(machine).root)) expect(svg).toContain(`>${state.key}</text>`);
  });

  it("draws an arrow for every transition", async () => {
    const { root } = readChart(sample);
    const states = [...statesOf(root)];
    const arrows = states.flatMap((state) => state.transitions).length + states.filter((state) => state.initial).length;
    expect((await statechartSvg(sample)).match(/class="edge"/g)).toHaveLength(arrows);
  });

  it("quotes what names may hold", () => {
    const odd = createMachine({ id: 'o"d', initial: "a", states: { a: { on: { 'say "hi"\\': "a" } } } });
    expect(statechartDot(odd)).toContain('label="say \\"hi\\"\\\\"');
  });
});
