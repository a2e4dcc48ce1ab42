/**
 * A command on its way to its run: to the driver in this process, to the inbox of whoever drives it elsewhere, or, when
 * nobody does, applied here. Which of these it is may change while it is under way; the result is one. Source: 03 §2, §9.
 */
import type { Clock, TimerHandle } from "../actors/clock.ts";
import type { CommandResult } from "../actors/commands.ts";
import type { Supervisor } from "../actors/supervisor.ts";
import { isSafepointError } from "../errors.ts";
import type { JsonValue } from "../graph/index.ts";
import { isFinalStatus } from "../journal/status.ts";
import { COMMAND_TIMEOUT_MS } from "../limits.ts";
import { assertSameCommand } from "../persistence/command-reuse.ts";
import type { CommandRow, Store } from "../persistence/store.ts";
import type { CommandOptions, ControlResult } from "./api.ts";
import { checkOrder } from "./check-order.ts";
import { findRun } from "./queries/find-run.ts";

export interface Command {
  readonly runId: string;
  readonly verb: string;
  readonly body: JsonValue;
  readonly options: CommandOptions;
}

/** *Throws* `run_not_found`, `command_id_reused`. */
export type SendCommand = (command: Command) => Promise<ControlResult>;

interface SenderDeps {
  readonly store: Store;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly actor: string;
}

interface Sent {
  readonly row: CommandRow;
  readonly result: Promise<ControlResult>;
}

/** How long a change that nobody rings for, such as the end of a lease, may go unnoticed. Ms. */
const LOOK_AGAIN_MS = 250;
/** Failures of the store that a command outlives. */
const TRIES_MAX = 3;

export function createSender(deps: SenderDeps): SendCommand {
  const underWay = new Map<string, Sent>();
  return async ({ runId, verb, body, options }) => {
    checkOrder(options);
    const row: CommandRow = {
      runId,
      commandId: options.commandId ?? deps.newId(),
      verb,
      body,
      actor: options.actor ?? deps.actor,
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      atMs: deps.clock.now(),
    };
    const key = `${runId}\0${row.commandId}`;
    const twin = underWay.get(key);
    if (twin) {
      assertSameCommand(twin.row, row);
      return twin.result;
    }
    const result = send(deps, row, options.timeoutMs ?? COMMAND_TIMEOUT_MS);
    underWay.set(key, { row, result });
    return result.finally(() => underWay.delete(key));
  };
}

async function send(deps: SenderDeps, row: CommandRow, timeoutMs: number): Promise<ControlResult> {
  const { store, clock } = deps;
  const bell = createBell(store, clock);
  const untilMs = clock.now() + timeoutMs;
  let isInInbox = false;
  let lookAgainMs = 0;
  let failures = 0;
  try {
    for (;;) {
      bell.arm();
      try {
        const isDue = clock.now() >= lookAgainMs;
        const result = (await repeated(store, row)) ?? (isDue ? await put(deps, row) : undefined);
        if (result) return asControl(result);
        // Whoever drives the run answers; whether somebody still does is looked at now and then.
        if (isDue) lookAgainMs = clock.now() + LOOK_AGAIN_MS;
        if (!isInInbox) {
          bell.watch();
          await store.submit(row);
          isInInbox = true;
          continue;
        }
      } catch (failure) {
        failures += 1;
        const isLate = !isInInbox && clock.now() >= untilMs;
        if (failures > TRIES_MAX || isLate || !isPassing(failure)) throw failure;
      }
      const leftMs = untilMs - clock.now();
      if (leftMs <= 0) return pending(row);
      await bell.rung(Math.min(leftMs, LOOK_AGAIN_MS));
    }
  } finally {
    bell.stop();
  }
}

/** Whether the same may succeed in a moment: the store was busy, or the run changed hands while it was written. */
function isPassing(failure: unknown): boolean {
  return isSafepointError(failure) && failure.retryable && failure.code !== "runtime_stopped";
}

/** The result of the same command given before, if it has one. */
async function repeated(store: Store, row: CommandRow): Promise<CommandResult | undefined> {
  const [stored] = await store.read("commands", { runId: row.runId, commandId: row.commandId });
  if (!stored) return undefined;
  assertSameCommand(stored, row);
  return stored.result as unknown as CommandResult | undefined;
}

/** One try. Undefined: somebody else drives the run, or it is just changing hands; then it has to lie in the inbox. */
async function put({ store, supervisor }: SenderDeps, row: CommandRow): Promise<CommandResult | undefined> {
  const run = await findRun(store, row.runId);
  if (isFinalStatus(run.status)) return supervisor.commandEnded(run, row);
  if (supervisor.driver(run.runId)) return toDriver(supervisor, row);
  return supervisor.commandUnowned(run, row);
}

async function toDriver(supervisor: Supervisor, row: CommandRow): Promise<CommandResult | undefined> {
  const driver = supervisor.driver(row.runId);
  try {
    return await supervisor.command(row);
  } catch (failure) {
    // It ended, or was stopped, with the command in its mailbox: whoever has the run next is asked.
    if (driver?.isEnded) return undefined;
    throw failure;
  }
}

function asControl(result: CommandResult): ControlResult {
  return result as unknown as ControlResult;
}

function pending({ runId, commandId, verb }: CommandRow): ControlResult {
  return { runId, commandId, verb, accepted: null, pending: true, changed: false, draining: [], held: [] };
}

/** Rings when the store changes, or when time is up. A ring after `arm` is never lost. */
function createBell(store: Store, clock: Clock) {
  let { promise, resolve } = Promise.withResolvers<void>();
  let unwatch: (() => void) | undefined;
  return {
    arm() {
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
    /** Not from the beginning: most commands have their result at once. */
    watch() {
      unwatch ??= store.watch(() => resolve());
    },
    async rung(ms: number): Promise<void> {
      const timer: TimerHandle = clock.setTimer(() => resolve(), ms);
      await promise;
      clock.clearTimer(timer);
    },
    stop: () => unwatch?.(),
  };
}
