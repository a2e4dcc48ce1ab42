/**
 * The smallest driver there can be: turns over the charts in memory, with a journal and no store, no handlers and no
 * clock but the numbers it is given. Everything it knows besides the charts is what a driver keeps as rows.
 */
import { type Graph, type GraphNode, indexGraph, type JsonValue, stageSettings } from "../../src/graph/index.ts";
import { contextChanges } from "../../src/journal/context-changes.ts";
import type { JournalEntry, NewEntry } from "../../src/journal/entry.ts";
import { createFold, emptyFold, type FoldState } from "../../src/journal/fold.ts";
import { parseEntry } from "../../src/journal/parse-entry.ts";
import { branchMachine } from "../../src/machines/branch.machine.ts";
import { decideEnd, decideHead, decideHop, type HopDecision, type HopFacts } from "../../src/machines/hop.ts";
import type { Effect, StageKind } from "../../src/machines/protocol.ts";
import { runMachine, runTimeMs } from "../../src/machines/run.machine.ts";
import { type StageInput, stageMachine } from "../../src/machines/stage.machine.ts";
import { begin, persist, type Step, step } from "../../src/machines/xstate.ts";

const machines = { run: runMachine, branch: branchMachine, stage: stageMachine } as const;
const KINDS: Readonly<Record<string, StageKind>> = {
  start: "instant",
  exit: "instant",
  conditional: "instant",
  wait: "wait",
  "wait.human": "gate",
};
const MAX_RESTARTS = 1;

type Snapshot = Step["snapshot"];
type Message = { readonly to: string; readonly event: { readonly type: string } & Record<string, unknown> };
type EffectOf<T extends Effect["type"]> = Extract<Effect, { type: T }>;

export class World {
  readonly graph: Graph;
  readonly journal: JournalEntry[] = [];
  readonly actors = new Map<string, Snapshot>();
  /** Open executions and their stages. */
  readonly open = new Map<string, string>();
  readonly timers = new Map<string, string>();
  readonly gates = new Map<string, { readonly stage: string; readonly purpose: string }>();
  /** Every execution that was ever started. */
  readonly started: string[] = [];
  readonly ended = new Set<string>();
  nowMs = 1_000;
  #entries: NewEntry[] = [];
  #queue: Message[] = [];
  #context = new Map<string, JsonValue>();
  #visits = new Map<string, number>();
  #gateStatus = new Map<string, string>();
  #redirects = 0;
  #fold = createFold(emptyFold("r"));
  #replies = 0;
  readonly restarts: number;

  constructor(graph: Graph, restarts = 0) {
    this.graph = graph;
    this.restarts = restarts;
  }

  get fold(): FoldState {
    return this.#fold.state();
  }

  get control(): string {
    return regionsOf(this.actors.get("run"))["control"] ?? "";
  }

  get isLive(): boolean {
    return this.actors.has("run");
  }

  read(key: string): JsonValue | undefined {
    return this.#context.get(key);
  }

  stageInput(node: string): Pick<StageInput, "kind" | "type" | "limits" | "durationMs" | "timeoutMs"> {
    const found = indexGraph(this.graph).node(node) as GraphNode;
    const { maxAttempts, backoff, retryOnFail, retryIsWord, allowPartial, onInterrupt, timeoutMs } = stageSettings(
      this.graph,
      found,
    );
    return {
      kind: KINDS[found.type] ?? "execution",
      type: found.type,
      limits: {
        attempts: maxAttempts,
        backoff,
        onInterrupt: onInterrupt ?? "retry",
        ...(retryOnFail ? { retryOnFail } : {}),
        ...(retryIsWord ? { retryIsWord } : {}),
        ...(allowPartial ? { allowPartial } : {}),
      },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(found.type === "wait" ? { durationMs: 500 } : {}),
    };
  }

  /** Creates the run. */
  create(slot: boolean): readonly NewEntry[] {
    return this.turn(() => {
      const origin = { pipeline: { name: "p", hash: "h" }, inputs: {}, labels: {}, context: { goal: "g" } };
      this.record({ type: "run.created", data: { ...origin, restarts: this.restarts } });
      this.actors.set("run", begin(runMachine, { runId: "r", createdAtMs: this.nowMs, slot }).snapshot as Snapshot);
      this.send("run", { type: "PROCEED" });
    });
  }

