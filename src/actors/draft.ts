/** A turn in the making: everything it would change, over what was committed. Dropping it undoes it. */
import { createHash } from "node:crypto";
import type { JsonValue } from "../graph/index.ts";
import type { BlobReference, ContextValue } from "../journal/catalogue.ts";
import { isBlobReference } from "../journal/catalogue.ts";
import { contextChanges } from "../journal/context-changes.ts";
import type { Cause, NewEntry } from "../journal/entry.ts";
import { INLINE_VALUE_BYTES_MAX } from "../limits.ts";
import type { Effect } from "../machines/protocol.ts";
import { runTimeMs } from "../machines/run.machine.ts";
import { executionId } from "../machines/stage.machine.ts";
import { persist } from "../machines/xstate.ts";
import type {
  ActorWrite,
  ArtifactRow,
  CommandRow,
  GateRow,
  GateWrite,
  RunCreation,
  RunPatch,
  StoredValue,
  TimerRow,
  TimerWrite,
  TurnWrite,
} from "../persistence/store.ts";
import { isAttending } from "./children/control-child.ts";
import { newsForParent } from "./children/news.ts";
import type { ChildFacts } from "./children/observe-child.ts";
import type { ChildStart } from "./children/start-child.ts";
import type { ClosedGate } from "./gates/closed-gates.ts";
import { CHARTS, type HeldRun, type LiveActor, RUN_ACTOR, type RunSnapshot, regionOf, runContext } from "./held-run.ts";
import { isSurelySmall } from "./outcome-entry.ts";
import { ScopeChanges } from "./scopes.ts";

export interface Message {
  readonly to: string;
  readonly event: { readonly type: string } & Record<string, unknown>;
}

export interface CommandReply {
  readonly row: CommandRow;
  readonly accepted: boolean;
  readonly changed: boolean;
  readonly before: string;
  readonly code?: string;
  readonly hint?: string;
  /** Branch or activation that it is for, where that is not the whole run. */
  readonly place?: { readonly branch?: string; readonly stage?: string };
}

/** One step of one actor: what it was told, and where that brought it. */
export interface ActorStep {
  readonly address: string;
  readonly event: Message["event"];
  readonly actor: LiveActor;
}

type EffectOf<T extends Effect["type"]> = Extract<Effect, { type: T }>;

const NO_ROWS: ReadonlyMap<string, never> = new Map<string, never>();

export class Draft {
  readonly held: HeldRun;
  readonly atMs: number;
  readonly entries: NewEntry[] = [];
  readonly scopes: ScopeChanges;
  readonly actors = new Map<string, LiveActor | null>();
  /** Changed timers and gates; most turns have none. */
  timers: ReadonlyMap<string, TimerRow | null> = NO_ROWS;
  gates: ReadonlyMap<string, GateRow> = NO_ROWS;
  readonly artifacts: ArtifactRow[] = [];
  readonly starts: EffectOf<"effect.execution.start">[] = [];
  readonly aborts: EffectOf<"effect.execution.abort">[] = [];
  readonly queue: Message[] = [];
  /** Values behind the blob references that this turn's entries carry. */
  readonly blobs = new Map<string, JsonValue>();
  /** Blobs that are stored with the turn: of values that it makes itself. */
  readonly newBlobs: { readonly hash: string; readonly bytes: Uint8Array }[] = [];
  /** Stages of parallel nodes and containers that may have room for a branch more. */
  readonly regions = new Set<string>();
  /** Child runs that this turn starts, and what it leaves in the inboxes of others. */
  readonly childStarts: ChildStart[] = [];
  readonly mail: CommandRow[] = [];
  /** Of the child run that the turn looks at. */
  childFacts: ChildFacts | undefined;
  /** Lists of foreach activations that begin in this turn. */
  readonly items = new Map<string, readonly JsonValue[]>();
  /** A branch or activation began to be cancelled: what is below it is to be told. */
  scopeMoved = false;
  patch: RunPatch = {};
  create: RunCreation | undefined;
  cause: Cause | undefined;
  reply: CommandReply | undefined;
  /** The run's last snapshot, in the turn that ends it. */
  finalRun: RunSnapshot | undefined;
  /** The node a new run of the chain starts at. */
  restart: string | undefined;
  /** Every step of every actor, in order; noted where somebody looks on. */
  steps: ActorStep[] | undefined;
  /** Stages entered so far. */
  hops = 0;
  /** Ends of executions taken so far, of those that the turn was given. */
  endsTaken = 0;
  /** Seq of the newest entry before what is being taken: tells apart what ends of one turn have caused. */
  inputSeq: number;
  /** Some actors could not be reached within the limits of a turn; another one follows. */
  more = false;

  constructor(held: HeldRun, atMs: number) {
    this.held = held;
    this.atMs = atMs;
    this.inputSeq = held.seq;
    this.scopes = new ScopeChanges(held.scopes);
  }

  actor(address: string): LiveActor | undefined {
    const changed = this.actors.get(address);
    return changed === undefined ? this.held.actors.get(address) : (changed ?? undefined);
  }

