/**
 * A run as an actor of XState, for `waitFor`, `@xstate/react`, RxJS `from()` and the like. A facade: what it shows is what
 * was committed, what is sent to it goes the way of every command, and its observers are called after the driver's turn,
 * never within it. Source: 02 §2, 05 §3.
 */
import {
  Actor,
  type ActorLogic,
  type ActorRef,
  type EventObject,
  type MachineSnapshot,
  type Observer,
  type Snapshot,
  type Subscription,
} from "xstate";
import type { Draft } from "../actors/draft.ts";
import type { HandlerLog } from "../actors/handler.ts";
import { followerId, type HeldRun, RUN_ACTOR, type RunSnapshot } from "../actors/held-run.ts";
import { isSafepointError, messageOf, SafepointError } from "../errors.ts";
import type { CancelOptions, CommandOptions, ContinueOptions, ControlResult, PauseOptions, Run } from "./api.ts";
import { assertId } from "./queries/find-run.ts";

/** What a run came to; `output` of its last snapshot. */
export interface RunOutput {
  readonly status: "completed" | "failed" | "cancelled";
  readonly failure?: { readonly code: string; readonly message: string; readonly stage?: string };
  /** The run that this one was started over as. */
  readonly newRunId?: string;
}

/** The snapshot of the run's statechart; `status: "done"` with the {@link RunOutput} once the run has ended. */
export type RunActorSnapshot =
  RunSnapshot extends MachineSnapshot<
    infer Context,
    infer Event,
    infer Children,
    infer Value,
    infer Tag,
    infer _Output,
    infer Meta,
    infer Schema
  >
    ? MachineSnapshot<Context, Event, Children, Value, Tag, RunOutput, Meta, Schema>
    : never;

/** A command as an event. It has no answer: a refusal goes to the log, what it leads to is seen in the snapshots. */
export type RunActorEvent =
  | ({ readonly type: "PAUSE" } & PauseOptions)
  | ({ readonly type: "CONTINUE" } & ContinueOptions)
  | ({ readonly type: "CANCEL" } & CancelOptions)
  | ({ readonly type: "STEER"; readonly message: string } & CommandOptions);

/**
 * `id` is `run:<runId>`. `getSnapshot` and `getPersistedSnapshot` throw `run_not_found` for a run that this process has not
 * driven. `stop` ends the reference and its observers, not the run.
 */
export type RunActorRef = ActorRef<RunActorSnapshot, RunActorEvent>;

/** Only those made here count: whoever has a reference could send anything. */
class Committed implements EventObject {
  readonly type = "committed";
  readonly snapshot: RunActorSnapshot;
  constructor(snapshot: RunActorSnapshot) {
    this.snapshot = snapshot;
  }
}

type Facade = ActorLogic<RunActorSnapshot, RunActorEvent | Committed, undefined>;

interface Parts {
  readonly runId: string;
  /** The last committed snapshot of a run that is driven here at the moment. */
  readonly driven: () => RunSnapshot | undefined;
  readonly command: (event: EventObject) => void;
}

/** Stands where no snapshot is known yet; never shown. */
const UNKNOWN = { status: "active", output: undefined, error: undefined } as RunActorSnapshot;

function facadeOf(first: RunActorSnapshot, { command }: Parts): Facade {
  return {
    getInitialSnapshot: () => first,
    transition(snapshot, event, scope) {
      if (event instanceof Committed) return event.snapshot;
      // The event is XState's own, of an actor that is stopped.
      if ((event as EventObject).type === "xstate.stop") return { ...snapshot, status: "stopped" } as never;
      // From another actor of XState, as by sendTo: those do not come through `send`.
      scope.defer(() => command(event));
      return snapshot;
    },
    getPersistedSnapshot: (snapshot) => snapshot,
  };
}

class RunActor extends Actor<Facade> {
  readonly #parts: Parts;
  /** Committed, and not yet told to the observers. */
  readonly #untold: RunActorSnapshot[] = [];

  constructor(first: RunActorSnapshot, parts: Parts) {
    super(facadeOf(first, parts), { id: `run:${parts.runId}` });
    this.#parts = parts;
    this.start();
  }

