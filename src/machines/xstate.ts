/**
 * The one seam through which the charts meet XState: pure steps with a reused scope.
 *
 * A step computes the next snapshot and the effects and touches nothing; to undo it, drop what it returned. Measured on
 * 5.33.3: a stage's whole life takes 17–22 µs this way, the same as with live actors. See docs/decisions.
 */
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  and,
  createActor,
  createMachine,
  type EventObject,
  emit,
  type InputFrom,
  not,
  type SnapshotFrom,
  setup,
  assign as xstateAssign,
  stateIn as xstateStateIn,
} from "xstate";
import { InvariantError, messageOf, SafepointError } from "../errors.ts";
import { lightenAssign, lightenStateIn, startOf } from "./light-steps.ts";
import type { Effect } from "./protocol.ts";

export type { AnyStateMachine };
export { and, emit, not, setup };

/** XState's, without what it costs. */
export const assign = ((assignment: never) => lightenAssign(xstateAssign(assignment))) as typeof xstateAssign;
export const stateIn = ((value: never) => lightenStateIn(xstateStateIn(value))) as typeof xstateStateIn;

/** The version of XState that wrote a checkpoint; its first number must fit to read it. */
export const XSTATE_VERSION = "5.33.3";

export type SnapshotOf<M extends AnyStateMachine> = SnapshotFrom<M>;

export interface Step<M extends AnyStateMachine = AnyStateMachine> {
  readonly snapshot: SnapshotFrom<M>;
  readonly effects: readonly Effect[];
}

interface CollectedAction {
  readonly type: string;
  readonly params?: { readonly event?: Effect };
}

/** What machine.transition needs of an actor: nothing here ever runs. Effects are collected, not performed. */
function createScope() {
  const self = createActor(createMachine({}));
  let effects: Effect[] = [];
  const scope = {
    self,
    id: "safepoint",
    sessionId: "safepoint",
    system: self.system,
    logger: () => {},
    defer: () => {},
    stopChild: () => {},
    emit: () => {},
    actionExecutor: (action: CollectedAction) => {
      if (action.type !== "xstate.emit" || !action.params?.event) {
        throw new InvariantError(`a chart may only assign and emit; found the action ${action.type}`);
      }
      if (action.params.event.type !== "effect.none") effects.push(action.params.event);
    },
  };
  return {
    scope: scope as unknown as Parameters<AnyStateMachine["transition"]>[2],
    take(): readonly Effect[] {
      const taken = effects;
      effects = [];
      return taken;
    },
  };
}

const shared = createScope();

function collect<M extends AnyStateMachine>(what: string, compute: () => SnapshotFrom<M>): Step<M> {
  let snapshot: SnapshotFrom<M>;
  try {
    snapshot = compute();
  } catch (cause) {
    shared.take();
    throw new InvariantError(`${what} threw: ${messageOf(cause)}`);
  }
  const effects = shared.take();
  const { status, error } = snapshot as AnyMachineSnapshot;
  if (status === "error") throw new InvariantError(`${what} ended in error: ${messageOf(error)}`);
  return { snapshot, effects };
}

/** The first snapshot of a machine, with the effects of entering it. */
export function begin<M extends AnyStateMachine>(machine: M, input: InputFrom<M>): Step<M> {
  return collect<M>(`starting ${machine.id}`, () => {
    const start = startOf(machine);
    if (!start) return machine.getInitialSnapshot(shared.scope, input) as SnapshotFrom<M>;
    const { context } = machine.config as { readonly context: (args: { readonly input: InputFrom<M> }) => object };
    return machine.transition(
      { ...start, context: context({ input }) } as AnyMachineSnapshot,
      { type: "xstate.init", input } as EventObject,
      shared.scope,
    ) as SnapshotFrom<M>;
  });
}

/** One macrostep. The snapshot given is left as it is. */
export function step<M extends AnyStateMachine>(machine: M, snapshot: SnapshotFrom<M>, event: EventObject): Step<M> {
  return collect<M>(
    `${machine.id} on ${event.type}`,
    () => machine.transition(snapshot as AnyMachineSnapshot, event, shared.scope) as SnapshotFrom<M>,
  );
}

/** What tells a reader which code can take a checkpoint up: `<machine>@<version>/xstate@<version>`. */
export function machineTag(machine: AnyStateMachine): string {
  return `${machine.id}@${machine.version ?? "1"}/xstate@${XSTATE_VERSION}`;
}

/** The snapshot as JSON text: value and context, nothing else. */
export function persist(snapshot: AnyMachineSnapshot): string {
  return JSON.stringify({ value: snapshot.value, context: snapshot.context });
}

/**
 * A snapshot from its JSON text.
 *
 * Throws: checkpoint_incompatible when another machine or version wrote it, or its state is unknown here; XState itself
 * would restore such a snapshot into an error state, or without the missing part.
 */
export function restore<M extends AnyStateMachine>(machine: M, tag: string, text: string): SnapshotFrom<M> {
  const expected = machineTag(machine);
  if (withoutMinor(tag) !== withoutMinor(expected)) {
    throw new SafepointError("checkpoint_incompatible", `expected a checkpoint of ${expected}, found one of ${tag}`, {
      details: { expected, found: tag },
    });
  }
  try {
    const { value, context } = JSON.parse(text) as { value: never; context: never };
    const resolved = machine.resolveState({ value, context });
    if (resolved.status !== "active") throw new Error(`it restores to the status ${resolved.status}`);
    return resolved as SnapshotFrom<M>;
  } catch (cause) {
    throw new SafepointError("checkpoint_incompatible", `a checkpoint of ${tag} cannot be read: ${messageOf(cause)}`, {
      details: { tag },
      cause,
    });
  }
}

function withoutMinor(tag: string): string {
  return tag.replace(/(@\d+)(\.\d+)*/g, "$1");
}
