/**
 * One run and the world it lives in: a store that outlives processes, a schedule, a process that can die, people who
 * answer, and a watch over every turn.
 */
import type { Handler } from "../actors/handler.ts";
import { isSafepointError } from "../errors.ts";
import type { Graph, JsonValue } from "../graph/index.ts";
import { parsePipeline } from "../graph/parser.ts";
import { parseExecution, parseStageAddress } from "../journal/address.ts";
import { isFinalStatus } from "../journal/status.ts";
import { memoryStore } from "../persistence/memory/index.ts";
import type { RunStatus, Store, TurnWrite } from "../persistence/store.ts";
import type { Question, Run, RuntimeOptions } from "../runtime/api.ts";
import { verifyRunWhole } from "../runtime/verify-run.ts";
import { type ControlWatch, controlWatch } from "./control-watch.ts";
import type { FaultPlan } from "./fault-store.ts";
import { type RunSummary, summarizeRun } from "./run-summary.ts";
import { observedStore } from "./scheduled-store.ts";
import { createScheduler, type Scheduler } from "./scheduler.ts";
import { type TrackedHandlers, trackHandlers } from "./tracked-handlers.ts";
import { type VirtualProcess, virtualProcess } from "./virtual-process.ts";

export interface RunWorldOptions {
  readonly pipeline: Graph | string;
  readonly handlers?: Readonly<Record<string, Handler>>;
  readonly inputs?: Readonly<Record<string, JsonValue>>;
  /** What people answer; undefined leaves a gate to its deadline. Executions lost in a crash are answered `retry`. */
  readonly answer?: (question: Question) => JsonValue | undefined;
  /** Decides the order of things; without, everything happens as it comes. */
  readonly seed?: number;
  /** Default: memory. */
  readonly store?: Store;
  readonly runtime?: Omit<RuntimeOptions, "store" | "clock" | "random" | "handlers">;
  /** How long work that waits for no virtual clock may take before time goes on. Real ms. Default 1,000. */
  readonly patienceMs?: number;
  /** Told of each thing that happens, before it does. */
  readonly onStep?: (name: string, atMs: number) => void;
  /** Things that may happen before the run counts as one that goes in circles. Default 100,000. */
  readonly stepsMax?: number;
}

const RUN_ID = "run";
/** Long enough that leases are not what a test is about. */
const RETRY_MS = 100;
const LEASE_MS = 30 * 60 * 1000;

export class RunWorld {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly watch: ControlWatch;
  readonly handlers: TrackedHandlers;
  /** Turns that were stored so far. */
  turns = 0;
  readonly #options: RunWorldOptions;
  readonly #observed: Store;
  readonly #waiters = new Set<() => void>();
  readonly #types: ReadonlyMap<string, string>;
  readonly #asked = new Set<string>();
  #process: VirtualProcess | undefined;
  #elsewhere: Promise<VirtualProcess> | undefined;
  #failure: Error | undefined;

  constructor(options: RunWorldOptions) {
    this.#options = options;
    this.store = options.store ?? memoryStore();
    const { pipeline } = options;
    const { nodes } = typeof pipeline === "string" ? parsePipeline(pipeline) : pipeline;
    this.#types = new Map(nodes.map(({ id, type }) => [id, type]));
    this.handlers = trackHandlers(options.handlers ?? {});
    this.watch = controlWatch(() => this.handlers.inFlight().map(({ execution }) => execution));
    this.scheduler = createScheduler({
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
      ...(options.stepsMax === undefined ? {} : { stepsMax: options.stepsMax }),
      ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
      isBusy: () => this.#isBusy(),
    });
    this.#observed = observedStore(this.store, (turn) => this.#onTurn(turn));
  }

