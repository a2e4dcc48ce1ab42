/**
 * The parts of XState's step that cost most, done with less: the same snapshots, without computing again what cannot have
 * changed. A test compares them with XState's own. Source: docs/decisions/0012.
 */
import type { AnyStateMachine, SnapshotOf } from "./xstate.ts";

type Snapshot = SnapshotOf<AnyStateMachine>;
type Context = Readonly<Record<string, unknown>>;

interface Args {
  readonly context: Context;
  readonly event: unknown;
}

interface AssignAction {
  readonly assignment: ((args: Args, params: unknown) => Context) | Readonly<Record<string, unknown>>;
  /** As XState calls it. */
  resolve: (...given: [unknown, Snapshot, Args, unknown, AssignAction]) => unknown[];
}

/** XState makes a whole snapshot for each assignment, its state value included; only the context is another one. */
export function lightenAssign<Action>(action: Action): Action {
  const light = action as unknown as AssignAction;
  light.resolve = (...[, snapshot, { event }, params, { assignment }]) => {
    const args = { context: snapshot.context, event };
    return [{ ...snapshot, context: { ...snapshot.context, ...updateOf(assignment, args, params) } }];
  };
  return action;
}

function updateOf(assignment: AssignAction["assignment"], args: Args, params: unknown): Context {
  if (typeof assignment === "function") return assignment(args, params);
  const update: Record<string, unknown> = {};
  for (const key in assignment) {
    const value = assignment[key];
    update[key] = typeof value === "function" ? value(args, params) : value;
  }
  return update;
}

interface StateInGuard {
  readonly stateValue: unknown;
  check: (snapshot: Snapshot) => boolean;
}

/** For the state of one region, which is all that our charts ask. */
export function lightenStateIn<Guard>(guard: Guard): Guard {
  const light = guard as unknown as StateInGuard;
  const regions = Object.entries(light.stateValue as object);
  const [region, state] = regions[0] ?? [];
  if (regions.length !== 1 || region === undefined || typeof state !== "string") return guard;
  light.check = ({ value }) => {
    const found = (value as Record<string, unknown>)[region];
    return typeof found === "string" ? found === state : found !== undefined && state in (found as object);
  };
  return guard;
}

const starts = new WeakMap<AnyStateMachine, Snapshot | null>();

/**
 * A machine's snapshot in its initial states, before anything was decided: the same for every actor but for the context.
 * Null where entering them does something.
 */
export function startOf(machine: AnyStateMachine): Snapshot | null {
  let start = starts.get(machine);
  if (start === undefined) {
    start = makeStart(machine);
    starts.set(machine, start);
  }
  return start;
}

type StateNode = AnyStateMachine["root"];

function makeStart(machine: AnyStateMachine): Snapshot | null {
  const start = machine.resolveState({ value: initialValue(machine.root) as never, context: {} });
  // Regions are looked at in the order in which they are declared.
  const nodes = [...start._nodes].sort((a, b) => a.order - b.order);
  const isSilent = nodes.every(
    ({ entry, invoke, initial }) => entry.length === 0 && invoke.length === 0 && (initial?.actions.length ?? 0) === 0,
  );
  return isSilent && start.status === "active" ? ({ ...start, _nodes: nodes } as Snapshot) : null;
}

function initialValue({ type, states, initial }: StateNode): unknown {
  if (type === "parallel")
    return Object.fromEntries(Object.values(states).map((node) => [node.key, initialValue(node)]));
  const [first] = initial?.target ?? [];
  if (!first) return {};
  return first.type === "atomic" || first.type === "final" ? first.key : { [first.key]: initialValue(first) };
}
