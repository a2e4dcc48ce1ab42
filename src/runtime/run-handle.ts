/** A handle on one run, whoever drives it: reads the store, commands its owner or its inbox. */
import { filter, firstValueFrom, merge, Observable, of, timer } from "rxjs";
import type { Clock } from "../actors/clock.ts";
import type { CommandResult } from "../actors/commands.ts";
import { isTerminal } from "../actors/held-run.ts";
import type { Supervisor } from "../actors/supervisor.ts";
import { type ErrorCode, SafepointError } from "../errors.ts";
import type { JsonValue } from "../graph/index.ts";
import type { RunView } from "../journal/run-view.ts";
import { COMMAND_TIMEOUT_MS } from "../limits.ts";
import type { CommandRow, RunRow, RunStatus, Store } from "../persistence/store.ts";
import type { CommandOptions, ControlResult, Question, Run } from "./api.ts";
import { contextOf } from "./queries/context.ts";
import { findRun } from "./queries/find-run.ts";
import { successorOf } from "./queries/tail-chain.ts";
import { tailEntries } from "./queries/tail-entries.ts";
import { viewOf } from "./queries/view.ts";

export interface RunDeps {
  readonly store: Store;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly actor: string;
}

export function createRun(runId: string, deps: RunDeps): Run {
  const { store } = deps;
  const send = (verb: string, body: Record<string, unknown>, options: CommandOptions = {}) =>
    sendCommand(deps, { runId, verb, body: plain(body), options });
  return {
    id: runId,
    events$: tailEntries(store, { runId }),
    events: (query = {}) => tailEntries(store, { runId, ...query }),
    view: async (options = {}) => (await viewOf(store, runId, options)).view,
    context: (options = {}) => contextOf(store, runId, options),
    finished: () => whenFinished(deps, runId),
    settled: (status) => whenSettled(store, runId, status),
    pause: ({ mode, deadlineMs, ...options } = {}) => send("pause", { mode, deadlineMs }, options),
    continue: ({ message, context, ...options } = {}) => send("continue", { message, context }, options),
    cancel: ({ graceMs, force, ...options } = {}) => send("cancel", { graceMs, force }, options),
    answer: (gate, answer, options = {}) => send("answer", { gate, answer }, options),
    questions: async () => (await store.read("gates", { runId, open: true })) as readonly Question[],
  };
}

function plain(body: Record<string, unknown>): JsonValue {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as JsonValue;
}

interface Command {
  readonly runId: string;
  readonly verb: string;
  readonly body: JsonValue;
  readonly options: CommandOptions;
}

/** To the driver in this process, else into the inbox, where whoever drives the run finds it. */
async function sendCommand(deps: RunDeps, { runId, verb, body, options }: Command): Promise<ControlResult> {
  const { store, supervisor, clock } = deps;
  const row: CommandRow = {
    runId,
    commandId: options.commandId ?? deps.newId(),
    verb,
    body,
    actor: options.actor ?? deps.actor,
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    atMs: clock.now(),
  };
  const run = await findRun(store, runId);
  const repeated = await repetition(store, row);
  if (repeated) return repeated;
  if (isTerminal(run.status)) return refuseEnded(row, run);
  if (supervisor.driver(runId)) {
    const result = await supervisor.command(row).catch(() => undefined);
    if (result) return asControl(result);
  }
  const applied = await supervisor.commandUnowned(run, row);
  if (applied) return asControl(applied);
  await store.submit(row);
  return waitForResult(deps, row, options.timeoutMs ?? COMMAND_TIMEOUT_MS);
}

async function repetition(store: Store, row: CommandRow): Promise<ControlResult | undefined> {
  const [stored] = await store.read("commands", { runId: row.runId, commandId: row.commandId });
  if (!stored) return undefined;
  if (stored.verb !== row.verb || JSON.stringify(stored.body) !== JSON.stringify(row.body)) {
    throw new SafepointError(
      "command_id_reused",
      `the command id ${row.commandId} was used for another command of ${row.runId}`,
    );
  }
  return stored.result === undefined ? undefined : asControl(stored.result as unknown as CommandResult);
}

