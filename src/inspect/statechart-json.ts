import type { AnyStateMachine } from "../machines/xstate.ts";
import { type ChartState, type ChartTransition, readChart } from "./chart.ts";

interface JsonName {
  readonly type: string;
}

export interface StatechartTransitionJson {
  readonly target?: string | readonly string[];
  readonly guard?: JsonName;
  readonly actions?: readonly JsonName[];
  readonly reenter?: true;
}

/** A machine's configuration as `createMachine` and Stately's editor take it: plain JSON, no functions, nothing run. */
export interface StatechartJson {
  readonly id?: string;
  readonly version?: string;
  readonly description?: string;
  readonly type?: "parallel" | "final" | "history";
  readonly initial?: string;
  readonly entry?: readonly JsonName[];
  readonly exit?: readonly JsonName[];
  readonly on?: Readonly<Record<string, readonly StatechartTransitionJson[]>>;
  readonly always?: readonly StatechartTransitionJson[];
  readonly onDone?: readonly StatechartTransitionJson[];
  readonly states?: Readonly<Record<string, StatechartJson>>;
}

/**
 * The statechart of a machine as JSON, to be loaded into Stately's editor or rebuilt with `createMachine`.
 *
 * Shape: targets are absolute (`#stage.control.paused`); guards and actions are objects with a `type`, their name.
 */
export function statechartJson(machine: AnyStateMachine): StatechartJson {
  const chart = readChart(machine);
  return {
    id: chart.id,
    ...(chart.version === undefined ? {} : { version: chart.version }),
    ...stateJson(chart.root, chart.id),
  };
}

/** `expected` is the id a state has by its place; one of its own is written out. */
function stateJson(state: ChartState, expected: string): StatechartJson {
  const initial = state.children.find((child) => child.id === state.initial)?.key;
  const typed = state.kind === "parallel" || state.kind === "final" || state.kind === "history";
  return {
    ...(state.id === expected ? {} : { id: state.id }),
    ...(state.description === undefined ? {} : { description: state.description }),
    ...(typed ? { type: state.kind as "parallel" | "final" | "history" } : {}),
    ...(initial === undefined ? {} : { initial }),
    ...listed("entry", state.entry.map(named)),
    ...listed("exit", state.exit.map(named)),
    ...eventsJson(state.transitions),
    ...listed("always", state.transitions.filter((each) => each.trigger.kind === "always").map(transitionJson)),
    ...listed("onDone", state.transitions.filter((each) => each.trigger.kind === "done").map(transitionJson)),
    ...childrenJson(state, expected),
  };
}

function eventsJson(transitions: readonly ChartTransition[]): Pick<StatechartJson, "on"> {
  const on = new Map<string, StatechartTransitionJson[]>();
  for (const transition of transitions) {
    if (transition.trigger.kind !== "on") continue;
    const { event } = transition.trigger;
    on.set(event, [...(on.get(event) ?? []), transitionJson(transition)]);
  }
  return on.size === 0 ? {} : { on: Object.fromEntries(on) };
}

function transitionJson({ targets, guard, actions, reenter }: ChartTransition): StatechartTransitionJson {
  const absolute = targets.map((id) => `#${id}`);
  return {
    ...(absolute.length === 0 ? {} : { target: absolute.length === 1 ? (absolute[0] as string) : absolute }),
    ...(guard === undefined ? {} : { guard: named(guard) }),
    ...listed("actions", actions.map(named)),
    ...(reenter ? { reenter } : {}),
  };
}

function childrenJson(state: ChartState, id: string): Pick<StatechartJson, "states"> {
  if (state.children.length === 0) return {};
  return {
    states: Object.fromEntries(state.children.map((child) => [child.key, stateJson(child, `${id}.${child.key}`)])),
  };
}

function listed<K extends string, T>(key: K, items: readonly T[]): Partial<Record<K, readonly T[]>> {
  return (items.length === 0 ? {} : { [key]: items }) as Partial<Record<K, readonly T[]>>;
}

function named(type: string): JsonName {
  return { type };
}
