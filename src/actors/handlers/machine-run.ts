/** A user's own machine as a handler: stored with its stage, suspended at its boundaries, restored. Source: 03 §3. */
import {
  type AnyActor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  isMachineSnapshot,
  type Snapshot,
} from "xstate";
import type { Attributes, JsonValue } from "../../graph/index.ts";
import { MACHINE_SNAPSHOT_INTERVAL_MS } from "../../limits.ts";
import type { AbortReason, ExecutionAbort, HandlerInput } from "../handler.ts";
import { loggerOf } from "./logic-log.ts";
import { MachineDelays } from "./machine-delays.ts";
import { readMachine, writeMachine } from "./machine-store.ts";
import { Suspended } from "./suspended.ts";
import { TrackedWork } from "./tracked-work.ts";

/** What a machine gets as `input`: plain JSON, so that it may keep it in its context. */
export interface MachineHandlerInput {
  readonly runId: string;
  readonly stage: string;
  readonly branch: string;
  readonly visit: number;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly node: { readonly id: string; readonly type: string; readonly label: string };
  readonly attributes: Attributes;
  readonly inputs: Readonly<Record<string, JsonValue>>;
  readonly context: Readonly<Record<string, JsonValue>>;
  readonly goal: string;
}

const inputs = new WeakMap<object, HandlerInput>();

/**
 * The execution a machine runs in, for its actions and invoked actors: log, artifacts, signal. They get `system` from
 * XState. Undefined outside of a handler.
 */
export function handlerInputOf(system: object): HandlerInput | undefined {
  return inputs.get(system);
}

/**
 * Runs a machine to its final state and resolves with its output. Its state is stored when it has changed, at most
 * every MACHINE_SNAPSHOT_INTERVAL_MS, and where it stops before its end. Throws Suspended when the run is being paused
 * and the machine waits (no invoked actor works), or when it was told to stop for a pause or a shutdown.
 */
export function runMachine(machine: AnyStateMachine, input: HandlerInput): Promise<unknown> {
  return new MachineRun(machine, input).run();
}

class MachineRun {
  readonly #machine: AnyStateMachine;
  readonly #input: HandlerInput;
  readonly #work = new TrackedWork();
  readonly #delays: MachineDelays;
  readonly #actor: AnyActor;
  readonly #end = Promise.withResolvers<unknown>();
  #stopping = false;
  #saving: Promise<void> | undefined;
  #saveTimer: object | undefined;