function asControl(result: CommandResult): ControlResult {
  return result as unknown as ControlResult;
}

function refuseEnded(row: CommandRow, run: RunRow): ControlResult {
  const { code, hint } = endedRefusal(row.verb, run.status);
  const isRepeat = row.verb === "cancel" && run.status === "cancelled";
  return {
    runId: run.runId,
    commandId: row.commandId,
    verb: row.verb,
    accepted: isRepeat,
    changed: false,
    before: run.status,
    after: run.status,
    ...(isRepeat ? {} : { code, hint }),
    draining: [],
    held: [],
  };
}

function endedRefusal(verb: string, status: RunStatus): { code: ErrorCode; hint: string } {
  if (status !== "cancelled") return { code: "run_finished", hint: `the run is ${status}; start a new one` };
  if (verb === "continue" || verb === "resume") {
    return { code: "run_cancelled_new_run_required", hint: "a cancelled run does not go on; start a new one from it" };
  }
  return { code: "run_cancelled", hint: "the run is cancelled" };
}

/** Waits until whoever drives the run has taken the command; after the time-out it stays in force all the same. */
async function waitForResult({ store }: RunDeps, row: CommandRow, timeoutMs: number): Promise<ControlResult> {
  const changes = new Observable<void>((subscriber) => store.watch(() => subscriber.next()));
  const check = async (): Promise<ControlResult | undefined> => {
    const [stored] = await store.read("commands", { runId: row.runId, commandId: row.commandId });
    return stored?.result === undefined ? undefined : asControl(stored.result as unknown as CommandResult);
  };
  return new Promise((resolve, reject) => {
    const subscription = merge(of(undefined), changes, timer(timeoutMs, timeoutMs).pipe(filter(() => false))).subscribe(
      () => {
        check().then((result) => {
          if (!result) return;
          finish();
          resolve(result);
        }, reject);
      },
    );
    const patience = setTimeout(() => {
      finish();
      resolve(pending(row));
    }, timeoutMs);
    const finish = () => {
      clearTimeout(patience);
      subscription.unsubscribe();
    };
  });
}

function pending(row: CommandRow): ControlResult {
  return {
    runId: row.runId,
    commandId: row.commandId,
    verb: row.verb,
    accepted: null,
    pending: true,
    changed: false,
    draining: [],
    held: [],
  };
}

/** Follows a run, and those it starts over as, to its end. */
async function whenFinished(deps: RunDeps, runId: string): Promise<RunView> {
  const { store, supervisor } = deps;
  await supervisor.driver(runId)?.ended;
  await whenStatus(store, runId, isTerminal);
  const next = await successorOf(store, runId);
  return next === undefined ? (await viewOf(store, runId)).view : whenFinished(deps, next);
}

async function whenSettled(store: Store, runId: string, status: RunStatus): Promise<RunView> {
  const reached = await whenStatus(store, runId, (now, before) => {
    if (now === status || isTerminal(now)) return true;
    return status === "paused" && before === "pausing" && now === "running";
  });
  if (reached === status) return (await viewOf(store, runId)).view;
  if (isTerminal(reached))
    throw new SafepointError("run_finished", `run ${runId} is ${reached} and will not be ${status}`);
  throw new SafepointError("pause_withdrawn", `the pause of run ${runId} was withdrawn`);
}

async function whenStatus(
  store: Store,
  runId: string,
  isReached: (now: RunStatus, before: RunStatus | undefined) => boolean,
): Promise<RunStatus> {
  let before: RunStatus | undefined;
  const changes = new Observable<RunStatus>((subscriber) => {
    const look = () =>
      void findRun(store, runId).then(
        ({ status }) => subscriber.next(status),
        (error: unknown) => subscriber.error(error),
      );
    const unwatch = store.watch(look);
    look();
    return unwatch;
  });
  return firstValueFrom(
    changes.pipe(
      filter((now) => {
        const reached = isReached(now, before);
        before = now;
        return reached;
      }),
    ),
  );
}
