/**
 * The driver of one run: one turn at a time; `receive → compute → commit → apply → perform`.
 *
 * A turn takes one input, or all the ends of executions that wait at the head of the mailbox: they share its commit.
 * Nothing outside happens before it is stored. An input leaves the mailbox only when the commit that consumed it has
 * returned; a turn whose commit failed is handed in again as it is, and until then no other is computed. A lost lease
 * ends the driver without another word. Source: 02 §3, 03 §9; docs/decisions/0011.
 */
import { InvariantError, isSafepointError, messageOf, SafepointError } from "../errors.ts";
import type { JsonValue } from "../graph/index.ts";
import { isFinalStatus } from "../journal/status.ts";
import { INPUT_FAILURES_MAX } from "../limits.ts";
import { endOfRound, type GroupCommit } from "../persistence/group-commit.ts";
import type { CommandRow, TurnWrite } from "../persistence/store.ts";
import { takenNews } from "./children/news.ts";
import { readChildFacts } from "./children/observe-child.ts";
import type { TimerHandle } from "./clock.ts";
import { answerCommand, type CommandResult } from "./commands.ts";
import type { Draft } from "./draft.ts";
import { type ExecutionDeps, Executions } from "./executions.ts";
import { type HeldRun, runContext, stageActor } from "./held-run.ts";
import { computeTurn, type Input, type TurnSettings } from "./inputs.ts";
import { inputOf, type Letter, type Letters, Mailbox } from "./mailbox.ts";
import { storeRetryMs } from "./patient-writes.ts";
import { RunTimers } from "./run-timers.ts";

export interface DriverDeps extends ExecutionDeps, TurnSettings {
  readonly commits: GroupCommit;
  /** First turns of the runs that a turn begins; committed with it. */
  readonly runsBegunBy: (draft: Draft) => readonly TurnWrite[];
  /** Called after each commit, off the turn: observers see committed state only. */
  readonly onCommitted: (held: HeldRun, draft: Draft) => void;
}

/** Why a driver ended: the run did, its lease is gone, it was stopped, or it gave the run up. */
export type DriverEnd = "terminal" | "lease_lost" | "stopped" | "gave_up";

export class Driver {
  readonly held: HeldRun;
  readonly ended: Promise<DriverEnd>;
  readonly #deps: DriverDeps;
  readonly #executions: Executions;
  readonly #timers: RunTimers;
  readonly #mailbox = new Mailbox();
  #isDriving = false;
  #isStopping = false;
  #end: DriverEnd | undefined;
  #resolveEnd: (end: DriverEnd) => void = () => {};
  #idle: (() => void)[] = [];
  #failure: unknown;

  constructor(held: HeldRun, deps: DriverDeps) {
    this.held = held;
    this.#deps = deps;
    this.#executions = new Executions(held, deps, (input) => this.push(input));
    this.#timers = new RunTimers(held, deps.clock, (input) => this.push(input));
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
  }

