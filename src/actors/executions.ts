/** The executions of a run that go on in this process: started after their commit, stopped by signal, ended once. */
import { messageOf } from "../errors.ts";
import { ABANDON_MARGIN_MS } from "../limits.ts";
import type { ExecutionEnd } from "../machines/protocol.ts";
import type { ArtifactRow, Store } from "../persistence/store.ts";
import type { Clock, TimerHandle } from "./clock.ts";
import type { AbortReason, HandlerDefinition, HandlerInput, HandlerLog } from "./handler.ts";
import { createHandlerInput, type ExecutionParts, type InputDeps } from "./handler-input.ts";
import { type HandlerEnd, runHandler } from "./handlers/run-handler.ts";
import type { HeldRun, StageSnapshot } from "./held-run.ts";
import type { ExecutionReport, Input } from "./inputs.ts";
import { toEntryForm } from "./outcome-entry.ts";
import { patientWrites, type SideStore } from "./patient-writes.ts";

export interface ExecutionDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: HandlerLog;
  readonly cwd: string;
  readonly abortGraceMs: number;
  readonly resolve: (type: string) => HandlerDefinition | undefined;
}

interface Running {
  readonly stage: string;
  readonly controller: AbortController;
  readonly parts: ExecutionParts;
  /** Once it was asked to stop; aborted when the grace is ended early. */
  hurry: AbortController | undefined;
  timers: Set<TimerHandle> | undefined;
  isAbandoned: boolean;
  settled: Promise<void>;
}

export class Executions {
  readonly #held: HeldRun;
  readonly #deps: ExecutionDeps;
  readonly #push: (input: Input) => void;
  readonly #running = new Map<string, Running>();
  readonly #store: SideStore;
  /** What handlers' inputs are made of. */
  readonly #parts: InputDeps;
  #isLost = false;

