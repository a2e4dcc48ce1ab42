/** The library: a runtime and its runs. What it has under other names than the documents is put under theirs. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { lastValueFrom, toArray } from "rxjs";
import { isSafepointError } from "../../src/errors.ts";
import {
  type ControlResult,
  createRuntime,
  lint,
  type Question,
  type Run,
  type Runtime,
  readPipeline,
} from "../../src/index.ts";
import { activeStates } from "../../src/inspect/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { GateRow, RunRow } from "../../src/persistence/store.ts";
import { byRunId, type Doc, type Door, type Place, type Said } from "./door.ts";
import { handlers } from "./hands.ts";

export async function libraryDoor({ dir, path }: Place): Promise<Door> {
  const store = sqliteStore({ path, create: true });
  const runtime = await createRuntime({ store, handlers, cwd: dir });
  const of = (runId: string) => runtime.get(runId);
  const give = (runId: string, order: (run: Run) => Promise<ControlResult>) => ask(async () => order(await of(runId)));
  return {
    name: "library",
    start: (source, { runId, ...options }) =>
      ask(async () => ({ runId: (await runtime.start(source, { runId, baseDir: dir, ...options })).id })),
    finished: (runId) => ask(async () => ({ status: (await (await of(runId)).finished()).status })),
    settled: (runId, status) => ask(async () => (await of(runId)).settled(status)),
    view: (runId, point = {}) => ask(async () => (await of(runId)).view(point)),
    events: (runId, { branch, ...query } = {}) =>
      ask(async () => {
        const { id } = await of(runId);
        return {
          runId,
          events: await runtime.entries(id, branch === undefined ? query : { ...query, within: branch }),
        };
      }),
    follow: (runId, after) =>
      ask(async () => ({ events: await lastValueFrom((await of(runId)).events({ after }).pipe(toArray())) })),
    pause: (runId, options) => give(runId, (run) => run.pause(options)),
    continue: (runId, options) => give(runId, (run) => run.continue(options)),
    cancel: (runId, options) => give(runId, (run) => run.cancel(options)),
    steer: (runId, message, options) => give(runId, (run) => run.steer(message, options)),
    answer: (runId, { gate, answer, ...options }) => give(runId, (run) => run.answer(gate, answer as string, options)),
    questions: (runId) =>
      ask(async () => {
        const open = runId === undefined ? await runtime.questions() : await (await of(runId)).questions();
        return { questions: open.map(outsideQuestion) };
      }),
    fork: (runId, as) => ask(async () => forked(runtime, runId, await runtime.fork(runId, { ...as, drive: false }))),
    resume: (runId) => ask(async () => ({ runId: (await runtime.resume(runId)).id })),
    control: (verb, selector, options) =>
      ask(async () => {
        const results = byRunId(await runtime.control(selector, verb, options));
        return { results: options?.dryRun ? results.map(meant) : results };
      }),
    list: (query) =>
      ask(async () => {
        const { runs, ...rest } = await runtime.list(query as Parameters<Runtime["list"]>[0]);
        return { runs: runs.map(outsideRun), ...rest };
      }),
    branches: (runId, { branch, status, ...query } = {}) =>
      ask(() => runtime.branches(runId, { ...query, within: branch, status: status as never })),
    joins: (runId, query) => ask(() => runtime.joins(runId, query)),
    context: (runId, query) => ask(async () => (await of(runId)).context(query)),
    provenance: (runId, key, query) => ask(() => runtime.provenance(runId, key, query)),
    artifacts: (runId) => ask(async () => ({ runId, artifacts: await runtime.artifacts(runId) })),
    artifact: (runId, id) =>
      ask(async () => ({ text: new TextDecoder().decode((await runtime.artifact(runId, id)).bytes) })),
    checkpoint: (runId) => ask(() => runtime.checkpoint(runId)),
    lineage: (runId) => ask(() => runtime.lineage(runId)),
    actors: (runId, query) =>
      ask(async () => ({ runId, actors: await activeStates(store, (await of(runId)).id, query) })),
    graph: async () => undefined,
    validate: (source) => ask(async () => judged(source, dir)),
    close: async () => {
      await runtime.stop({ graceMs: 0 });
      await store.close();
    },
  };
}

/** What a call resolves with, or the code that it rejects with or was refused by. */
async function ask(call: () => Promise<object>): Promise<Said> {
  try {
    const value = (await call()) as Doc;
    const isRefused = value["accepted"] === false;
    return { code: isRefused ? (value["code"] as Said["code"]) : "ok", value };
  } catch (thrown) {
    if (!isSafepointError(thrown)) throw thrown;
    return { code: thrown.code, value: thrown.details };
  }
}

function judged(source: string, dir: string): Doc {
  const { graph, diagnostics: unread } = readPipeline(source);
  const types = new Set(Object.keys(handlers));
  const fileExists = (path: string) => existsSync(resolve(dir, path));
  const diagnostics = graph ? lint(graph, { types, fileExists }) : unread;
  return { ok: diagnostics.every(({ severity }) => severity !== "error"), diagnostics };
}

function meant({ runId, before: status }: ControlResult): Doc {
  return { runId, status };
}

/** The library has the deadline of a question by the run's clock alone: what is left of it is for whoever asks outside. */
function outsideQuestion({ runId, stage, question }: Question | (GateRow & { readonly runId: string })): Doc {
  return { runId, stage, ...(question as Doc) };
}

function outsideRun({ runId, pipelineName: name, pipelineHash: hash, ...row }: RunRow): Doc {
  const { status, statusReason, seq, resumeEpoch, labels, inputs, parentRun, owner, startedAtMs, finishedAtMs } = row;
  return {
    runId,
    pipeline: { name, hash },
    ...{ status, statusReason, seq, resumeEpoch, labels, inputs, parentRun },
    createdAt: row.createdAtMs,
    startedAt: startedAtMs,
    finishedAt: finishedAtMs,
    // The row names who drove a run that has ended until the lease is given back.
    owner: owner && finishedAtMs === undefined ? { ...owner, leaseUntil: row.leaseUntilMs } : null,
  };
}

async function forked(runtime: Runtime, from: string, run: Run): Promise<Doc> {
  const { status, lineage } = await runtime.view(run.id);
  return { runId: run.id, status, from, at: lineage.parentSeq, needs: "resume" };
}
