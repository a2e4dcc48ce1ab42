import type { AnyStateMachine } from "../machines/xstate.ts";

/** A statechart as plain data: what the printers of this room read. */
export interface Chart {
  readonly id: string;
  readonly version?: string;
  readonly root: ChartState;
}

export interface ChartState {
  /** The last part of the path; the chart's id for the root. */
  readonly key: string;
  /** Unique in the chart; what targets name. */
  readonly id: string;
  readonly kind: "atomic" | "compound" | "parallel" | "final" | "history";
  /** Id of the child a compound state begins in. */
  readonly initial?: string;
  readonly description?: string;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly transitions: readonly ChartTransition[];
  readonly children: readonly ChartState[];
}

export interface ChartTransition {
  /** `on`: an event's name. `always`: taken as soon as its guard holds. `done`: the state's children have ended. */
  readonly trigger: { readonly kind: "on"; readonly event: string } | { readonly kind: "always" | "done" };
  readonly guard?: string;
  /** Ids of states; empty where the state stays as it is and only the actions run. */
  readonly targets: readonly string[];
  readonly actions: readonly string[];
  readonly reenter: boolean;
}

type StateNode = AnyStateMachine["root"];
type TransitionDefinition = StateNode["on"][string][number];

const DONE = /^xstate\.done\.state\./;

/** Reads a machine: its states in declaration order, everything that has a name by its name. */
export function readChart(machine: AnyStateMachine): Chart {
  return {
    id: machine.id,
    ...(machine.version === undefined ? {} : { version: machine.version }),
    root: readState(machine.root),
  };
}

/** Every state of a chart, parents first. */
export function* statesOf(state: ChartState): Generator<ChartState> {
  yield state;
  for (const child of state.children) yield* statesOf(child);
}

function readState(node: StateNode): ChartState {
  const initial = node.initial?.target?.[0]?.id;
  return {
    key: node.key,
    id: node.id,
    kind: node.type,
    ...(initial === undefined || node.type !== "compound" ? {} : { initial }),
    ...(node.description === undefined ? {} : { description: node.description }),
    entry: node.entry.map(nameOf),
    exit: node.exit.map(nameOf),
    transitions: transitionsOf(node),
    children: Object.values(node.states).map((child) => readState(child as StateNode)),
  };
}

function transitionsOf(node: StateNode): ChartTransition[] {
  const found: ChartTransition[] = [];
  for (const [event, transitions] of node.transitions as Map<string, TransitionDefinition[]>) {
    const trigger = DONE.test(event) ? { kind: "done" as const } : { kind: "on" as const, event };
    for (const transition of transitions) found.push(readTransition(transition, trigger));
  }
  for (const transition of (node.always ?? []) as TransitionDefinition[])
    found.push(readTransition(transition, { kind: "always" }));
  return found;
}

function readTransition(transition: TransitionDefinition, trigger: ChartTransition["trigger"]): ChartTransition {
  return {
    trigger,
    ...(transition.guard === undefined ? {} : { guard: guardName(transition.guard) }),
    targets: (transition.target ?? []).map((target: StateNode) => target.id),
    actions: transition.actions.map(nameOf),
    reenter: transition.reenter,
  };
}

/** XState's own combinations are functions that carry what they combine. */
interface Combination {
  readonly name: string;
  readonly guards?: readonly unknown[];
  readonly stateValue?: unknown;
}

/** A guard in words: its name, or `control is running and may go on` for combinations of names and states. */
function guardName(guard: unknown): string {
  if (typeof guard !== "function") return nameOf(guard);
  const { name, guards, stateValue } = guard as unknown as Combination;
  if (stateValue !== undefined) return stateInWords(stateValue);
  const parts = guards?.map(guardName) ?? [];
  if (name === "not" && parts.length === 1) return `not (${parts[0]})`;
  if ((name === "and" || name === "or") && parts.length > 0) return parts.join(` ${name} `);
  return "(unnamed)";
}

function stateInWords(value: unknown): string {
  if (typeof value === "string") return `in ${value}`;
  const entries = Object.entries(value as Record<string, unknown>);
  return entries
    .map(([region, child]) => `${region} is ${typeof child === "string" ? child : stateInWords(child)}`)
    .join(" and ");
}

/** Of an action or guard as machines hold them: a name, an object with a type, or one of XState's own functions. */
function nameOf(named: unknown): string {
  if (typeof named === "string") return named;
  const type = (named as { readonly type?: unknown } | undefined)?.type;
  return typeof type === "string" && type !== "" ? type : "(unnamed)";
}