  /** Shown from now on; observers are called once whoever commits has let go of the stack. */
  commit(snapshot: RunActorSnapshot): void {
    this.#untold.push(snapshot);
    if (this.#untold.length === 1) queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    for (let next = this.#untold.shift(); next; next = this.#untold.shift()) super.send(new Committed(next));
  }

  /** What is shown; {@link UNKNOWN} where that is nothing. */
  get newest(): RunActorSnapshot {
    return this.#untold.at(-1) ?? super.getSnapshot();
  }

  override stop(): this {
    this.#tell();
    return super.stop();
  }

  /** Also once the actor has ended, when XState would drop it: an ended run answers for itself. */
  override send(event: RunActorEvent | Committed): void {
    this.#parts.command(event);
  }

  override getSnapshot(): RunActorSnapshot {
    const { newest } = this;
    if (isKnown(newest)) return newest;
    const driven = this.#parts.driven();
    if (driven) return driven as RunActorSnapshot;
    const { runId } = this.#parts;
    throw new SafepointError("run_not_found", `run ${runId} is not driven by this process; resume it here first`, {
      details: { runId },
    });
  }

  /** As XState persists the run's machine; a copy. */
  override getPersistedSnapshot(): Snapshot<unknown> {
    const snapshot = this.getSnapshot();
    return structuredClone(snapshot.machine.getPersistedSnapshot(snapshot));
  }

  override subscribe(
    given: Observer<RunActorSnapshot> | ((snapshot: RunActorSnapshot) => void) | undefined,
    onError?: (error: unknown) => void,
    onComplete?: () => void,
  ): Subscription {
    const to = typeof given === "object" ? given : { next: given, error: onError, complete: onComplete };
    return super.subscribe({
      next: (snapshot) => {
        if (isKnown(snapshot)) to.next?.(snapshot);
      },
      ...(to.error ? { error: (error: unknown) => to.error?.(error) } : {}),
      complete: () => to.complete?.(),
    });
  }
}

function isKnown(snapshot: RunActorSnapshot): boolean {
  return "value" in snapshot;
}

/** Ended runs whose last snapshot is still known, the oldest forgotten first. */
const ENDED_KEPT_MAX = 1_000;

interface RefDeps {
  readonly handle: (runId: string) => Run;
  readonly log: HandlerLog;
  /** Aborted when the runtime has stopped: then no reference learns anything more. */
  readonly closing: AbortSignal;
}

export function createActorRefs(deps: RefDeps) {
  const refs = new Map<string, RunActor>();
  const ended = new Map<string, RunActorSnapshot>();
  deps.closing.addEventListener("abort", () => {
    for (const ref of refs.values()) ref.stop();
  });
  const keepEnd = (runId: string, snapshot: RunActorSnapshot): void => {
    const [oldest] = ended.size >= ENDED_KEPT_MAX ? ended.keys() : [];
    if (oldest !== undefined) {
      ended.delete(oldest);
      refs.delete(oldest);
    }
    ended.set(runId, snapshot);
  };
  return {
    /** After a commit; costs next to nothing for a run that nobody refers to. */
    onCommitted(held: HeldRun, draft: Draft): void {
      const snapshot = draft.finalRun ? endOf(held, draft, draft.finalRun) : runSnapshotOf(held);
      if (!snapshot) return;
      if (draft.finalRun) keepEnd(held.runId, snapshot);
      const ref = refs.get(held.runId);
      if (ref && ref.newest !== snapshot) ref.commit(snapshot);
    },
    of(runId: string, heldRun: () => HeldRun | undefined): RunActorRef {
      assertId("run id", runId);
      const known = refs.get(runId);
      if (known) return known;
      const driven = () => {
        const held = heldRun();
        return held && runSnapshotOf(held);
      };
      const command = (event: EventObject) => void give(deps, runId, event);
      const ref = new RunActor(ended.get(runId) ?? driven() ?? UNKNOWN, { runId, driven, command });
      refs.set(runId, ref);
      const forget = () => {
        // An ended run's is kept as long as its end is; one that was stopped makes room for another.
        if (!ended.has(runId) && refs.get(runId) === ref) refs.delete(runId);
      };
      ref.subscribe({ complete: forget });
      return ref;
    },
  };
}

function runSnapshotOf(held: HeldRun): RunActorSnapshot | undefined {
  const actor = held.actors.get(RUN_ACTOR);
  return actor?.kind === "run" ? (actor.snapshot as RunActorSnapshot) : undefined;
}

/** The chart of a run has no final state, since its two regions end apart; seen from outside it is done. */
function endOf(held: HeldRun, draft: Draft, snapshot: RunSnapshot): RunActorSnapshot {
  const failure = snapshot.value.execution === "failed" ? snapshot.context.end?.failure : undefined;
  const output: RunOutput = {
    status: held.row.status as RunOutput["status"],
    ...(failure ? { failure } : {}),
    ...(draft.restart === undefined ? {} : { newRunId: followerId(held) }),
  };
  return { ...snapshot, status: "done", output, error: undefined } as RunActorSnapshot;
}

type Give = (run: Run, options: Record<string, unknown>) => Promise<ControlResult>;

const VERBS: ReadonlyMap<string, readonly [verb: string, give: Give]> = new Map([
  ["PAUSE", ["pause", (run, options) => run.pause(options)]],
  ["CONTINUE", ["continue", (run, options) => run.continue(options)]],
  ["CANCEL", ["cancel", (run, options) => run.cancel(options)]],
  ["STEER", ["steer", (run, { message, ...options }) => run.steer(String(message ?? ""), options)]],
]);

/** Gives the command that an event stands for. Never rejects: nobody waits for an event. */
async function give({ handle, log }: RefDeps, runId: string, event: EventObject): Promise<void> {
  try {
    const { type, ...options } = event;
    const known = VERBS.get(type);
    if (!known) return log.warn("an event is no command of a run", { runId, event: type, known: [...VERBS.keys()] });
    const [verb, command] = known;
    const { accepted, commandId, code, hint } = await command(handle(runId), options);
    if (accepted === false) log.warn("a command was refused", { runId, verb, commandId, code, hint });
    if (accepted === null) log.info("a command was not taken yet, and stays in force", { runId, verb, commandId });
  } catch (failure) {
    const code = isSafepointError(failure) ? { code: failure.code } : {};
    log.warn("a command was not given", { runId, event: event?.type, ...code, message: messageOf(failure) });
  }
}