  /** What made it give up, or the store's refusal of its first turn. */
  get failure(): unknown {
    return this.#failure;
  }

  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  push(input: Input): void {
    if (this.#end !== undefined) return;
    this.#mailbox.put(input);
    void this.#drive();
  }

  /** Delivers an input and resolves when its turn is committed. */
  deliver(input: Input): Promise<CommandResult | undefined> {
    if (this.#end !== undefined)
      return Promise.reject(new SafepointError("lease_lost", "the run is no longer driven here"));
    return new Promise((resolve, reject) => {
      this.#mailbox.put(input, { resolve, reject });
      void this.#drive();
    });
  }

  async #drive(): Promise<void> {
    if (this.#isDriving) return;
    this.#isDriving = true;
    while (!this.#mailbox.isEmpty && this.#end === undefined) {
      // Executions that were started together and only compute end in microtasks, one after the other. A lone one has
      // nothing to wait for.
      if (this.#mailbox.hasRoomForEnds(this.held.open.size)) await endOfRound();
      if (this.#end === undefined) await this.#turn(this.#mailbox.head());
    }
    this.#isDriving = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** One turn. Its letters leave the mailbox when its commit has returned, or one of them when it is set aside. */
  async #turn(letters: Letters): Promise<void> {
    let draft: Draft;
    let result: CommandResult | undefined;
    const [{ settle }] = letters;
    const input = await this.#withFacts(inputOf(letters));
    if (!input || this.#end !== undefined) return;
    try {
      const atMs = this.#deps.clock.now();
      draft = computeTurn(this.held, input, { ...this.#deps, isStopping: this.#isStopping, atMs });
      result = answerCommand(draft);
    } catch (failure) {
      return this.#broken(letters, failure);
    }
    if (draft.entries.length > 0) {
      const isCommitted = await this.#commit(letters, draft, result);
      if (!isCommitted) return;
    } else draft.keepUnstored();
    if (this.#end !== undefined) return;
    draft.apply();
    this.#mailbox.drop(Math.max(draft.endsTaken, 1));
    settle?.resolve(result);
    this.#perform(draft);
    // The retry of a stage waits for its abandoned execution.
    if (input.kind === "returned") this.#timers.arm();
  }

  /** What a turn needs to know of other runs is read before it is computed. Undefined while the store cannot say it. */
  async #withFacts(input: Input): Promise<Input | undefined> {
    if (input.kind !== "timer" || this.held.timers.get(input.timer)?.kind !== "poll") return input;
    try {
      return { ...input, child: await readChildFacts(this.#deps.store, this.held, input.timer) };
    } catch (failure) {
      await this.#storeFailed(failure, 1);
      return undefined;
    }
  }

  /** Hands the same turn in until the store has answered for it. */
  async #commit(letters: Letters, draft: Draft, result: CommandResult | undefined): Promise<boolean> {
    const write = this.#write(letters[0], draft, result);
    for (let failures = 0; this.#end === undefined; ) {
      try {
        const answer = await this.#deps.commits.commit(write);
        if (answer.ok || (failures > 0 && (await this.#isWritten(write)))) return true;
        if (answer.code === "not_json" || answer.code === "internal") {
          await this.#broken(letters, new InvariantError(answer.message));
        } else this.#lose(new SafepointError(answer.code, answer.message));
        return false;
      } catch (failure) {
        failures += 1;
        await this.#storeFailed(failure, failures);
      }
    }
    return false;
  }

  /** Whether an earlier try took effect and only its answer was lost: nobody else writes under our token. */
  async #isWritten({ runId, token, baseSeq, entries }: TurnWrite): Promise<boolean> {
    const [row] = await this.#deps.store.read("run", { runId });
    return row?.token === token && row.seq === baseSeq + entries.length;
  }

  #write(letter: Letter, draft: Draft, result: CommandResult | undefined): TurnWrite {
    const begun = this.#deps.runsBegunBy(draft);
    const write = { ...draft.toWrite(), ...(begun.length === 0 ? {} : { creates: begun }) };
    if (letter.input.kind === "news") return { ...write, commands: [takenNews(letter.input.row)] };
    const commands = result && {
      commands: [
        {
          commandId: result.commandId,
          result: result as unknown as JsonValue,
          ...(isFromInbox(letter.input) ? {} : { row: (letter.input as { row: CommandRow }).row }),
        },
      ],
    };
    return { ...write, ...commands };
  }

  /**
   * The store did not take it, or could not say so. Tried again, but for the first turn and where the store says that no
   * later try can help (it is corrupt, or read-only): then the driver lets go, and the run is as it was committed last.
   */
  async #storeFailed(failure: unknown, failures: number): Promise<void> {
    this.#failure = failure;
    const isHopeless = isSafepointError(failure) && !failure.retryable;
    if (this.held.seq === 0 || isHopeless) return this.#lose(failure);
    const waitMs = storeRetryMs(failures);
    this.#deps.log.warn("the store did not take a turn; it is tried again", {
      runId: this.held.runId,
      code: isSafepointError(failure) ? failure.code : "internal",
      message: messageOf(failure),
      waitMs,
    });
    await new Promise<void>((resolve) => this.#deps.clock.setTimer(resolve, waitMs));
  }

  /** An input that breaks its turn again and again is set aside, and the run paused. Source: 03 §9. */
  async #broken(letters: Letters, failure: unknown): Promise<void> {
    const [letter] = letters;
    this.#failure = failure;
    this.#deps.log.error("a turn could not be made", {
      runId: this.held.runId,
      input: letter.input.kind,
      ...(letters.length > 1 ? { inputs: letters.length } : {}),
      message: messageOf(failure),
    });
    if (letters.length > 1) {
      for (const one of letters) one.isAlone = true;
      return;
    }
    letter.failures += 1;
    if (letter.failures < INPUT_FAILURES_MAX && this.held.seq > 0) return;
    this.#mailbox.drop(1);
    letter.settle?.reject(failure);
    if (this.held.seq === 0 || letter.input.kind === "command") {
      if (this.held.seq === 0) this.#lose(failure);
      return;
    }
    this.#setAside(letter.input, failure);
  }

  #setAside(input: Input, failure: unknown): void {
    const reason = `internal_error: ${messageOf(failure)}`;
    const [broken] = input.kind === "ended" ? input.reports : [];
    if (broken && broken.end.thrown?.terminal !== true) {
      const outcome = { status: "fail", failureReason: reason };
      const report = {
        ...broken,
        outcome,
        end: { outcome, thrown: { terminal: true, transient: false } },
        blobs: new Map(),
        artifacts: [],
      };
      this.push({ kind: "ended", reports: [report] });
    }
    const row: CommandRow = {
      runId: this.held.runId,
      commandId: `internal-error-${this.held.seq}`,
      verb: "pause",
      body: {},
      actor: "safepoint",
      reason,
      atMs: this.#deps.clock.now(),
    };
    if (input.kind === "ended" || input.kind === "timer" || input.kind === "news")
      this.push({ kind: "command", row, isFromInbox: false, hasSlot: () => true });
  }

  /** What must now be in force outside. */
  #perform(draft: Draft): void {
    for (const { execution, reason } of draft.aborts) this.#executions.abort(execution, reason, this.#graceFor(reason));
    for (const { stage, execution } of draft.starts) {
      const actor = this.held.actors.get(stageActor(stage));
      if (actor?.kind === "stage" && this.held.open.get(execution) === stage)
        this.#executions.start(actor.snapshot, execution);
    }
    if (draft.patch.status !== undefined) this.#executions.tellPausing(draft.patch.status === "pausing");
    if (runContext(this.held)?.cancel?.force) this.#executions.hurry();
    this.#timers.update(draft);
    if (draft.more) this.push({ kind: "follow" });
    this.#tellObservers(draft);
    if (isFinalStatus(this.held.row.status)) this.#finish("terminal");
  }

  /** Whoever looks on may break, not the run. */
  #tellObservers(draft: Draft): void {
    try {
      this.#deps.onCommitted(this.held, draft);
    } catch (failure) {
      this.#deps.log.error("an observer of the run failed", { runId: this.held.runId, message: messageOf(failure) });
    }
  }

  #graceFor(reason: string): number {
    const cancel = runContext(this.held)?.cancel;
    if (reason !== "cancel" || !cancel) return this.#deps.abortGraceMs;
    return Math.max(0, cancel.deadlineMs - this.#deps.clock.now());
  }

  /** The lease is gone, or there never was one: nothing more is written. */
  #lose(failure: unknown): void {
    this.#failure = failure;
    this.#executions.lose();
    this.#finish("lease_lost");
  }