  constructor(machine: AnyStateMachine, input: HandlerInput) {
    this.#machine = machine;
    this.#input = input;
    this.#delays = new MachineDelays(input);
    const stored = readMachine(machine, input.host.machineSnapshot, input.attempt);
    this.#actor = createActor(this.#work.track(machine), {
      input: machineInput(input),
      clock: this.#delays.clock,
      logger: loggerOf(input),
      ...(stored && { snapshot: stored.snapshot }),
    });
    inputs.set(this.#actor.system, input);
    this.#delays.attach(this.#actor);
    if (stored) this.#delays.restore(stored.delays);
  }

  async run(): Promise<unknown> {
    const { signal, host } = this.#input;
    const abort = () => void this.#stop((signal.reason as Partial<ExecutionAbort> | undefined)?.reason ?? "cancel");
    const unlisten = (host.onPausing ?? pollPausing(this.#input)).call(host, () => this.#suspendIfIdle());
    signal.addEventListener("abort", abort, { once: true });
    try {
      this.#start();
      if (signal.aborted) abort();
      return await this.#end.promise;
    } finally {
      signal.removeEventListener("abort", abort);
      unlisten();
      this.#cancelSave();
      this.#actor.stop();
      await this.#saving?.catch(() => {}); // a write that is under way ends before the execution does
    }
  }

  #start(): void {
    this.#actor.subscribe({
      next: () => this.#changed(),
      error: (error: unknown) => this.#end.reject(error),
      complete: () => {
        const snapshot = this.#actor.getSnapshot() as AnyMachineSnapshot;
        if (snapshot.status === "done") this.#end.resolve(snapshot.output);
      },
    });
    this.#actor.start();
  }

  /** Called from inside a step: the actor is at rest only when its caller has returned. */
  #changed(): void {
    queueMicrotask(() => this.#suspendIfIdle());
    if (this.#saveTimer || this.#stopping) return;
    this.#saveTimer = this.#input.host.clock.setTimer(() => this.#save(), MACHINE_SNAPSHOT_INTERVAL_MS);
  }

  #save(): void {
    this.#saveTimer = undefined;
    if (this.#stopping || !this.#isActive()) return;
    // One write at a time; what changes meanwhile waits for the next.
    if (this.#saving)
      this.#saveTimer = this.#input.host.clock.setTimer(() => this.#save(), MACHINE_SNAPSHOT_INTERVAL_MS);
    else this.#write().catch((error: unknown) => this.#end.reject(error));
  }

  async #write(): Promise<void> {
    const text = this.#text();
    this.#saving = this.#input.host.saveMachineSnapshot(text);
    try {
      await this.#saving;
    } finally {
      this.#saving = undefined;
    }
  }

  #text(): string {
    // XState refuses inline actors in its development build only; `writeMachine` does in every build.
    const actor = this.#actor as unknown as { getPersistedSnapshot(options: object): Snapshot<unknown> };
    const snapshot = actor.getPersistedSnapshot({ __unsafeAllowInlineActors: true });
    return writeMachine(this.#machine, { attempt: this.#input.attempt, snapshot, delays: this.#delays.pending() });
  }

  #suspendIfIdle(): void {
    if (!this.#input.control.pausing || this.#stopping || !this.#isActive()) return;
    if (!hasWorkingActor(this.#actor.getSnapshot() as AnyMachineSnapshot)) void this.#stop("pause");
  }

  /** Stores where that makes sense, stops, and ends only when nothing of the machine works any more. */
  async #stop(reason: AbortReason): Promise<void> {
    if (this.#stopping || !this.#isActive()) return;
    this.#stopping = true;
    this.#cancelSave();
    const keeps = reason === "pause" || reason === "shutdown";
    try {
      const text = keeps ? this.#text() : undefined; // before stopping: what is stopped has no state to go on from
      this.#actor.stop();
      await this.#work.settled();
      await this.#saving?.catch(() => {}); // replaced by the next
      if (text !== undefined) await this.#input.host.saveMachineSnapshot(text);
      this.#end.reject(keeps ? new Suspended() : this.#input.signal.reason);
    } catch (error) {
      this.#end.reject(error);
    }
  }

  #isActive(): boolean {
    return (this.#actor.getSnapshot() as AnyMachineSnapshot).status === "active";
  }

  #cancelSave(): void {
    if (this.#saveTimer) this.#input.host.clock.clearTimer(this.#saveTimer);
    this.#saveTimer = undefined;
  }
}

/** Stands in for a host that does not tell. */
function pollPausing({ host, control }: HandlerInput): NonNullable<HandlerInput["host"]["onPausing"]> {
  return (listener) => {
    const look = () => {
      if (control.pausing) listener(true);
      timer = host.clock.setTimer(look, MACHINE_SNAPSHOT_INTERVAL_MS);
    };
    let timer = host.clock.setTimer(look, MACHINE_SNAPSHOT_INTERVAL_MS);
    return () => host.clock.clearTimer(timer);
  };
}

/** Whether an invoked or spawned actor is at work. A machine among them works when one of its own actors does. */
function hasWorkingActor(snapshot: AnyMachineSnapshot): boolean {
  return Object.values(snapshot.children as Record<string, AnyActor | undefined>).some((child) => {
    const inner: unknown = child?.getSnapshot();
    if ((inner as { status?: string } | undefined)?.status !== "active") return false;
    return isMachineSnapshot(inner) ? hasWorkingActor(inner) : true;
  });
}

function machineInput(input: HandlerInput): MachineHandlerInput {
  const { runId, stage, branch, visit, attempt, idempotencyKey, node, attributes } = input;
  const goal = String(input.graph.attributes["goal"] ?? "");
  const { id, type, label } = node;
  const context = input.context.toObject();
  const names = { runId, stage, branch, visit, attempt, idempotencyKey };
  return { ...names, node: { id, type, label }, attributes, inputs: input.inputs, context, goal };
}
