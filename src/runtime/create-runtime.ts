/** Puts the parts together: the library's door. Source: 05 §3. */
import { hostname, userInfo } from "node:os";
import { type Clock, type Random, systemClock, systemRandom } from "../actors/clock.ts";
import { createdData, maxRestartsOf } from "../actors/created-data.ts";
import type { Draft } from "../actors/draft.ts";
import type { HandlerLog } from "../actors/handler.ts";
import { builtinHandlers } from "../actors/handlers/builtin.ts";
import { createRegistry, type HandlerRegistry } from "../actors/handlers/registry.ts";
import type { HeldRun } from "../actors/held-run.ts";
import { currentOwner } from "../actors/processes/identity.ts";
import { policyOf, stageInputsOf } from "../actors/stage-inputs.ts";
import { Supervisor } from "../actors/supervisor.ts";
import { type ErrorCode, isSafepointError, messageOf, SafepointError } from "../errors.ts";
import type { Graph } from "../graph/index.ts";
import { ABORT_GRACE_MS, CONCURRENT_RUNS_MAX_DEFAULT, LEASE_MS, STOP_GRACE_MS } from "../limits.ts";
import { groupCommit } from "../persistence/group-commit.ts";
import { memoryStore } from "../persistence/memory/index.ts";
import type { RunRow, Store } from "../persistence/store.ts";
import { createActorRefs } from "./actor-ref.ts";
import type { Run, Runtime, RuntimeOptions, StartOptions } from "./api.ts";
import type { ForkDeps } from "./fork/fork-run.ts";
import { createInspections } from "./inspection/inspections.ts";
import { createInterviews } from "./interviews.ts";
import { createOperations } from "./operations.ts";
import { missingTypes, type PreparedPipeline, pinnedGraph, preparePipeline } from "./prepare-pipeline.ts";
import { assertId, findRun } from "./queries/find-run.ts";
import { tailEntries } from "./queries/tail-entries.ts";
import { createReaders } from "./readers.ts";
import { createRun, type RunDeps } from "./run-handle.ts";
import { checkRunId } from "./run-id.ts";
import { createSender, type SendCommand } from "./send-command.ts";

/** Graphs kept by hash, so that many runs of one pipeline share one. */
const GRAPHS_KEPT_MAX = 200;

/** Opens a runtime over a store. Stop it, or its leases are only free when they run out. */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const store = options.store ?? memoryStore();
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const log = options.log ?? silentLog;
  const cwd = options.cwd ?? process.cwd();
  const registry = createRegistry({ ...builtinHandlers(options.codergen), ...options.handlers });
  const graphs = createGraphCache(store);
  const closing = new AbortController();
  const supervisor = new Supervisor({
    ...limitsOf(options),
    store,
    commits: groupCommit(store),
    clock,
    log,
    cwd,
    ...rules(registry, graphs),
    isInspected: (runId) => observers.inspections.isInspected(runId),
    onCommitted: (held, draft) => observers.onCommitted(held, draft),
  });
  const actor = options.actor ?? defaultActor();
  const send = createSender({ store, supervisor, clock, newId: () => random.id(), actor });
  const runDeps: RunDeps = { store, supervisor, send };
  const handle = (runId: string): Run => createRun(runId, runDeps);
  const observers = createObservers(options, { supervisor, clock, log, send, handle, closing: closing.signal });
  const prepare = rememberPrepared((pipeline, baseDir) => preparePipeline(pipeline, { registry, baseDir }));
  const end = async (graceMs: number): Promise<void> => {
    observers.interviews?.stop();
    recovery?.stop();
    await supervisor.stop(graceMs).finally(() => closing.abort());
  };
  let stopped: Promise<void> | undefined;

  const runtime: Runtime = {
    store,
    async start(pipeline, startOptions = {}) {
      const runId = startOptions.runId ?? random.id();
      checkRunId(runId);
      const prepared = prepare(pipeline, startOptions.baseDir ?? cwd);
      await putPipeline({ store, graphs }, prepared);
      await supervisor.start(newRun(prepared, startOptions, { runId, createdAtMs: clock.now() }));
      return handle(runId);
    },
    async get(runId) {
      await findRun(store, runId);
      return handle(runId);
    },
    async resume(runId, resumeOptions = {}) {
      // One that has stopped refuses whatever it is asked.
      if (!stopped) await findRun(store, runId);
      if (resumeOptions.pipeline) registerHandlers(resumeOptions.pipeline, registry);
      await supervisor.take(runId).catch((refusal: unknown) => noteRefusedResume({ send, log }, runId, refusal));
      return handle(runId);
    },
    ...createOperations({ store, supervisor, handle, forking: forkDeps({ store, clock, random, registry, graphs }) }),
    register: (type, handler) => registry.register(type, handler),
    ...readersUntil(store, (run) => graphs.of(run), closing.signal),
    inspect: (inspectOptions = {}) => observers.inspections.of(inspectOptions),
    actorRef: (runId) => observers.refs.of(runId, () => supervisor.driver(runId)?.held),
    stop(stopOptions = {}) {
      stopped ??= end(stopOptions.graceMs ?? STOP_GRACE_MS);
      return stopped;
    },
    [Symbol.asyncDispose]: () => runtime.stop(),
  };
  const recovery = options.recover ? await keepRecovering(supervisor, log) : undefined;
  return runtime;
}

