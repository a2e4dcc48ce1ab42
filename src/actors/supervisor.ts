/**
 * Many runs in one process: who drives what, slots, leases, the inbox, and taking up what nobody drives.
 * Source: 03 §9.
 */

import { type ErrorCode, isSafepointError, messageOf, SafepointError } from "../errors.ts";
import type { Graph } from "../graph/index.ts";
import { INBOX_LOOK_MS } from "../limits.ts";
import type { GroupCommit } from "../persistence/group-commit.ts";
import type { CommandRow, Owner, RunCreation, RunRow } from "../persistence/store.ts";
import type { TimerHandle } from "./clock.ts";
import { CommandDesk } from "./command-desk.ts";
import type { CommandResult } from "./commands.ts";
import type { Draft } from "./draft.ts";
import { Driver } from "./driver.ts";
import { answerEnded } from "./ended-run.ts";
import type { ExecutionDeps } from "./executions.ts";
import { followerId, type HeldRun } from "./held-run.ts";
import { type Hold, holdFor } from "./holds.ts";
import type { CreatedData, TurnSettings } from "./inputs.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { emptyRun, holdRun } from "./load.ts";
import { endRecordedGroups } from "./processes/recover.ts";
import { refuseEnded, runExists, runOwned } from "./refusals.ts";
import { policyOf, stageInputsOf } from "./stage-inputs.ts";
import { startOver } from "./start-over.ts";
import { type Claimed, claimRun, commandUnowned, isDrivenElsewhere, readUnowned } from "./unowned.ts";

export interface SupervisorDeps extends ExecutionDeps {
  readonly commits: GroupCommit;
  readonly owner: Owner;
  readonly leaseMs: number;
  readonly maxConcurrentRuns: number;
  readonly maxRestartsOf: (graph: Graph) => number;
  readonly graphOf: (run: RunRow) => Promise<Graph>;
  /** Handler types of a graph that nobody registered. */
  readonly missingTypes: (graph: Graph) => readonly string[];
  readonly onCommitted: (held: HeldRun, draft: Draft) => void;
}

export interface NewRun {
  readonly create: Omit<RunCreation, "owner" | "leaseUntilMs" | "status">;
  readonly created: CreatedData;
  readonly graph: Graph;
}

