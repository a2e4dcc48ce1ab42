/**
 * Many runs in one process: who drives what, slots, leases, the inbox, and taking up what nobody drives.
 * Source: 03 §9.
 */

import { type ErrorCode, isSafepointError, messageOf, SafepointError } from "../errors.ts";
import type { Graph } from "../graph/index.ts";
import type { GroupCommit } from "../persistence/group-commit.ts";
import type { CommandRow, Owner, RunCreation, RunRow } from "../persistence/store.ts";
import { runsBegunBy } from "./begun-runs.ts";
import { type ChildGraphs, readChildGraphs } from "./children/child-graphs.ts";
import { attendedChildren } from "./children/control-child.ts";
import { isNews } from "./children/news.ts";
import { isChild } from "./children/parent-link.ts";
import { heldPins } from "./children/pins.ts";
import { CommandDesk } from "./command-desk.ts";
import type { CommandResult } from "./commands.ts";
import type { CreatedData } from "./created-data.ts";
import type { Draft } from "./draft.ts";
import { Driver } from "./driver.ts";
import { answerEnded } from "./ended-run.ts";
import type { ExecutionDeps } from "./executions.ts";
import { followerId, type HeldRun } from "./held-run.ts";
import { type Hold, holdFor } from "./holds.ts";
import { Inbox } from "./inbox.ts";
import type { TurnSettings } from "./inputs.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { emptyRun, holdRun } from "./load.ts";
import { endRecordedGroups } from "./processes/recover.ts";
import { refuseEnded, runExists, runOwned } from "./refusals.ts";
import { policyOf, stageInputsOf } from "./stage-inputs.ts";
import { type Claimed, claimRun, commandUnowned, isDrivenElsewhere, readUnowned } from "./unowned.ts";

export interface SupervisorDeps extends ExecutionDeps {
  readonly commits: GroupCommit;
  readonly owner: Owner;
  readonly leaseMs: number;
  readonly maxConcurrentRuns: number;
  readonly maxRestartsOf: (graph: Graph) => number;
  readonly graphOf: (run: Pick<RunRow, "runId" | "pipelineHash">) => Promise<Graph>;
  /** Handler types of a graph that nobody registered. */
  readonly missingTypes: (graph: Graph) => readonly string[];
  readonly onCommitted: (held: HeldRun, draft: Draft) => void;
  readonly isInspected?: TurnSettings["isInspected"];
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
  readonly #inbox: Inbox;
  #isStopping = false;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#desk = new CommandDesk(deps.store);
    this.#inbox = new Inbox(deps, (row) => this.#takeRow(row));
    const tend = () => void this.#tendChildren();
    this.#leases = new LeaseKeeper({ ...deps, onRound: tend }, () => this.#drivers.values());
  }

  driver(runId: string): Driver | undefined {
    return this.#drivers.get(runId);
  }

  /** Runs that are driven here, as they are held. */
  *heldRuns(): Iterable<HeldRun> {
    for (const { held } of this.#drivers.values()) yield held;
  }

  get drivenRuns(): readonly string[] {
    return [...this.#drivers.keys()];
  }

  #slotsTaken(): number {
    let taken = 0;
    for (const { held } of this.#drivers.values()) {
      const isWaiting = held.row.status === "queued" || held.row.status === "paused";
      if (isChild(held)) continue;
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
    const childGraph = await readChildGraphs(this.#deps.graphOf, create.runId, created.children);
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
    const driver = this.#drive(held, { hold, childGraph });
    if (!slot) this.#queue.add(create.runId);
    try {
      await driver.deliver({ kind: "begin", create: owned, slot, created });
    } catch (failure) {
      this.#forget(create.runId);
      throw isSafepointError(driver.failure) ? driver.failure : failure;
    }
  }

  #drive(held: HeldRun, { hold, childGraph }: { readonly hold: Hold; readonly childGraph: ChildGraphs }): Driver {
    const { graph } = held;
    const settingsOf = (of: Graph) => this.#turnSettings(of);
    const driver = new Driver(held, {
      ...this.#deps,
      ...this.#turnSettings(graph),
      runsBegunBy: (draft) => runsBegunBy(draft, { settingsOf, childGraph }),
      onCommitted: (run, draft) => this.#onCommitted(run, draft),
    });
    this.#drivers.set(held.runId, driver);
    this.#leases.add(driver);
    this.#inbox.watch();
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
    if (draft.restart !== undefined) void this.#takeUp(followerId(held), "a run that starts over");
    for (const { runId } of draft.childStarts) void this.#takeUp(runId, "a child run");
    // What it says to its children and its parent need not wait for the bell.
    if (draft.mail.length > 0 || (isChild(held) && draft.patch.status !== undefined)) void this.#inbox.read();
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
    if (this.#drivers.size === 0) this.#rest();
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

  /** A run that a turn here has begun, or that a run driven here waits for. */
  async #takeUp(runId: string, what: string): Promise<void> {
    await this.take(runId).catch((failure: unknown) => {
      // What a runtime that stops has begun is taken up by the next.
      if (this.#isStopping) return;
      const isQuiet =
        isSafepointError(failure) && QUIET_REFUSALS.has(failure.code) && failure.code !== "handler_missing";
      if (!isQuiet) this.#warn(`${what} was not taken up`, failure);
    });
  }

  /** Child runs that nobody drives, of all that are driven here. */
  async #tendChildren(): Promise<void> {
    const waited = [...this.#drivers.values()].flatMap(({ held }) => attendedChildren(held));
    for (const { run } of waited) {
      if (this.#isStopping || this.#drivers.has(run)) continue;
      await this.#takeUp(run, "a child run");
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
      const childGraph = await readChildGraphs(this.#deps.graphOf, runId, heldPins(held));
      return await this.#goOn(held, foreign, { hold, childGraph });
    } catch (failure) {
      await store.release([{ runId, token }]).catch(() => {});
      hold.free();
      throw failure;
    }
  }

  async #goOn(
    held: HeldRun,
    foreign: ReadonlySet<string>,
    parts: { readonly hold: Hold; readonly childGraph: ChildGraphs },
  ): Promise<Driver> {
    const driver = this.#drive(held, parts);
    const isQueued = held.row.status === "queued";
    if (isQueued && !isChild(held)) this.#queue.add(held.runId);
    const { host, pid } = this.#deps.owner;
    await driver.deliver({ kind: "taken", resumeEpoch: held.row.resumeEpoch + 1, host, pid, foreign });
    // A child run goes on in the slot of its parent.
    if (isQueued && isChild(held)) await driver.deliver({ kind: "slot" });
    this.#fillSlots();
    void this.#inbox.read();
    void this.#tendChildren();
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
      const isFree = isChild(driver.held) || this.#continuing.has(runId) || this.#hasSlot();
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

  /** A row of the inbox: a command, or news of a child run. */
  async #takeRow(row: CommandRow): Promise<void> {
    const driver = this.#drivers.get(row.runId);
    if (!driver || driver.isEnded) return;
    const taken = isNews(row) ? this.#desk.give(driver, { kind: "news", row }) : this.#give(driver, row, true);
    await taken.catch((failure: unknown) => this.#warn("a row of the inbox was not taken", failure));
  }

  #rest(): void {
    this.#leases.stop();
    this.#inbox.stop();
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
    this.#rest();
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
