/** Every state that a sample leads to, by XState's own traversal of the same machine. */
import { getAdjacencyMap, getShortestPaths } from "xstate/graph";
import { type AnyStateMachine, begin, persist, type Step, step } from "../../src/machines/xstate.ts";
import type { Sample } from "./samples.ts";

export type AnySnapshot = Step["snapshot"];
export interface Visited {
  readonly snapshot: AnySnapshot;
  /** The events that lead here, fewest first found. */
  readonly path: readonly string[];
}

function traversal(sample: Sample) {
  return {
    input: sample.input,
    events: (state: AnySnapshot) => sample.eventsOf(state.context as never) as never,
    serializeState: (state: AnySnapshot) => persist(state),
    stopWhen: (state: AnySnapshot) => sample.isFarEnough(state.context as never),
  } as never;
}

/** By shortest paths. */
export function reachable(sample: Sample): readonly Visited[] {
  const paths = getShortestPaths(sample.machine, traversal(sample)) as unknown as readonly {
    readonly state: AnySnapshot;
    readonly steps: readonly { readonly event: { readonly type: string } }[];
  }[];
  return paths.map(({ state, steps }) => ({ snapshot: state, path: steps.map(({ event }) => event.type) }));
}

/** How many states and transitions XState's traversal of a sample finds. */
export function sizeOf(sample: Sample): { readonly states: number; readonly transitions: number } {
  const map = getAdjacencyMap(sample.machine as never, traversal(sample)) as unknown as Record<
    string,
    { transitions: object }
  >;
  const transitions = Object.values(map).reduce((sum, from) => sum + Object.keys(from.transitions).length, 0);
  return { states: Object.keys(map).length, transitions };
}

/** One step in full, as text: where it leads and what it asks for. */
export function stepText(machine: AnyStateMachine, snapshot: AnySnapshot, event: { readonly type: string }): string {
  const { snapshot: next, effects } = step(machine, snapshot, event);
  return `${persist(next)} ${JSON.stringify(effects)}`;
}

/** The first step, in full. */
export function beginText(sample: Sample): string {
  const { snapshot, effects } = begin(sample.machine, sample.input as never);
  return `${persist(snapshot)} ${JSON.stringify(effects)}`;
}

export function placeOf(snapshot: AnySnapshot): Readonly<Record<string, string>> {
  return snapshot.value as Record<string, string>;
}