export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #drivers = new Map<string, Driver>();
  readonly #desk: CommandDesk;
  /** Runs that wait for a slot, oldest first. */
  readonly #queue = new Set<string>();
  /** Runs that were given a slot and have not stored that yet. */
  readonly #granted = new Set<string>();
  /** Runs that a continue under way may go on with. */
  readonly #continuing = new Set<string>();
  readonly #taking = new Map<string, Promise<Driver>>();
  /** Leases that are being given back. */
  readonly #endings = new Set<Promise<void>>();
  readonly #leases: LeaseKeeper;
  #unwatch: (() => void) | undefined;
  #look: TimerHandle | undefined;
  #isReadingInbox = false;
  #inboxAgain = false;
  #isStopping = false;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#desk = new CommandDesk(deps.store);
    this.#leases = new LeaseKeeper(deps, () => this.#drivers.values());
  }

  driver(runId: string): Driver | undefined {
    return this.#drivers.get(runId);
  }

  get drivenRuns(): readonly string[] {
    return [...this.#drivers.keys()];
  }

  #slotsTaken(): number {
    let taken = 0;
    for (const { held } of this.#drivers.values()) {
      const isWaiting = held.row.status === "queued" || held.row.status === "paused";
      if (!isWaiting || this.#granted.has(held.runId) || this.#continuing.has(held.runId)) taken += 1;
    }
    return taken;
  }

  #hasSlot(): boolean {
    return this.#slotsTaken() < this.#deps.maxConcurrentRuns;
  }

  /** Creates a run and drives it. Resolves when it is stored. Rejects `run_exists`. */
  async start({ create, created, graph }: NewRun): Promise<void> {
    this.#refuseWhenStopping();
    const hold = await holdFor(this.#deps.store, create.runId, { isBrief: false });
    if (!hold) throw runExists(create.runId);
    const slot = this.#hasSlot() && this.#queue.size === 0;
    const owned: RunCreation = {
      ...create,
      status: slot ? "running" : "queued",
      owner: this.#deps.owner,
      leaseUntilMs: this.#deps.clock.now() + this.#deps.leaseMs,
    };
    const held = emptyRun(owned, graph, created.restarts ?? 0);
    const driver = this.#drive(held, hold);
    if (!slot) this.#queue.add(create.runId);
    try {
      await driver.deliver({ kind: "begin", create: owned, slot, created });
    } catch (failure) {
      this.#forget(create.runId);
      throw isSafepointError(driver.failure) ? driver.failure : failure;
    }
  }

  #drive(held: HeldRun, hold: Hold): Driver {
    const { graph } = held;
    const driver = new Driver(held, {
      ...this.#deps,
      ...this.#turnSettings(graph),
      startOver: (run, draft) => startOver(run, draft, this.#turnSettings(run.graph)),
      onCommitted: (run, draft) => this.#onCommitted(run, draft),
    });
    this.#drivers.set(held.runId, driver);
    this.#leases.add(driver);
    this.#arm();
    const ending = driver.ended.then((end) => this.#onEnded(driver, end, hold));
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
    return driver;
  }

  #turnSettings(graph: Graph): TurnSettings {
    return {
      stageInputs: stageInputsOf(graph, (type) => policyOf(this.#deps.resolve(type))),
      maxRestarts: this.#deps.maxRestartsOf(graph),
      cancelGraceMs: this.#deps.abortGraceMs,
    };
  }

  #onCommitted(held: HeldRun, draft: Draft): void {
    this.#deps.onCommitted(held, draft);
    if (draft.patch.status === "queued") this.#queue.add(held.runId);
    if (draft.patch.status !== undefined) this.#fillSlots();
    if (draft.restart !== undefined) void this.#takeUpFollower(followerId(held));
  }

  async #onEnded(driver: Driver, end: string, hold: Hold): Promise<void> {
    const { runId } = driver.held;
    if (this.#drivers.get(runId) === driver) this.#forget(runId);
    if (end === "terminal" || end === "stopped") {
      await this.#leases
        .giveBack({ runId, token: driver.held.token })
        .catch((failure: unknown) => this.#warn("a lease was not given back", failure));
    }
    hold.free();
    if (end === "terminal") await this.#answerLate(driver.held.row);
    this.#fillSlots();
  }

  /** Commands that came while the run ended are answered, not left in an inbox that nobody reads any more. */
  async #answerLate(run: RunRow): Promise<void> {
    try {
      const rows = await this.#deps.store.read("commands", { runId: run.runId, pending: true });
      if (rows.length > 0) await answerEnded(this.#deps, run, rows);
    } catch (failure) {
      this.#warn("commands for a run that has ended were not answered", failure);
    }
  }

  #forget(runId: string): void {
    this.#drivers.delete(runId);
    this.#granted.delete(runId);
    this.#queue.delete(runId);
    if (this.#drivers.size === 0) this.#disarm();
  }

  #fillSlots(): void {
    for (const runId of this.#queue) {
      if (!this.#hasSlot() || this.#isStopping) return;
      this.#queue.delete(runId);
      const driver = this.#drivers.get(runId);
      if (driver?.held.row.status !== "queued") continue;
      this.#granted.add(runId);
      const settle = () => this.#granted.delete(runId);
      driver.deliver({ kind: "slot" }).then(settle, settle);
    }
  }

  async #takeUpFollower(runId: string): Promise<void> {
    try {
      await this.take(runId);
    } catch (failure) {
      this.#warn("a run that starts over was not taken up", failure);
    }
  }

  /**
   * Takes an unowned live run and drives it on.
   *
   * Rejects: run_not_found, run_owned, run_finished, run_restarted, run_cancelled_new_run_required, handler_missing.
   */
  take(runId: string): Promise<Driver> {
    const driven = this.#drivers.get(runId);
    if (driven) return Promise.resolve(driven);
    let taking = this.#taking.get(runId);
    if (!taking) {
      taking = this.#take(runId).finally(() => this.#taking.delete(runId));
      this.#taking.set(runId, taking);
    }
    return taking;
  }

  async #take(runId: string): Promise<Driver> {
    this.#refuseWhenStopping();
    const { store, clock } = this.#deps;
    const [row] = await store.read("run", { runId });
    if (!row) throw new SafepointError("run_not_found", `there is no run ${runId}`, { details: { runId } });
    await refuseEnded(store, row);
    const graph = await this.#deps.graphOf(row);
    const missing = this.#deps.missingTypes(graph);
    if (missing.length > 0) {
      throw new SafepointError(
        "handler_missing",
        `run ${runId} needs handlers that are not registered: ${missing.join(", ")}`,
        {
          details: { runId, missing },
        },
      );
    }
    const { token, hold } = await this.#claim(row);
    try {
      const image = await store.load(runId);
      if (!image || image.run.token !== token)
        throw new SafepointError("lease_lost", `the lease of ${runId} was taken`);
      await refuseEnded(store, image.run);
      const recovered = await endRecordedGroups(image.processes, clock);
      for (const { execution, pid } of recovered.ended) {
        await store.writeSide({ kind: "process_ended", runId, token, execution, pid });
      }
      const held = await holdRun(store, image, graph);
      const foreign = new Set([...recovered.foreign, ...recovered.unresolved.map(({ execution }) => execution)]);
      return await this.#takeUp(held, foreign, hold);
    } catch (failure) {
      await store.release([{ runId, token }]).catch(() => {});
      hold.free();
      throw failure;
    }
  }

  async #takeUp(held: HeldRun, foreign: ReadonlySet<string>, hold: Hold): Promise<Driver> {
    const driver = this.#drive(held, hold);
    if (held.row.status === "queued") this.#queue.add(held.runId);
    const { host, pid } = this.#deps.owner;
    await driver.deliver({ kind: "taken", resumeEpoch: held.row.resumeEpoch + 1, host, pid, foreign });
    this.#fillSlots();
    void this.#readInbox();
    return driver;
  }

  async #claim(row: RunRow): Promise<Claimed> {
    const claimed = await claimRun(this.#deps, row, { isBrief: false });
    if (claimed) return claimed;
    const [now] = await this.#deps.store.read("run", { runId: row.runId });
    throw runOwned(now ?? row);
  }

  /** Puts a command to a run that this process drives. */
  async command(row: CommandRow): Promise<CommandResult | undefined> {
    const driver = this.#drivers.get(row.runId);
    return driver && this.#give(driver, row, false);
  }

  /** Puts a command to a driver. A slot that it takes counts from then on, before anything of it is stored. */
  #give(driver: Driver, row: CommandRow, isFromInbox: boolean): Promise<CommandResult | undefined> {
    const { runId } = row;
    const hasSlot = () => {
      const isFree = this.#continuing.has(runId) || this.#hasSlot();
      if (isFree) this.#continuing.add(runId);
      return isFree;
    };
    return this.#desk
      .give(driver, { kind: "command", row, isFromInbox, hasSlot })
      .finally(() => this.#continuing.delete(runId));
  }

  /** Applies a command to a run that nobody drives; undefined when somebody does. */
  async commandUnowned(run: RunRow, row: CommandRow): Promise<CommandResult | undefined> {
    if (isDrivenElsewhere(run, this.#deps.owner, this.#deps.clock.now())) return undefined;
    return commandUnowned({ ...this.#deps, settingsOf: (graph) => this.#turnSettings(graph) }, run, row);
  }

  /** Answers a command to a run that has ended; undefined while somebody holds it. */
  async commandEnded(run: RunRow, row: CommandRow): Promise<CommandResult | undefined> {
    return (await answerEnded(this.#deps, run, [row]))?.[0];
  }

  /** Takes every unowned live run whose handler types are all there, the longest queued first. */
  async recover(): Promise<void> {
    for (const row of await readUnowned(this.#deps)) {
      if (this.#isStopping) return;
      if (row.status === "paused" && row.owner === undefined && this.#drivers.has(row.runId)) continue;
      await this.take(row.runId).catch((failure: unknown) => {
        if (!isSafepointError(failure) || !QUIET_REFUSALS.has(failure.code))
          this.#warn("a run was not taken up", failure);
      });
    }
  }

  #arm(): void {
    this.#unwatch ??= this.#deps.store.watch(() => this.#lookSoon());
  }

  #disarm(): void {
    this.#leases.stop();
    if (this.#look) this.#deps.clock.clearTimer(this.#look);
    this.#look = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** Our own commits ring too: many rings make one look. */
  #lookSoon(): void {
    this.#look ??= this.#deps.clock.setTimer(() => {
      this.#look = undefined;
      void this.#readInbox();
    }, INBOX_LOOK_MS);
  }

  /** Commands that other processes left for runs driven here. One reading at a time; a wake-up meanwhile is not lost. */
  async #readInbox(): Promise<void> {
    this.#inboxAgain = true;
    if (this.#isReadingInbox) return;
    this.#isReadingInbox = true;
    try {
      while (this.#inboxAgain && this.#drivers.size > 0) {
        this.#inboxAgain = false;
        const rows = await this.#deps.store.read("commands", { pending: true });
        // In order for each run; the turns of many runs share their commits.
        const byRun = Map.groupBy(rows, ({ runId }) => runId);
        await Promise.all([...byRun.values()].map((ofRun) => this.#takeCommands(ofRun)));
      }
    } catch (failure) {
      this.#warn("the inbox was not read", failure);
    } finally {
      this.#isReadingInbox = false;
    }
  }

  async #takeCommands(rows: readonly CommandRow[]): Promise<void> {
    for (const row of rows) await this.#takeCommand(row);
  }

  async #takeCommand(row: CommandRow): Promise<void> {
    const driver = this.#drivers.get(row.runId);
    if (!driver || driver.isEnded) return;
    await this.#give(driver, row, true).catch((failure: unknown) => {
      this.#warn("a command was not taken", failure);
    });
  }

  #warn(message: string, failure: unknown): void {
    this.#deps.log.warn(message, { message: messageOf(failure) });
  }

  #refuseWhenStopping(): void {
    if (this.#isStopping)
      throw new SafepointError("runtime_stopped", "the runtime is stopping and starts nothing more");
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    await Promise.allSettled(this.#taking.values());
    await Promise.all([...this.#drivers.values()].map((driver) => driver.stop(graceMs)));
    await Promise.all(this.#endings);
    this.#disarm();
  }
}

const QUIET_REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "run_owned",
  "run_finished",
  "run_restarted",
  "run_cancelled_new_run_required",
  "handler_missing",
  "lease_lost",
]);