interface Watched extends Omit<RunDeps, "store"> {
  readonly clock: Clock;
  readonly log: HandlerLog;
  readonly handle: (runId: string) => Run;
  readonly closing: AbortSignal;
}

/** Who is told what was committed. */
function createObservers(options: RuntimeOptions, { supervisor, clock, log, send, handle, closing }: Watched) {
  const refs = createActorRefs({ handle, log, closing });
  const interviews = options.interviewer && createInterviews(options.interviewer, { send, log });
  const driven = () => supervisor.heldRuns();
  const inspections = createInspections({ driven, now: () => clock.now(), log, closing });
  if (options.inspect) inspections.of().subscribe(options.inspect);
  const onCommitted = (held: HeldRun, draft: Draft): void => {
    refs.onCommitted(held, draft);
    interviews?.onCommitted(held, draft);
    inspections.onCommitted(held, draft);
  };
  return { refs, interviews, inspections, onCommitted };
}

/** What reads a runtime's store, with streams of all runs that complete once it is `closing`. */
function readersUntil(store: Store, graphOf: (run: RunRow) => Promise<Graph>, closing: AbortSignal) {
  const readers = createReaders(store, graphOf);
  return {
    ...readers,
    events$: tailEntries(store, { closing }),
    events: (query: Parameters<Runtime["events"]>[0] = {}) => tailEntries(store, { ...query, closing }),
    async entries(runId: string, query: Parameters<Runtime["entries"]>[1] = {}) {
      assertId("run id", runId);
      return readers.entries(runId, query);
    },
    async artifact(runId: string, id: string) {
      assertId("run id", runId);
      assertId("artifact id", id);
      return readers.artifact(runId, id);
    },
  };
}

/** A refusal waits no longer for a store in trouble, or for whoever has the run for a moment. */
const NOTE_TIMEOUT_MS = 1_000;
const HAS_ENDED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "run_finished",
  "run_restarted",
  "run_cancelled_new_run_required",
]);

/**
 * Throws the refusal of a resume. A run that has ended keeps who wanted it to go on, as it does of every command; where
 * that cannot be stored, the refusal stands all the same.
 */
async function noteRefusedResume(
  { send, log }: { readonly send: SendCommand; readonly log: HandlerLog },
  runId: string,
  refusal: unknown,
): Promise<never> {
  if (isSafepointError(refusal) && HAS_ENDED.has(refusal.code)) {
    await send({ runId, verb: "resume", body: {}, options: { timeoutMs: NOTE_TIMEOUT_MS } }).catch(
      (failure: unknown) => {
        log.warn("a refused resume was not noted", { runId, message: messageOf(failure) });
      },
    );
  }
  throw refusal;
}

function limitsOf(options: RuntimeOptions) {
  return {
    owner: currentOwner(),
    leaseMs: options.leaseMs ?? LEASE_MS,
    abortGraceMs: options.abortGraceMs ?? ABORT_GRACE_MS,
    maxConcurrentRuns: options.maxConcurrentRuns ?? CONCURRENT_RUNS_MAX_DEFAULT,
  };
}

/** What the supervisor asks of the parts above it. */
function rules(registry: HandlerRegistry, graphs: GraphCache) {
  return {
    resolve: (type: string) => registry.resolve(type),
    maxRestartsOf,
    graphOf: (row: Parameters<GraphCache["of"]>[0]) => graphs.of(row),
    missingTypes: (graph: Graph) => missingTypes(graph, registry),
  };
}

