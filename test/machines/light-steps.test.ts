/** What the seam does with less is what XState does. Source: docs/decisions/0012. */
import { describe, expect, it } from "vitest";
import {
  type AnyMachineSnapshot,
  initialTransition,
  assign as plainAssign,
  stateIn as plainStateIn,
  setup,
} from "xstate";
import { type AnyStateMachine, assign, begin, stateIn, step } from "../../src/machines/xstate.ts";
import { samples } from "./samples.ts";

const event = { type: "GO", by: 3 } as const;

/** Two regions, one of them deep; entries, transitions and guards that assign in every form. */
function machineOf(parts: { assign: typeof plainAssign; stateIn: typeof plainStateIn }): AnyStateMachine {
  const { assign, stateIn } = parts;
  return setup({
    types: {
      context: {} as { count: number; log: readonly string[]; note?: string | undefined },
      events: {} as { type: "GO"; by: number } | { type: "BACK" },
      input: {} as { from: number },
    },
    actions: {
      "add by key": assign({
        count: ({ context, event }) => context.count + (event.type === "GO" ? event.by : 0),
        note: "fixed",
      }),
      "add as a whole": assign(({ context }, params: { word: string }) => ({ log: [...context.log, params.word] })),
      "set to nothing": assign({ note: undefined }),
    },
    guards: {
      "other is on": stateIn({ other: "on" }),
      "other is deep": stateIn({ other: { deep: "one" } }),
      "other is in deep": stateIn({ other: "deep" }),
    },
  }).createMachine({
    id: "toy",
    type: "parallel",
    context: ({ input }) => ({ count: input.from, log: [] }),
    states: {
      work: {
        initial: "idle",
        states: {
          idle: {
            on: { GO: { target: "busy", actions: ["add by key", { type: "add as a whole", params: { word: "go" } }] } },
          },
          busy: {
            entry: ["set to nothing", { type: "add as a whole", params: { word: "busy" } }],
            always: [
              { guard: "other is deep", target: "deeper" },
              { guard: "other is in deep", target: "idle" },
            ],
          },
          deeper: { entry: "add by key", on: { BACK: "idle" }, always: { guard: "other is on", target: "idle" } },
        },
      },
      other: {
        initial: "on",
        states: {
          on: { on: { GO: "deep" } },
          deep: { initial: "one", states: { one: { on: { GO: "two" } }, two: {} }, on: { BACK: "on" } },
        },
      },
    },
  });
}

/** All that a snapshot says, its active nodes in their order among it. */
function told(snapshot: AnyMachineSnapshot) {
  const { _nodes, value, context, status, tags, historyValue, children } = snapshot;
  return { nodes: _nodes.map(({ id }) => id), value, context, status, tags: [...tags], historyValue, children };
}

describe("a step of the seam", () => {
  const light = machineOf({ assign, stateIn });
  const plain = machineOf({ assign: plainAssign, stateIn: plainStateIn });

  it.each([["GO"], ["GO", "GO"], ["GO", "BACK", "GO", "GO"], ["BACK", "GO", "GO", "BACK", "GO"]])(
    "assigns and asks for states as XState's own: %s",
    (...types: string[]) => {
      let [a, b] = [begin(light, { from: 1 }).snapshot, begin(plain, { from: 1 }).snapshot];
      expect(told(a)).toEqual(told(b));
      for (const type of types) {
        a = step(light, a, { ...event, type }).snapshot;
        b = step(plain, b, { ...event, type }).snapshot;
        expect(told(a)).toEqual(told(b));
      }
      expect(a.context.log.length).toBeGreaterThan(0);
    },
  );

  it("leaves the snapshot that it was given as it is", () => {
    const { snapshot } = begin(light, { from: 1 });
    const before = JSON.stringify(told(snapshot));
    step(light, snapshot, event);
    expect(JSON.stringify(told(snapshot))).toBe(before);
  });
});

describe("a chart begins", () => {
  it.each(samples.map((sample) => [sample.name, sample] as const))(
    "as XState begins it: %s",
    (_name, { machine, input }) => {
      const { snapshot, effects } = begin(machine, input as never);
      const [plain, actions] = initialTransition(machine, input as never);
      expect(told(snapshot)).toEqual(told(plain));
      expect(effects).toEqual(actions.map(({ params }) => (params as { event: unknown }).event));
    },
  );
});
