import type { AnyStateMachine } from "xstate";
import { findNonJson } from "./plain-json.ts";

type Node = AnyStateMachine["root"];
type ContextFunction = (args: unknown) => unknown;

/**
 * What keeps a machine from being stored and restored with its stage; one sentence a problem. Inline actors come back
 * from a snapshot as nothing, without a word, and so do sources that are not registered; a context that is not JSON
 * comes back as something else. A context made by a function is tried with an input of the usual shape.
 */
export function checkMachineHandler(machine: AnyStateMachine): readonly string[] {
  const problems = new Set<string>();
  checkMachine(machine, { problems, seen: new Set() });
  return [...problems];
}

interface Check {
  readonly problems: Set<string>;
  readonly seen: Set<AnyStateMachine>;
}

function checkMachine(machine: AnyStateMachine, check: Check): void {
  if (check.seen.has(machine)) return;
  check.seen.add(machine);
  const { actors, actions } = machine.implementations as Record<"actors" | "actions", Record<string, unknown>>;
  const checkSource = (src: unknown, where: string) => {
    if (typeof src !== "string")
      check.problems.add(`${where} has an inline actor: register it in \`setup({ actors })\` and name it`);
    else if (!(src in actors))
      check.problems.add(`${where} names the actor "${src}", which is not registered in \`setup({ actors })\``);
  };
  for (const [name, action] of Object.entries(actions))
    checkSpawn(action, `action "${name}" of "${machine.id}"`, checkSource);
  for (const node of nodesOf(machine.root)) {
    const where = `state "${node.id}"`;
    for (const { src } of listOf(node.config.invoke)) checkSource(src, where);
    for (const action of actionsOf(node)) checkSpawn(action, where, checkSource);
  }
  checkContext(machine, check, checkSource);
  for (const actor of Object.values(actors)) if (isMachine(actor)) checkMachine(actor, check);
}

function checkContext(
  machine: AnyStateMachine,
  check: Check,
  checkSource: (src: unknown, where: string) => void,
): void {
  const context: unknown = machine.config.context;
  const where = `context of "${machine.id}"`;
  const value =
    typeof context === "function" ? tryContext(context as ContextFunction, (src) => checkSource(src, where)) : context;
  const found = value === undefined ? undefined : findNonJson(value, "context", { undefinedProperties: true });
  if (found) check.problems.add(`the context of "${machine.id}" must be plain JSON, but ${found}`);
}

/** Undefined where it cannot be told without the real input: then the first snapshot tells. */
function tryContext(context: ContextFunction, spawned: (src: unknown) => void): unknown {
  const input = { ...PROBE_INPUT };
  try {
    const spawn = (src: unknown) => {
      spawned(src);
      return null;
    };
    return context({ input, self: {}, spawn });
  } catch {
    return undefined;
  }
}

const PROBE_INPUT = {
  ...{ runId: "run", stage: "main/node@1", branch: "main", visit: 1, attempt: 1, idempotencyKey: "run:main/node@1" },
  ...{ node: { id: "node", type: "type", label: "node" }, attributes: {}, inputs: {}, context: {}, goal: "" },
};

function checkSpawn(action: unknown, where: string, checkSource: (src: unknown, where: string) => void): void {
  if (typeof action !== "function" || !("type" in action) || action.type !== "xstate.spawnChild") return;
  checkSource((action as { src?: unknown }).src, where);
}

function* nodesOf(node: Node): Iterable<Node> {
  yield node;
  for (const child of Object.values(node.states)) yield* nodesOf(child as Node);
}

function* actionsOf(node: Node): Iterable<unknown> {
  yield* node.entry;
  yield* node.exit;
  yield* node.config.initial ? node.initial.actions : [];
  for (const transitions of node.transitions.values()) for (const { actions } of transitions) yield* actions;
  for (const { actions } of node.always ?? []) yield* actions;
}

export function isMachine(logic: unknown): logic is AnyStateMachine {
  return typeof logic === "object" && logic !== null && "__xstatenode" in logic;
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}