  setTimer(id: string, row: TimerRow | null): void {
    if (this.timers === NO_ROWS) this.timers = new Map();
    (this.timers as Map<string, TimerRow | null>).set(id, row);
  }

  setGate(id: string, row: GateRow): void {
    if (this.gates === NO_ROWS) this.gates = new Map();
    (this.gates as Map<string, GateRow>).set(id, row);
  }

  /** Addresses of all live actors. */
  *addresses(): Iterable<string> {
    for (const address of this.held.actors.keys()) {
      if (this.actors.get(address) !== null) yield address;
    }
    for (const [address, actor] of this.actors) {
      if (actor !== null && !this.held.actors.has(address)) yield address;
    }
  }

  /** Control state of the run. */
  get control(): string {
    const run = this.actor(RUN_ACTOR);
    return run ? regionOf(run, "control") : "";
  }

  get runMs(): number {
    const run = this.actor(RUN_ACTOR);
    const context = run?.kind === "run" ? run.snapshot.context : runContext(this.held);
    return context ? runTimeMs(context, this.atMs) : 0;
  }

  timer(id: string): TimerRow | undefined {
    const changed = this.timers.get(id);
    return changed === undefined ? this.held.timers.get(id) : (changed ?? undefined);
  }

  gate(id: string): GateRow | undefined {
    return this.gates.get(id) ?? this.held.gates.get(id);
  }

  /** Executions that are open once this turn is committed. */
  openExecutions(): string[] {
    const open = [...this.held.open].filter(([, stage]) => this.isExecuting(stage)).map(([execution]) => execution);
    for (const { execution, stage } of this.starts) {
      if (this.isExecuting(stage)) open.push(execution);
    }
    return open;
  }

  /** Whether an execution is the open one of its stage, now, in the middle of the turn. */
  isOpen({ execution, stage }: { readonly execution: string; readonly stage: string }): boolean {
    if (this.held.open.get(execution) !== stage) return false;
    const actor = this.actor(`stage:${stage}`);
    return actor?.kind === "stage" && this.isExecuting(stage) && executionId(actor.snapshot.context) === execution;
  }

  isExecuting(stage: string): boolean {
    const actor = this.actor(`stage:${stage}`);
    return actor !== undefined && regionOf(actor, "execution") === "executing";
  }

  /** A value as entries carry it: a large one becomes a blob that is stored with the turn. */
  toContextValue(value: JsonValue): ContextValue {
    if (isSurelySmall(value)) return value;
    const bytes = Buffer.from(JSON.stringify(value));
    if (bytes.byteLength <= INLINE_VALUE_BYTES_MAX && !isBlobReference(value)) return value;
    const { hash } = this.#keepBlob(bytes, value);
    return { $blob: hash, bytes: bytes.byteLength };
  }

  /** Stores a value as a blob with the turn, whatever its size. */
  pinBlob(value: JsonValue): { readonly hash: string; readonly bytes: number } {
    return this.#keepBlob(Buffer.from(JSON.stringify(value)), value);
  }

