/** Builds what a handler is given, and keeps what it leaves: artifacts, output, processes, a machine's snapshot. */
import { createHash } from "node:crypto";
import { parseStageAddress } from "../journal/address.ts";
import { runTimeMs } from "../machines/run.machine.ts";
import type { StageContext } from "../machines/stage.machine.ts";
import type { ArtifactRow } from "../persistence/store.ts";
import type { ExecutionDeps } from "./executions.ts";
import type { ExecutionHost, HandlerInput, StageSummary } from "./handler.ts";
import { branchActor, type HeldRun, runContext } from "./held-run.ts";
import { OutputWriter } from "./output-writer.ts";
import type { SideStore } from "./patient-writes.ts";

export interface ExecutionParts {
  /** By name. */
  readonly artifacts: ReadonlyMap<string, ArtifactRow>;
  /** Resolves when all output is stored. */
  flush(): Promise<void>;
  tellPausing(pausing: boolean): void;
}

interface Place {
  readonly held: HeldRun;
  readonly deps: Omit<ExecutionDeps, "store"> & { readonly store: SideStore };
  readonly context: StageContext;
  readonly execution: string;
  readonly signal: AbortSignal;
}

export function createHandlerInput(place: Place): { readonly input: HandlerInput; readonly parts: ExecutionParts } {
  const { held, deps, context, execution, signal } = place;
  const artifacts = new Map<string, ArtifactRow>();
  const host = createHost(place);
  const node = held.index.node(context.node);
  if (!node) throw new Error(`node ${context.node} is not in the pipeline`);
  const edge = context.edge === undefined ? undefined : held.graph.edges[context.edge];
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
    context: held.scopes.view(context.branch),
    signal,
    control: {
      get pausing() {
        return held.row.status === "pausing";
      },
    },
    log: deps.log,
    artifacts: {
      async write(name, content, options = {}) {
        const bytes = typeof content === "string" ? Buffer.from(content) : content;
        const hash = await deps.store.putBlob(bytes);
        artifacts.set(name, {
          artifact: artifactId(execution, name),
          stage: context.stage,
          execution,
          name,
          mediaType: options.mediaType ?? mediaTypeOf(name),
          hash,
          bytes: bytes.byteLength,
          complete: options.complete ?? true,
        });
      },
    },
    history: () => newestStage(held, context.branch),
    ...(edge ? { edge: { from: edge.from, attributes: edge.attributes } } : {}),
    host: host.host,
  };
  return { input, parts: { artifacts, flush: host.flush, tellPausing: host.tellPausing } };
}

function createHost({ held, deps, context, execution }: Place) {
  const { runId, token } = held;
  const pausing = new Set<(pausing: boolean) => void>();
  let output: OutputWriter | undefined;
  const flush = async () => output?.flush();
  const host: ExecutionHost = {
    recordProcess: (process) =>
      deps.store.writeSide({
        kind: "process_started",
        runId,
        token,
        execution,
        ...process,
        host: held.row.owner?.host ?? "",
        bootId: held.row.owner?.bootId ?? "",
      }),
    processEnded: (pid) => deps.store.writeSide({ kind: "process_ended", runId, token, execution, pid }),
    output(stream, bytes) {
      output ??= new OutputWriter(deps.store, deps.clock, { runId, token, execution });
      output.write(stream, bytes);
    },
    flushOutput: flush,
    machineSnapshot: held.machineSnapshots.get(context.stage),
    async saveMachineSnapshot(snapshot) {
      await deps.store.writeSide({ kind: "handler_snapshot", runId, token, stage: context.stage, snapshot });
      held.machineSnapshots.set(context.stage, snapshot);
    },
    onPausing(listener) {
      pausing.add(listener);
      return () => void pausing.delete(listener);
    },
    runTimeMs() {
      const run = runContext(held);
      return run ? runTimeMs(run, deps.clock.now()) : 0;
    },
    clock: deps.clock,
    cwd: deps.cwd,
  };
  const tellPausing = (isPausing: boolean) => {
    for (const listener of [...pausing]) listener(isPausing);
  };
  return { host, flush, tellPausing };
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