  constructor(held: HeldRun, deps: ExecutionDeps, push: (input: Input) => void) {
    this.#held = held;
    this.#deps = deps;
    this.#push = push;
    this.#store = patientWrites(deps.store, {
      clock: deps.clock,
      log: deps.log,
      isOver: () => this.#isLost,
    });
    const { clock, log, cwd } = deps;
    this.#parts = { clock, log, cwd, store: this.#store };
  }

  has(execution: string): boolean {
    return this.#running.has(execution);
  }

  get count(): number {
    return this.#running.size;
  }

  /** Calls the handler of an execution that is stored as open. */
  start(snapshot: StageSnapshot, execution: string): void {
    if (this.#running.has(execution)) return;
    const { context } = snapshot;
    const controller = new AbortController();
    const { input, parts } = createHandlerInput({
      held: this.#held,
      deps: this.#parts,
      context,
      execution,
      controller,
    });
    const running: Running = {
      stage: context.stage,
      controller,
      parts,
      hurry: undefined,
      timers: undefined,
      isAbandoned: false,
      settled: Promise.resolve(),
    };
    this.#running.set(execution, running);
    if (context.timeoutMs !== undefined) {
      this.#arm(running, context.timeoutMs, () => this.#push({ kind: "timed_out", execution, stage: context.stage }));
    }
    running.settled = this.#run(running, context.type, input);
  }

  async #run(running: Running, type: string, input: HandlerInput): Promise<void> {
    const { execution } = input;
    const definition = this.#deps.resolve(type);
    const end: HandlerEnd = definition ? await runHandler(definition, input) : missingHandler(type);
    let report: ExecutionReport;
    try {
      report = await this.#report(execution, running, end);
    } catch (failure) {
      report = unstorable(execution, running.stage, failure);
    }
    this.#disarm(running);
    this.#running.delete(execution);
    if (this.#isLost) return;
    if (running.isAbandoned) {
      this.#held.abandoned.delete(execution);
      this.#push({ kind: "returned", execution, stage: running.stage, status: end.outcome.status });
    } else this.#push({ kind: "ended", reports: [report] });
  }

  async #report(execution: string, running: Running, end: HandlerEnd): Promise<ExecutionReport> {
    const { parts, stage } = running;
    await parts.flush();
    const { outcome, blobs } = await toEntryForm(this.#store, end.outcome);
    const isCut = running.hurry !== undefined;
    const artifacts = parts.artifacts().map((row): ArtifactRow => (isCut ? { ...row, complete: false } : row));
    const { contextUpdates: _updates, ...routing } = outcome;
    const thrown = end.thrown && {
      terminal: end.thrown.terminal,
      transient: end.thrown.failureClass === "transient",
      ...(end.thrown.retryAfterMs === undefined ? {} : { retryAfterMs: end.thrown.retryAfterMs }),
    };
    return {
      execution,
      stage,
      end: {
        outcome: routing as ExecutionEnd["outcome"],
        ...(thrown ? { thrown } : {}),
        ...(end.suspended ? { suspended: true as const } : {}),
      },
      outcome,
      blobs,
      artifacts,
    };
  }

  /** Asks an execution to stop; the first reason given is the one its signal carries. */
  abort(execution: string, reason: AbortReason, graceMs = this.#deps.abortGraceMs): void {
    const running = this.#running.get(execution);
    if (!running || running.isAbandoned) return;
    if (running.hurry === undefined) {
      running.hurry = new AbortController();
      const { signal: hurry } = running.hurry;
      running.controller.abort(Object.assign(executionAbort(reason, this.#held.row.status, graceMs), { hurry }));
    }
    this.#arm(running, graceMs + ABANDON_MARGIN_MS, () => this.#abandon(execution, running));
  }

  /** It outlived its grace: its end is stored without it, and nothing it does counts any more. */
  #abandon(execution: string, running: Running): void {
    if (running.isAbandoned || this.#isLost || this.#running.get(execution) !== running) return;
    running.isAbandoned = true;
    this.#held.abandoned.set(execution, running.stage);
    const outcome = { status: "fail", failureReason: "it went on after its grace and was abandoned" };
    const report: ExecutionReport = {
      execution,
      stage: running.stage,
      end: { outcome, thrown: { terminal: false, transient: true }, abandoned: true },
      outcome,
      blobs: new Map(),
      artifacts: [],
    };
    this.#push({ kind: "ended", reports: [report] });
  }

  /** Tells handlers that wait for it whether the run is pausing. */
  tellPausing(pausing: boolean): void {
    for (const { parts } of this.#running.values()) parts.tellPausing(pausing);
  }

  /** Ends the grace of everything that was asked to stop. */
  hurry(): void {
    for (const [execution, running] of this.#running) {
      if (running.hurry === undefined || running.hurry.signal.aborted) continue;
      running.hurry.abort();
      this.#arm(running, ABANDON_MARGIN_MS, () => this.#abandon(execution, running));
    }
  }

  /** The lease is gone: everything stops and nothing more is written. */
  lose(): void {
    this.#isLost = true;
    for (const running of this.#running.values()) {
      this.#disarm(running);
      running.controller.abort(executionAbort("lease_lost", this.#held.row.status, this.#deps.abortGraceMs));
    }
  }

  /** Resolves when none goes on, or after `ms`. Answers with those that still do. */
  async settled(ms: number): Promise<readonly string[]> {
    const all = Promise.all([...this.#running.values()].map(({ settled }) => settled));
    let timer: TimerHandle | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = this.#deps.clock.setTimer(resolve, ms);
    });
    await Promise.race([all, patience]);
    if (timer) this.#deps.clock.clearTimer(timer);
    return [...this.#running.keys()];
  }

  #arm(running: Running, ms: number, callback: () => void): void {
    const timer = this.#deps.clock.setTimer(() => {
      running.timers?.delete(timer);
      callback();
    }, ms);
    running.timers ??= new Set();
    running.timers.add(timer);
  }

  #disarm({ timers }: Running): void {
    if (timers) for (const timer of timers) this.#deps.clock.clearTimer(timer);
  }
}

function executionAbort(reason: AbortReason, runStatus: string, graceMs: number): Error {
  const error = new Error(`the execution is asked to stop: ${reason}`);
  return Object.assign(error, { name: "ExecutionAbort", reason, runStatus, graceMs });
}

function missingHandler(type: string): HandlerEnd {
  const failureReason = `no handler is registered for the type ${type}`;
  return {
    outcome: { status: "fail", failureReason },
    thrown: { name: "handler_missing", failureClass: "deterministic", terminal: true, failureReason },
  };
}

function unstorable(execution: string, stage: string, failure: unknown): ExecutionReport {
  const outcome = { status: "fail", failureReason: `what it wrote could not be stored: ${messageOf(failure)}` };
  return {
    execution,
    stage,
    end: { outcome, thrown: { terminal: false, transient: true } },
    outcome,
    blobs: new Map(),
    artifacts: [],
  };
}
