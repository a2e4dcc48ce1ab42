/** Builds what a handler is given, and keeps what it leaves: artifacts, output, processes, a machine's snapshot. */
import { createHash } from "node:crypto";
import { parseStageAddress } from "../journal/address.ts";
import { runTimeMs } from "../machines/run.machine.ts";
import type { StageContext } from "../machines/stage.machine.ts";
import type { ArtifactRow } from "../persistence/store.ts";
import type { Clock } from "./clock.ts";
import type { ArtifactWriter, ExecutionHost, HandlerInput, HandlerLog, StageSummary } from "./handler.ts";
import { branchActor, type HeldRun, runContext } from "./held-run.ts";
import { OutputWriter } from "./output-writer.ts";
import type { SideStore } from "./patient-writes.ts";

/** What inputs are made of, the same for all executions of a run. */
export interface InputDeps {
  readonly store: SideStore;
  readonly clock: Clock;
  readonly log: HandlerLog;
  readonly cwd: string;
}

export interface ExecutionParts {
  artifacts(): readonly ArtifactRow[];
  /** Resolves when all output is stored. */
  flush(): Promise<void>;
  tellPausing(pausing: boolean): void;
}

interface Place {
  readonly held: HeldRun;
  readonly deps: InputDeps;
  readonly context: StageContext;
  readonly execution: string;
  readonly controller: AbortController;
}

/** What costs something is made when it is asked for: most handlers use little of it, and it is made for every stage. */
export function createHandlerInput(place: Place): { readonly input: HandlerInput; readonly parts: ExecutionParts } {
  const { held, deps, context, execution, controller } = place;
  const node = held.index.node(context.node);
  if (!node) throw new Error(`node ${context.node} is not in the pipeline`);
  const edge = context.edge === undefined ? undefined : held.graph.edges[context.edge];
  let artifacts: StageArtifacts | undefined;
  let host: StageHost | undefined;
  const input: HandlerInput = {
    runId: held.runId,
    stage: context.stage,
    branch: context.branch,
    visit: context.visit,
    attempt: context.attempt,
    execution,
    idempotencyKey: `${held.runId}:${context.stage}`,
    attemptId: `${held.runId}:${context.stage}#${context.attempt}`,
    graph: held.graph,
    node,
    attributes: node.attributes,
    inputs: held.inputs,
    get context() {
      return held.scopes.view(context.branch);
    },
    get signal() {
      return controller.signal;
    },
    get control() {
      return controlOf(held);
    },
    log: deps.log,
    get artifacts() {
      artifacts ??= new StageArtifacts(place);
      return artifacts;
    },
    history: () => newestStage(held, context.branch),
    ...(edge ? { edge: { from: edge.from, attributes: edge.attributes } } : {}),
    get host() {
      host ??= new StageHost(place);
      return host;
    },
  };
  const parts: ExecutionParts = {
    artifacts: () => artifacts?.rows() ?? [],
    flush: async () => host?.flushOutput(),
    tellPausing: (pausing) => host?.tellPausing(pausing),
  };
  return { input, parts };
}

function controlOf(held: HeldRun): HandlerInput["control"] {
  return {
    get pausing() {
      return held.row.status === "pausing";
    },
  };
}

class StageArtifacts implements ArtifactWriter {
  readonly #place: Place;
  readonly #byName = new Map<string, ArtifactRow>();

  constructor(place: Place) {
    this.#place = place;
  }

  rows(): readonly ArtifactRow[] {
    return [...this.#byName.values()];
  }

  write: ArtifactWriter["write"] = async (name, content, options = {}) => {
    const { deps, context, execution } = this.#place;
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    const hash = await deps.store.putBlob(bytes);
    this.#byName.set(name, {
      artifact: artifactId(execution, name),
      stage: context.stage,
      execution,
      name,
      mediaType: options.mediaType ?? mediaTypeOf(name),
      hash,
      bytes: bytes.byteLength,
      complete: options.complete ?? true,
    });
  };
}

class StageHost implements ExecutionHost {
  readonly clock: Clock;
  readonly cwd: string;
  readonly #place: Place;
  readonly #lease: { readonly runId: string; readonly token: number };
  readonly #pausing = new Set<(pausing: boolean) => void>();
  #output: OutputWriter | undefined;

  constructor(place: Place) {
    const { held, deps } = place;
    this.#place = place;
    this.#lease = { runId: held.runId, token: held.token };
    this.clock = deps.clock;
    this.cwd = deps.cwd;
  }

  recordProcess: ExecutionHost["recordProcess"] = (process) => {
    const { deps, execution, held } = this.#place;
    const { host = "", bootId = "" } = held.row.owner ?? {};
    return deps.store.writeSide({ kind: "process_started", ...this.#lease, execution, ...process, host, bootId });
  };

  processEnded: ExecutionHost["processEnded"] = (pid) => {
    const { deps, execution } = this.#place;
    return deps.store.writeSide({ kind: "process_ended", ...this.#lease, execution, pid });
  };

  output: ExecutionHost["output"] = (stream, bytes) => {
    const { deps, execution } = this.#place;
    this.#output ??= new OutputWriter(deps.store, deps.clock, { ...this.#lease, execution });
    this.#output.write(stream, bytes);
  };

  flushOutput: ExecutionHost["flushOutput"] = async () => this.#output?.flush();

  get machineSnapshot(): string | undefined {
    const { held, context } = this.#place;
    return held.machineSnapshots.get(context.stage);
  }

  saveMachineSnapshot: ExecutionHost["saveMachineSnapshot"] = async (snapshot) => {
    const { deps, held, context } = this.#place;
    await deps.store.writeSide({ kind: "handler_snapshot", ...this.#lease, stage: context.stage, snapshot });
    held.machineSnapshots.set(context.stage, snapshot);
  };

  onPausing: NonNullable<ExecutionHost["onPausing"]> = (listener) => {
    this.#pausing.add(listener);
    return () => void this.#pausing.delete(listener);
  };

  tellPausing(isPausing: boolean): void {
    for (const listener of [...this.#pausing]) listener(isPausing);
  }

  runTimeMs: ExecutionHost["runTimeMs"] = () => {
    const run = runContext(this.#place.held);
    return run ? runTimeMs(run, this.clock.now()) : 0;
  };
}

/** What led here; the journal has the rest. */
function newestStage(held: HeldRun, branch: string): readonly StageSummary[] {
  const actor = held.actors.get(branchActor(branch));
  if (actor?.kind !== "branch") return [];
  const { outcome, by } = actor.snapshot.context;
  if (!outcome || by === null) return [];
  const { status, notes, failureReason } = outcome;
  return [
    {
      node: parseStageAddress(by).node,
      stage: by,
      status,
      ...(notes === undefined ? {} : { notes }),
      ...(failureReason === undefined ? {} : { failureReason }),
    },
  ];
}

/** Short, stable and safe in a path and a URL. */
function artifactId(execution: string, name: string): string {
  return createHash("sha256").update(`${execution}\n${name}`).digest("hex").slice(0, 24);
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  json: "application/json",
  md: "text/markdown; charset=utf-8",
  txt: "text/plain; charset=utf-8",
  html: "text/html; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
};

function mediaTypeOf(name: string): string {
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return MEDIA_TYPES[ending] ?? (name.includes(".") ? "application/octet-stream" : "text/plain; charset=utf-8");
}