  /** Called when a renewal was refused. */
  leaseLost(): void {
    if (this.#end === undefined)
      this.#lose(new SafepointError("lease_lost", `the lease of ${this.held.runId} was taken`));
  }

  #finish(end: DriverEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#timers.stop();
    const error = this.#failure ?? new SafepointError("lease_lost", `run ${this.held.runId} is no longer driven here`);
    for (const { settle } of this.#mailbox.empty()) settle?.reject(error);
    this.#resolveEnd(end);
  }

  /**
   * Lets go of the run: starts nothing more, waits the grace for what is in flight, interrupts the rest (no retry used),
   * and ends when all of it is stored, or when the store did not take it in time. The lease is given back by the caller.
   */
  async stop(graceMs: number): Promise<void> {
    if (this.#end !== undefined) return;
    this.#isStopping = true;
    this.#timers.stop();
    const { abortGraceMs } = this.#deps;
    await this.#executions.settled(graceMs);
    await this.#within(abortGraceMs, this.#whenIdle());
    if (this.held.open.size > 0 && this.#end === undefined) {
      const told = this.deliver({ kind: "interrupt", reason: "shutdown" }).catch(() => {});
      await this.#within(abortGraceMs, told);
      await this.#executions.settled(abortGraceMs * 2);
      await this.#within(abortGraceMs, this.#whenIdle());
    }
    this.#executions.lose();
    this.#finish("stopped");
  }

  #whenIdle(): Promise<void> {
    return this.#isDriving ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  /** Waits, but not for ever: a store may be out of reach. */
  async #within(ms: number, work: Promise<unknown>): Promise<void> {
    const { clock } = this.#deps;
    let timer: TimerHandle | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = clock.setTimer(resolve, ms);
    });
    await Promise.race([work, patience]);
    if (timer) clock.clearTimer(timer);
  }
}

function isFromInbox(input: Input): boolean {
  return input.kind !== "command" || input.isFromInbox;
}
