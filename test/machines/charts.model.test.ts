import { describe, expect, it } from "vitest";
import { checkNewEntry } from "../../src/journal/parse-entry.ts";
import { branchMachine } from "../../src/machines/branch.machine.ts";
import type { Effect } from "../../src/machines/protocol.ts";
import { runMachine } from "../../src/machines/run.machine.ts";
import { stageMachine } from "../../src/machines/stage.machine.ts";
import { type AnyStateMachine, begin, machineTag, persist, restore, step } from "../../src/machines/xstate.ts";
import { type AnySnapshot, placeOf, reachable, sizeOf, stepText, type Visited } from "./explore.ts";
import { runEvents, type Sample, samples } from "./samples.ts";

const machines: readonly [string, AnyStateMachine][] = [
  ["run", runMachine],
  ["branch", branchMachine],
  ["stage", stageMachine],
];

/** Passed through within a step, never at rest. */
const passing: Readonly<Record<string, readonly string[]>> = {
  run: [],
  branch: ["control.entering"],
  stage: ["control.entering", "execution.beginning", "execution.reconsidering", "execution.acting"],
};

const ended: Readonly<Record<string, readonly string[]>> = {
  run: ["completed", "failed", "restarted"],
  branch: ["succeeded", "failed", "restarted", "cancelled"],
  stage: ["succeeded", "failed", "skipped", "cancelled"],
};

const visited = new Map<Sample, readonly Visited[]>();
function statesOf(sample: Sample): readonly Visited[] {
  const known = visited.get(sample) ?? reachable(sample);
  visited.set(sample, known);
  return known;
}

function hasEnded(machine: AnyStateMachine, snapshot: AnySnapshot): boolean {
  const { control, execution } = placeOf(snapshot);
  if (ended[machine.id]?.includes(execution ?? "")) return true;
  return machine.id === "run" && control === "cancelled";
}

describe.each(machines)("the chart of a %s", (name, machine) => {
  const own = samples.filter((sample) => sample.machine === machine);

  it("rests in every state it has, but for those it only passes through", () => {
    const reached = new Set(
      own.flatMap((sample) =>
        statesOf(sample).flatMap(({ snapshot }) =>
          Object.entries(placeOf(snapshot)).map(([region, state]) => `${region}.${state}`),
        ),
      ),
    );
    const all = Object.values(machine.root.states).flatMap((region) =>
      Object.keys(region.states).map((state) => `${region.key}.${state}`),
    );
    expect([...reached].sort()).toEqual(all.filter((state) => !passing[name]?.includes(state)).sort());
  });

  it("does nothing by itself: no invoked actor, no delay, no final state that would stop it", () => {
    const nodes = [
      machine.root,
      ...Object.values(machine.root.states).flatMap((region) => Object.values(region.states)),
    ];
    for (const node of nodes) {
      expect(node.invoke, node.id).toEqual([]);
      expect(node.after, node.id).toEqual([]);
      expect(node.type, node.id).not.toBe("final");
    }
  });
});

describe.each(samples.map((sample) => [sample.name, sample] as const))("%s", (_name, sample) => {
  const { machine, eventsOf } = sample;
  const eventsAt = (snapshot: AnySnapshot) => eventsOf(snapshot.context as never);

  it("is walked whole: every state XState finds, each by a shortest path", () => {
    const { states, transitions } = sizeOf(sample);
    expect(statesOf(sample)).toHaveLength(states);
    expect(transitions).toBeGreaterThanOrEqual(eventsAt(begin(machine, sample.input as never).snapshot).length);
  });

  it("goes on from every checkpoint as if it had never been written", () => {
    for (const { snapshot, path } of statesOf(sample)) {
      const restored = restore(machine, machineTag(machine), persist(snapshot)) as AnySnapshot;
      expect(persist(restored), path.join(" ")).toBe(persist(snapshot));
      for (const event of eventsAt(snapshot)) {
        const after = stepText(machine, restored, event);
        if (after !== stepText(machine, snapshot, event)) expect.fail(`${[...path, event.type].join(" ")}: ${after}`);
      }
    }
  });

  it("leaves the snapshot it steps from as it is", () => {
    for (const { snapshot } of statesOf(sample)) {
      const before = persist(snapshot);
      for (const event of eventsAt(snapshot)) step(machine, snapshot, event);
      expect(persist(snapshot)).toBe(before);
    }
  });

  it("takes nothing once it has ended", () => {
    for (const { snapshot, path } of statesOf(sample).filter((state) => hasEnded(machine, state.snapshot))) {
      for (const event of eventsAt(snapshot)) {
        const { snapshot: next, effects } = step(machine, snapshot, event);
        expect(effects, `${[...path, event.type].join(" ")}`).toEqual([]);
        expect(persist(next)).toBe(persist(snapshot));
      }
    }
  });

  it("asks only for plain JSON, with entries that fit the catalogue", () => {
    const types = new Set<string>();
    forEachStep(sample, (effects) => {
      for (const effect of effects) {
        types.add(effect.type);
        if (effect.type === "effect.journal") checkNewEntry(effect.entry);
        expect(JSON.parse(JSON.stringify(effect))).toStrictEqual(effect);
      }
    });
    expect(types).toContain("effect.ended");
  });

  it("says once that it ends, in the step in which it ends", () => {
    forEachStep(sample, (effects, from, to) => {
      const says = effects.filter(({ type }) => type === "effect.ended").length;
      const ends = hasEnded(machine, to) && !(from && hasEnded(machine, from));
      if (says !== (ends ? 1 : 0)) expect.fail(`${from && persist(from)} → ${persist(to)} says ${says} times`);
    });
  });
});

