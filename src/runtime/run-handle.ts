/** A handle on one run, whoever drives it: reads the store, commands its owner or its inbox. */
// The parts that are used, not the whole: "rxjs" itself is a quarter of what importing this package takes.

import { firstValueFrom } from "rxjs/internal/firstValueFrom";
import { Observable } from "rxjs/internal/Observable";
import { filter } from "rxjs/internal/operators/filter";
import type { Supervisor } from "../actors/supervisor.ts";
import { isSafepointError } from "../errors.ts";
import type { JsonValue } from "../graph/index.ts";
import type { RunView } from "../journal/run-view.ts";
import { isFinalStatus } from "../journal/status.ts";
import type { RunStatus, Store } from "../persistence/store.ts";
import type { CommandOptions, Question, Run } from "./api.ts";
import { checkMode, checkMs } from "./check-order.ts";
import { contextOf } from "./queries/context.ts";
import { findRun } from "./queries/find-run.ts";
import { successorOf } from "./queries/tail-chain.ts";
import { tailEntries } from "./queries/tail-entries.ts";
import { viewOf } from "./queries/view.ts";
import type { SendCommand } from "./send-command.ts";
import { whenSettled } from "./settled.ts";

export interface RunDeps {
  readonly store: Store;
  readonly supervisor: Supervisor;
  readonly send: SendCommand;
}

export function createRun(runId: string, deps: RunDeps): Run {
  const { store } = deps;
  const send = (verb: string, body: Record<string, unknown>, options: CommandOptions = {}) =>
    deps.send({ runId, verb, body: plain(body), options });
  return {
    id: runId,
    events$: tailEntries(store, { runId }),
    events: (query = {}) => tailEntries(store, { runId, ...query }),
    view: async (options = {}) => (await viewOf(store, runId, options)).view,
    context: (options = {}) => contextOf(store, runId, options),
    finished: () => whenFinished(deps, runId),
    settled: (status) => whenSettled(store, runId, status),
    async pause({ mode, deadlineMs, ...options } = {}) {
      checkMode(mode);
      checkMs("deadlineMs", deadlineMs);
      return send("pause", { mode, deadlineMs }, options);
    },
    continue: ({ message, context, ...options } = {}) => send("continue", { message, context }, options),
    async cancel({ graceMs, force, branch, ...options } = {}) {
      checkMs("graceMs", graceMs);
      return send("cancel", { graceMs, force, branch }, options);
    },
    answer: (gate, answer, options = {}) => send("answer", { gate, answer }, options),
    steer: (message, options = {}) => send("steer", { message }, options),
    questions: async () => (await store.read("gates", { runId, open: true })) as readonly Question[],
  };
}

function plain(body: Record<string, unknown>): JsonValue {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as JsonValue;
}

/** Follows a run, and those it starts over as, to its end. */
async function whenFinished(deps: RunDeps, runId: string): Promise<RunView> {
  const { store, supervisor } = deps;
  const driver = supervisor.driver(runId);
  await driver?.ended;
  // Whoever takes the run up once its store works again is not to be waited for here.
  if (isStoreFailure(driver?.failure)) throw driver?.failure;
  await whenStatus(store, runId, isFinalStatus);
  const next = await successorOf(store, runId);
  return next === undefined ? (await viewOf(store, runId)).view : whenFinished(deps, next);
}

function isStoreFailure(failure: unknown): boolean {
  return isSafepointError(failure) && failure.code.startsWith("store_") && !failure.retryable;
}

function whenStatus(store: Store, runId: string, isReached: (now: RunStatus) => boolean): Promise<RunStatus> {
  const statuses = new Observable<RunStatus>((subscriber) => {
    const look = () =>
      void findRun(store, runId).then(
        ({ status }) => subscriber.next(status),
        (error: unknown) => subscriber.error(error),
      );
    const unwatch = store.watch(look);
    look();
    return unwatch;
  });
  return firstValueFrom(statuses.pipe(filter(isReached)));
}