  /** Starts the run, or takes it up in a new process. Resolves false when that process died first. */
  async boot(plan?: FaultPlan): Promise<boolean> {
    const born = await virtualProcess({
      store: this.#observed,
      scheduler: this.scheduler,
      runtime: { leaseMs: LEASE_MS, ...this.#options.runtime, handlers: this.handlers.handlers },
      onDeath: () => this.#onDeath(),
      ...(plan === undefined ? {} : { plan }),
    });
    this.#process = born;
    const isStored = this.turns > 0;
    const taken = this.#takeUp(born);
    // A process that dies gives no answer, or that its store is gone; both are seen in it, not in the answer.
    await Promise.race([taken.catch((error: unknown) => this.#refused(born, error)), born.died]);
    if (!born.isDead && isStored) this.#askAgain();
    return !born.isDead;
  }

  #start({ runtime }: VirtualProcess): Promise<Run> {
    const { pipeline, inputs } = this.#options;
    return runtime.start(pipeline, { runId: RUN_ID, ...(inputs === undefined ? {} : { inputs }) });
  }

  /** A store that fails is tried again, and whoever holds the lease for a moment, to apply a command, is waited for. */
  async #takeUp(process: VirtualProcess): Promise<Run> {
    for (;;) {
      try {
        return await (this.turns > 0 ? process.runtime.resume(this.watch.runId) : this.#start(process));
      } catch (error) {
        if (!isSafepointError(error) || !error.retryable) throw error;
        await this.scheduler.clock.sleep(RETRY_MS);
      }
    }
  }

  #refused(process: VirtualProcess, error: unknown): void {
    if (!process.isDead) this.#fail(error as Error);
  }

  get isAlive(): boolean {
    return this.#process !== undefined && !this.#process.isDead;
  }

  get status(): RunStatus {
    return this.watch.status as RunStatus;
  }

  get isFinished(): boolean {
    return isFinalStatus(this.status);
  }

  /** The run that is being watched, as the living process commands it. */
  async run(): Promise<Run> {
    if (!this.#process) throw new Error("boot a process first");
    return this.#process.runtime.get(this.watch.runId);
  }

  /** The run, as another process sees it, which drives nothing. Its commands go through the store. */
  async runElsewhere(): Promise<Run> {
    const { scheduler } = this;
    this.#elsewhere ??= virtualProcess({ store: this.#observed, scheduler, runtime: { actor: "elsewhere" } });
    return (await this.#elsewhere).runtime.get(this.watch.runId);
  }

  /** The process dies, without another word. */
  kill(): void {
    this.#process?.kill();
  }

  /** What comes of telling the run something, or undefined when the process dies before it has answered. */
  async tell<T>(what: (run: Run) => Promise<T>): Promise<T | undefined> {
    const process = this.#process;
    if (!process) return undefined;
    const answer = this.run()
      .then(what)
      .catch((error: unknown) => {
        if (!process.isDead) throw error;
        return undefined;
      });
    return Promise.race([answer, process.died.then(() => undefined)]);
  }

  /** Resolves when it holds; looked at after every turn, every death and every failure. Rejects when the world failed. */
  when(isReached: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.#failure) reject(this.#failure);
        else if (isReached()) resolve();
        else return;
        this.#waiters.delete(look);
      };
      this.#waiters.add(look);
      look();
    });
  }

  /** Lets everything happen that `play` waits for. */
  do<T>(play: () => Promise<T>): Promise<T> {
    return this.scheduler.run(play());
  }

  async summary(): Promise<RunSummary> {
    return summarizeRun(this.store, RUN_ID);
  }

  /** What the watch has seen, and what does not fit in the store. */
  async problems(): Promise<readonly string[]> {
    const { problems } = await verifyRunWhole(this.store, this.watch.runId);
    return [...this.watch.problems, ...problems];
  }

  #onTurn(turn: TurnWrite): void {
    this.turns += 1;
    this.watch.onTurn(turn);
    for (const { gate, status } of turn.gates ?? []) if (status === "open") this.#ask(gate);
    this.#look();
  }

  #onDeath(): void {
    this.handlers.lose();
    this.#asked.clear();
    this.#look();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#look();
  }

  #look(): void {
    for (const look of [...this.#waiters]) look();
  }

  #isBusy(): boolean {
    if (this.handlers.isBusy()) return true;
    // Machines, tools and the other handlers that ship work unseen.
    return this.isAlive && [...this.watch.open].some((execution) => !this.handlers.sees(this.#typeOf(execution)));
  }

  #typeOf(execution: string): string {
    const { node } = parseStageAddress(parseExecution(execution).stage);
    return this.#types.get(node) ?? "";
  }

  #askAgain(): void {
    void this.store.read("gates", { runId: this.watch.runId, open: true }).then((rows) => {
      for (const { gate } of rows) this.#ask(gate);
    });
  }

  /** Somebody is asked, and answers when it is their turn. */
  #ask(gate: string): void {
    if (this.#asked.has(gate)) return;
    this.#asked.add(gate);
    const { scheduler } = this;
    const delay = this.#options.seed === undefined ? 0 : scheduler.random.integer(20);
    const answer = async () => {
      await scheduler.turn("answer", { afterStep: scheduler.steps + delay });
      await this.#answer(gate);
    };
    answer().catch((error: unknown) => this.#fail(error as Error));
  }

  async #answer(gate: string): Promise<void> {
    if (!this.isAlive) return;
    const [row] = await this.store.read("gates", { runId: this.watch.runId, gate, open: true });
    if (row === undefined) return;
    const { purpose, deadlineMs } = row.question as { readonly purpose?: string; readonly deadlineMs?: number };
    const answer = purpose === "interrupted" ? "retry" : this.#options.answer?.(row);
    if (answer !== undefined) await this.tell((run) => run.answer(gate, answer));
    else if (deadlineMs === undefined)
      throw new Error(`gate ${gate} waits for an answer, and nobody was told what to answer`);
  }
}