describe("a region that does not run", () => {
  const regions = samples.filter(({ name }) => /parallel|foreach|loop/.test(name) && name.startsWith("stage"));
  /** Facts are asked for and answered within one turn; what comes of them is told here as at any time. */
  const isOpening = (snapshot: AnySnapshot) => placeOf(snapshot)["execution"] === "opening";

  it.each(regions.map((sample) => [sample.name, sample] as const))(
    "%s: begins no branch, decides no join and ends in nothing but a cancellation",
    (_, sample) => {
      let held = 0;
      for (const { snapshot, path } of statesOf(sample)) {
        if (placeOf(snapshot)["control"] === "running" || isOpening(snapshot)) continue;
        held += 1;
        for (const event of sample.eventsOf(snapshot.context as never)) {
          // A person's doing, not the region's.
          if (event.type === "CONTINUE" || event.type === "ABORT") continue;
          const { effects, snapshot: next } = step(stageMachine, snapshot as never, event as never);
          const made = effects.map((effect) => (effect.type === "effect.journal" ? effect.entry.type : effect.type));
          const decided = made.filter((type) =>
            /spawn|region\.(open|settle)|decided|exited|stage\.(?!cancelled)/.test(type),
          );
          expect(decided, [...path, event.type].join(" ")).toEqual([]);
          const { execution = "" } = placeOf(next as never);
          const isOver = ["succeeded", "failed", "skipped"].includes(execution) && !hasEnded(stageMachine, snapshot);
          expect(isOver, [...path, event.type].join(" ")).toBe(false);
        }
      }
      expect(held).toBeGreaterThan(0);
    },
  );
});

describe("commands to a run", () => {
  const isCommand = (type: string) => type === "PAUSE" || type === "CONTINUE" || type === "CANCEL";
  const runs = samples.filter(({ machine }) => machine === runMachine);

  it.each(runs.map((sample) => [sample.name, sample] as const))(
    "%s: one reply each, and none to anything else",
    (_, sample) => {
      for (const { snapshot, path } of statesOf(sample).filter((state) => !hasEnded(runMachine, state.snapshot))) {
        for (const event of runEvents) {
          const { effects } = step(runMachine, snapshot as never, event);
          const replies = effects.filter((effect) => effect.type === "effect.reply");
          expect(replies.length, [...path, event.type].join(" ")).toBe(isCommand(event.type) ? 1 : 0);
          if (isCommand(event.type)) expect(replies[0]).toMatchObject({ commandId: "c-1" });
        }
      }
    },
  );
});

function forEachStep(
  sample: Sample,
  see: (effects: readonly Effect[], from: AnySnapshot | undefined, to: AnySnapshot) => void,
): void {
  const first = begin(sample.machine, sample.input as never);
  see(first.effects, undefined, first.snapshot);
  for (const { snapshot } of statesOf(sample)) {
    for (const event of sample.eventsOf(snapshot.context as never)) {
      const { effects, snapshot: next } = step(sample.machine, snapshot, event);
      see(effects, snapshot, next);
    }
  }
}