  /** A command to the run, with its audit entry. */
  command(verb: string, event: Message["event"]): readonly NewEntry[] {
    return this.turn(() => {
      const before = this.fold.status;
      const replies = this.#replies;
      let reply: EffectOf<"effect.reply"> | undefined;
      this.send("run", { ...event, commandId: `c${this.journal.length}`, actor: "ada" }, (effect) => {
        if (effect.type === "effect.reply") reply = effect;
      });
      this.settle();
      if (!reply || this.#replies !== replies + 1) throw new Error(`${verb} got ${this.#replies - replies} replies`);
      const after = (this.isLive ? this.control : "cancelled") as "running";
      const source = event["source"] === undefined ? {} : { source: event["source"] as "own" };
      const reason = event["reason"] === undefined ? {} : { reason: event["reason"] as string };
      this.record(
        reply.accepted
          ? {
              type: "control.accepted",
              data: { verb, before, after, changed: reply.changed, ...source, ...reason },
            }
          : { type: "control.rejected", data: { verb, state: before, code: reply.code ?? "" } },
      );
    });
  }

  /** One turn: the input, all that follows, then its entries under one number. */
  turn(take: () => void): readonly NewEntry[] {
    take();
    this.settle();
    const turn = this.journal.length + this.#entries.length;
    const written = this.#entries;
    this.#entries = [];
    for (const entry of written) {
      const seq = this.journal.length + 1;
      const numbered = parseEntry(
        JSON.parse(JSON.stringify({ runId: "r", seq, gseq: seq, turn, at: this.nowMs, v: 1, ...entry })),
      );
      this.journal.push(numbered);
      this.#fold.push(numbered);
    }
    return written;
  }

  record(entry: NewEntry): void {
    this.#entries.push(entry);
    for (const { scope, key, value } of contextChanges(entry)) {
      if (scope !== "main") continue;
      if (value === undefined) this.#context.delete(key);
      else this.#context.set(key, value as JsonValue);
    }
  }

  send(to: string, event: Message["event"], see?: (effect: Effect) => void): void {
    this.#queue.push({ to, event });
    this.#drain(see);
  }

  #drain(see?: (effect: Effect) => void): void {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      if (next.to !== "run") this.#follow(next.to);
      this.#step(next, see);
    }
  }

  /** Brings all actors into line with the run, then says whether anything is in flight. */
  settle(): void {
    for (const address of [...this.actors.keys()]) this.#follow(address);
    const waits = this.control === "pausing" || this.control === "cancelling";
    if (waits && this.open.size === 0) this.send("run", { type: "QUIET", abandoned: [] });
  }

  /** What each live actor is in, as its checkpoint has it. */
  checkpoints(): Map<string, string> {
    return new Map([...this.actors].map(([address, snapshot]) => [address, persist(snapshot)]));
  }

  #follow(address: string): void {
    const event = this.#followEvent(address);
    if (event) {
      this.#step({ to: address, event });
      this.#drain();
    }
  }

  #followEvent(address: string): Message["event"] | undefined {
    const own = regionsOf(this.actors.get(address))["control"];
    if (address === "run" || own === undefined) return undefined;
    const { control } = this;
    if (control === "running") return own === "pausing" || own === "paused" ? { type: "CONTINUE" } : undefined;
    if (control === "cancelling") return own === "cancelling" ? undefined : { type: "CANCEL" };
    if (control !== "pausing" && control !== "paused") return undefined;
    const mode = this.#contextOf<{ pause: { mode: string } | null }>("run").pause?.mode ?? "drain";
    const isDraining = own === "pausing" && this.#contextOf<{ abort?: unknown }>(address).abort === null;
    return own === "running" || (mode === "interrupt" && isDraining) ? { type: "PAUSE", mode } : undefined;
  }

  #step({ to, event }: Message, see?: (effect: Effect) => void): void {
    const snapshot = this.actors.get(to);
    if (!snapshot) return;
    const kind = to === "run" ? "run" : to.startsWith("branch:") ? "branch" : "stage";
    const stamped = { ...event, atMs: this.nowMs, runMs: this.#runMs(), baseSeq: this.journal.length };
    const { snapshot: next, effects } = step(machines[kind] as never, snapshot as never, stamped as never) as Step;
    this.actors.set(to, next);
    for (const effect of effects) {
      see?.(effect);
      this.#absorb(effect);
    }
    for (const [execution, stage] of this.open) if (!this.#isExecuting(stage)) this.open.delete(execution);
  }

  #contextOf<T>(address: string): T {
    return (this.actors.get(address) as Snapshot).context as T;
  }

  #isExecuting(stage: string): boolean {
    return regionsOf(this.actors.get(`stage:${stage}`))["execution"] === "executing";
  }

  #runMs(): number {
    const run = this.actors.get("run");
    return run ? runTimeMs(run.context as never, this.nowMs) : 0;
  }

  #absorb(effect: Effect): void {
    switch (effect.type) {
      case "effect.journal":
        return this.record(effect.entry);
      case "effect.message":
        this.#queue.push(this.#complete(effect));
        return;
      case "effect.branch.spawn":
        return this.#spawnBranch(effect.branch);
      case "effect.stage.spawn":
        return this.#spawnStage(effect);
      case "effect.check":
        this.#queue.push({ to: `branch:${effect.branch}`, event: { type: "CHECKED", hop: this.#check(effect) } });
        return;
      case "effect.execution.start":
        this.started.push(effect.execution);
        this.open.set(effect.execution, effect.stage);
        return;
      case "effect.timer.set":
        this.timers.set(effect.timer, effect.actor);
        return;
      case "effect.timer.clear":
        this.timers.delete(effect.timer);
        return;
      case "effect.gate.open":
        return this.#openGate(effect);
      case "effect.gate.close":
        this.gates.delete(effect.gate);
        return;
      case "effect.ended":
        this.actors.delete(effect.actor);
        this.ended.add(effect.actor);
        return;
      case "effect.restart":
        return this.record({ type: "run.restarted", data: { newRunId: "r2", restarts: this.restarts + 1 } });
      case "effect.reply":
        this.#replies += 1;
        return;
      default:
        return;
    }
  }

  #openGate({ gate, stage, purpose }: EffectOf<"effect.gate.open">): void {
    this.gates.set(gate, { stage, purpose });
    const data = { gate, kind: "freeform" as const, purpose, text: "?", options: [] };
    this.record({ type: "gate.opened", branch: "main", stage, data });
  }

  #complete({ to, event }: EffectOf<"effect.message">): Message {
    if (event.type !== "STAGE_ENDED") return { to, event };
    const { stage, node, cancelled, counts, outcome } = event as never as Parameters<World["decide"]>[0];
    if (cancelled) return { to, event: { ...event, hop: { kind: "fail", code: "cancelled", message: "" } } };
    return { to, event: { ...event, hop: this.decide({ stage, node, cancelled, counts, outcome }) } };
  }

  decide(end: {
    readonly stage: string;
    readonly node: string;
    readonly cancelled: boolean;
    readonly counts: boolean;
    readonly outcome: { readonly status: string };
  }): HopDecision["hop"] {
    const { stage, node, outcome } = end;
    const isGate = indexGraph(this.graph).node(node)?.attributes["goal_gate"] === true;
    if (isGate && end.counts) this.#gateStatus.set(node, outcome.status);
    return this.#take(decideHop({ ...this.#facts(), stage, node, outcome, read: (key) => this.read(key) }));
  }

  #check({ node, exit }: EffectOf<"effect.check">): HopDecision["hop"] {
    const { outcome } = this.#contextOf<{ outcome: { status: string } | null }>("branch:main");
    return this.#take(decideEnd({ ...this.#facts(), node, exit, outcome, gates: this.#gateStatus }));
  }

  #facts(): HopFacts {
    return {
      index: indexGraph(this.graph),
      branch: "main",
      visitsOf: (node) => this.#visits.get(node) ?? 0,
      redirects: this.#redirects,
      restarts: this.restarts,
      maxRestarts: MAX_RESTARTS,
    };
  }

  #take({ hop, redirects }: HopDecision): HopDecision["hop"] {
    this.#redirects = redirects ?? this.#redirects;
    return hop;
  }

  #spawnBranch(branch: string): void {
    const { snapshot, effects } = begin(branchMachine, { branch, origin: "main", control: this.control as "running" });
    this.actors.set(`branch:${branch}`, snapshot as Snapshot);
    for (const effect of effects) this.#absorb(effect);
    const hop = this.#take(decideHead(this.#facts(), { node: indexGraph(this.graph).start?.id ?? "" }));
    this.#queue.push({ to: `branch:${branch}`, event: { type: "HEAD", hop } });
  }

  #spawnStage({ stage, node, visit, branch, carried, edge }: EffectOf<"effect.stage.spawn">): void {
    this.#visits.set(node, visit);
    const { snapshot, effects } = begin(stageMachine, {
      ...this.stageInput(node),
      ...{ stage, node, branch, visit, carried },
      ...(edge === undefined ? {} : { edge }),
      seed: `r:${stage}`,
      control: this.control as "running",
      atMs: this.nowMs,
      runMs: this.#runMs(),
      baseSeq: this.journal.length,
    });
    this.actors.set(`stage:${stage}`, snapshot as Snapshot);
    for (const effect of effects) this.#absorb(effect);
  }
}

export function regionsOf(snapshot: Snapshot | undefined): Readonly<Record<string, string>> {
  return (snapshot?.value ?? {}) as Record<string, string>;
}

export { MAX_RESTARTS };