async function putPipeline(to: { readonly store: Store; readonly graphs: GraphCache }, prepared: PreparedPipeline) {
  for (const { hash, graph, source } of [...prepared.children.pipelines, prepared]) {
    await to.store.putPipeline({ hash, name: graph.name, source });
    to.graphs.keep(hash, graph);
  }
}

type GraphCache = ReturnType<typeof createGraphCache>;

function forkDeps(parts: {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: HandlerRegistry;
  readonly graphs: GraphCache;
}): ForkDeps {
  const { store, clock, random, registry, graphs } = parts;
  return {
    store,
    nowMs: () => clock.now(),
    newId: () => random.id(),
    graphOf: (run) => graphs.of(run),
    stageInputsOf: (graph) => stageInputsOf(graph, (type) => policyOf(registry.resolve(type))),
    maxRestartsOf,
  };
}

/** A service starts the same graph again and again: parsing, checking and hashing it once is enough. */
function rememberPrepared(prepare: (pipeline: Graph | string, baseDir: string) => PreparedPipeline) {
  const known = new WeakMap<Graph, PreparedPipeline>();
  const ofText = new Map<string, PreparedPipeline>();
  return (pipeline: Graph | string, baseDir: string): PreparedPipeline => {
    const remembered = typeof pipeline === "string" ? ofText.get(pipeline) : known.get(pipeline);
    if (remembered) return remembered;
    const prepared = prepare(pipeline, baseDir);
    // What was read from files may have changed by the next start.
    if (prepared.readsFiles) return prepared;
    if (typeof pipeline !== "string") known.set(pipeline, prepared);
    else {
      if (ofText.size >= GRAPHS_KEPT_MAX) ofText.delete(ofText.keys().next().value as string);
      ofText.set(pipeline, prepared);
    }
    return prepared;
  };
}

function newRun(
  { graph, hash, children: { pins } }: PreparedPipeline,
  options: StartOptions,
  { runId, createdAtMs }: { runId: string; createdAtMs: number },
) {
  const inputs = options.inputs ?? {};
  return {
    graph,
    create: { runId, pipelineName: graph.name, pipelineHash: hash, labels: options.labels ?? {}, inputs, createdAtMs },
    created: createdData({ graph, hash }, { inputs, pins }),
  };
}

function registerHandlers(pipeline: Graph, registry: HandlerRegistry): void {
  const { handlers } = pipeline as Graph & { handlers?: Parameters<typeof createRegistry>[0] };
  for (const [type, handler] of Object.entries(handlers ?? {})) registry.register(type, handler);
}

function createGraphCache(store: Store) {
  const byHash = new Map<string, Graph>();
  const keep = (hash: string, graph: Graph) => {
    if (byHash.size >= GRAPHS_KEPT_MAX) byHash.delete(byHash.keys().next().value as string);
    byHash.set(hash, graph);
  };
  return {
    keep,
    async of(row: Pick<RunRow, "runId" | "pipelineHash">): Promise<Graph> {
      const known = byHash.get(row.pipelineHash);
      if (known) return known;
      const [pipeline] = await store.read("pipelines", { hash: row.pipelineHash });
      if (!pipeline)
        throw new SafepointError("store_corrupt", `the pipeline ${row.pipelineHash} of run ${row.runId} is missing`);
      const graph = pinnedGraph(pipeline.source);
      keep(row.pipelineHash, graph);
      return graph;
    },
  };
}

/**
 * Takes what nobody drives: now, before it resolves, and then at an interval, one look at a time. A store that cannot be
 * read for a while is no reason to give up. *Throws* what the first look does.
 */
async function keepRecovering(supervisor: Supervisor, log: HandlerLog) {
  await supervisor.recover();
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      await supervisor.recover();
    } catch (failure) {
      log.warn("no look was taken at what nobody drives", { message: messageOf(failure) });
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), RECOVERY_INTERVAL_MS);
  return { stop: () => clearInterval(timer) };
}

const RECOVERY_INTERVAL_MS = 1_000;

function defaultActor(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `unknown@${hostname()}`;
  }
}

const silentLog: HandlerLog = { debug() {}, info() {}, warn() {}, error() {} };