  #keepBlob(bytes: Buffer, value: JsonValue) {
    const hash = createHash("sha256").update(bytes).digest("hex");
    this.newBlobs.push({ hash, bytes });
    this.blobs.set(hash, value);
    return { hash, bytes: bytes.byteLength };
  }

  /** The value that an entry carries or refers to. */
  valueOf(value: ContextValue): JsonValue {
    return this.#resolve(value) as JsonValue;
  }

  /** Sets a key of the engine's own to a value of any size. */
  setLarge(scope: string, key: string, value: JsonValue): void {
    this.scopes.setStored(scope, key, { value, stored: storedForm(this.toContextValue(value)) });
  }

  /** The list that a foreach goes through. */
  itemsOf(activation: string): readonly JsonValue[] {
    return this.items.get(activation) ?? this.held.items.get(activation) ?? [];
  }

  /** Adds an entry and applies what it changes in the context. */
  record(entry: NewEntry): void {
    this.entries.push(this.cause ? { ...entry, cause: this.cause } : entry);
    for (const change of contextChanges(entry)) {
      this.scopes.setStored(change.scope, change.key, {
        value: this.#resolve(change.value),
        stored: storedForm(change.value),
      });
    }
  }

  #resolve(value: ContextValue | undefined): JsonValue | undefined {
    if (value === undefined || !isBlobReference(value)) return value as JsonValue | undefined;
    return this.blobs.get(value.$blob) ?? (value as unknown as JsonValue);
  }

  /** Of the stages this turn touched: O(change), not O(open). */
  #closeExecutions(): void {
    for (const address of this.actors.keys()) {
      const before = this.held.actors.get(address);
      if (before?.kind === "stage" && regionOf(before, "execution") === "executing") {
        const execution = executionId(before.snapshot.context);
        const after = this.actors.get(address);
        const isStill = after?.kind === "stage" && regionOf(after, "execution") === "executing";
        if (!isStill || executionId(after.snapshot.context) !== execution) this.held.open.delete(execution);
      }
    }
  }

  /** What is stored of this turn. */
  toWrite(): TurnWrite {
    const { held } = this;
    const actors = this.#actorWrites();
    const context = this.scopes.writes();
    const scopes = this.scopes.scopeWrites();
    const mail = [...this.mail, ...newsForParent(this)];
    return {
      runId: held.runId,
      token: held.token,
      baseSeq: held.seq,
      atMs: this.atMs,
      entries: this.entries,
      // A patch that says nothing would still name the run's indexed columns: a page more in every turn.
      ...(Object.keys(this.patch).length > 0 ? { run: this.patch } : {}),
      ...(this.create ? { create: this.create } : {}),
      ...(actors.length > 0 ? { actors } : {}),
      ...(context.length > 0 ? { context } : {}),
      ...(scopes.length > 0 ? { scopes } : {}),
      ...(this.newBlobs.length > 0 ? { blobs: this.newBlobs } : {}),
      ...(mail.length > 0 ? { mail } : {}),
      ...(this.timers.size > 0 ? { timers: this.#timerWrites() } : {}),
      ...(this.gates.size > 0 ? { gates: [...this.gates.values()].map(gateWrite) } : {}),
      ...this.#endedMachines(),
      ...(this.artifacts.length > 0 ? { artifacts: this.artifacts } : {}),
    };
  }

  #actorWrites(): ActorWrite[] {
    const writes: ActorWrite[] = [];
    for (const actor of this.held.unstored) {
      const live = this.actors.has(actor) ? undefined : this.held.actors.get(actor);
      if (live) writes.push({ actor, machine: CHARTS[live.kind].tag, snapshot: persist(live.snapshot) });
    }
    for (const [actor, live] of this.actors) {
      if (live) writes.push({ actor, machine: CHARTS[live.kind].tag, snapshot: persist(live.snapshot) });
      else if (this.held.actors.has(actor)) writes.push({ actor, ended: true });
    }
    return writes;
  }

  /** The stored machine of a stage that has ended is of no more use. */
  #endedMachines(): Pick<TurnWrite, "handlerSnapshots"> {
    if (this.held.machineSnapshots.size === 0) return {};
    const ended = [...this.held.machineSnapshots.keys()].filter((stage) => this.actors.get(`stage:${stage}`) === null);
    return ended.length === 0 ? {} : { handlerSnapshots: ended.map((stage) => ({ stage, snapshot: null })) };
  }

  #timerWrites(): TimerWrite[] {
    const writes: TimerWrite[] = [];
    for (const [timer, row] of this.timers) {
      if (row) writes.push(row);
      else if (this.held.timers.has(timer)) writes.push({ timer, cleared: true });
    }
    return writes;
  }

  /** A turn without entries is not stored: what it changed goes with the next one, and is derived again after a crash. */
  keepUnstored(): void {
    for (const [address, actor] of this.actors) {
      if (actor) this.held.unstored.add(address);
    }
  }

  #closed({ status, answer }: GateRow): ClosedGate {
    const by = this.cause?.actor;
    return {
      status,
      ...(by === undefined ? {} : { by }),
      ...(answer === undefined ? {} : status === "timed_out" ? { choice: String(answer) } : { answer }),
      atMs: this.atMs,
    };
  }

  #forget(address: string): void {
    const { held } = this;
    held.actors.delete(address);
    const stage = address.slice("stage:".length);
    held.machineSnapshots.delete(stage);
    held.items.delete(stage);
  }

  /** After the commit: what was drafted is now what is held. */
  apply(): void {
    const { held } = this;
    if (this.entries.length > 0) held.unstored.clear();
    held.seq += this.entries.length;
    held.row = { ...held.row, ...rowPatch(this.patch), seq: held.seq };
    this.scopes.apply();
    this.#closeExecutions();
    for (const [address, actor] of this.actors) {
      if (actor) held.actors.set(address, actor);
      else this.#forget(address);
      if (actor?.kind === "stage" && isAttending(actor.snapshot)) held.attending.add(address);
      else held.attending.delete(address);
    }
    for (const [activation, items] of this.items) {
      if (held.actors.has(`stage:${activation}`)) held.items.set(activation, items);
    }
    for (const [timer, row] of this.timers) {
      if (row) held.timers.set(timer, row);
      else held.timers.delete(timer);
    }
    for (const [gate, row] of this.gates) {
      if (row.status === "open") held.gates.set(gate, { ...row, openedSeq: held.seq });
      else {
        held.gates.delete(gate);
        held.closedGates.note(gate, this.#closed(row));
      }
    }
    for (const { execution, stage } of this.starts) {
      if (this.isExecuting(stage)) held.open.set(execution, stage);
    }
  }
}

function storedForm(value: ContextValue | undefined): StoredValue | undefined {
  if (value === undefined || !isBlobReference(value)) return undefined;
  return { blob: (value as BlobReference).$blob, bytes: (value as BlobReference).bytes };
}

function gateWrite({ gate, stage, status, question, answer }: GateRow): GateWrite {
  return { gate, stage, status, question, ...(answer === undefined ? {} : { answer }) };
}

/** The patch as the row has it: cleared columns are absent. */
function rowPatch(patch: RunPatch): Partial<HeldRun["row"]> {
  const { statusReason, ...rest } = patch;
  return statusReason == null ? rest : { ...rest, statusReason };
}
