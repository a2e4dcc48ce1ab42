import type { Clock } from "../../src/actors/clock.ts";
import { systemClock } from "../../src/actors/clock.ts";
import type {
  AbortReason,
  ContextView,
  ExecutionAbort,
  ExecutionHost,
  HandlerInput,
} from "../../src/actors/handler.ts";
import type { Attributes, Graph, GraphNode, JsonValue } from "../../src/graph/index.ts";

const AT = { line: 1, column: 1 };

export interface FakeOptions {
  readonly node?: Partial<GraphNode>;
  readonly attributes?: Attributes;
  readonly graphAttributes?: Attributes;
  readonly context?: Record<string, JsonValue>;
  readonly inputs?: Record<string, JsonValue>;
  readonly visit?: number;
  readonly attempt?: number;
  readonly cwd?: string;
  readonly clock?: Clock;
  readonly runTimeMs?: () => number;
  readonly machineSnapshot?: string;
  readonly edge?: { from: string; attributes: Attributes };
  readonly recordProcess?: ExecutionHost["recordProcess"];
}

/** An execution's port with a memory: everything a handler did to the outside is in here. */
export interface FakeExecution {
  readonly input: HandlerInput;
  readonly control: { pausing: boolean };
  readonly artifacts: Map<string, { text: string; complete: boolean }>;
  readonly output: { stdout: string; stderr: string };
  readonly processes: { pid: number; processStart: string }[];
  readonly ended: number[];
  readonly snapshots: string[];
  readonly logged: { level: string; message: string; fields?: Record<string, unknown> }[];
  abort(reason: AbortReason, graceMs?: number, hurry?: AbortSignal): void;
  /** Tells the listeners of `host.onPausing`. */
  setPausing(pausing: boolean): void;
}

export function fakeExecution(options: FakeOptions = {}): FakeExecution {
  const controller = new AbortController();
  const control = { pausing: false };
  const listeners = new Set<(pausing: boolean) => void>();
  const attributes = options.attributes ?? {};
  const node: GraphNode = { ...blankNode, attributes, ...options.node };
  const fake = {
    control,
    artifacts: new Map<string, { text: string; complete: boolean }>(),
    output: { stdout: "", stderr: "" },
    processes: [] as { pid: number; processStart: string }[],
    ended: [] as number[],
    snapshots: [] as string[],
    logged: [] as FakeExecution["logged"],
    abort: (reason: AbortReason, graceMs = 200, hurry?: AbortSignal) =>
      controller.abort(executionAbort(reason, graceMs, hurry)),
    setPausing(pausing: boolean) {
      control.pausing = pausing;
      for (const listener of listeners) listener(pausing);
    },
  };
  const log = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    void fake.logged.push({ level, message, ...(fields && { fields }) });
  const host: ExecutionHost = {
    recordProcess: options.recordProcess ?? (async (process) => void fake.processes.push(process)),
    processEnded: async (pid) => void fake.ended.push(pid),
    output(stream, bytes) {
      fake.output[stream] += Buffer.from(bytes).toString("utf8");
    },
    flushOutput: async () => {},
    machineSnapshot: options.machineSnapshot,
    saveMachineSnapshot: async (snapshot) => void fake.snapshots.push(snapshot),
    runTimeMs: options.runTimeMs ?? (() => performance.now()),
    clock: options.clock ?? systemClock,
    cwd: options.cwd ?? process.cwd(),
    onPausing(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const attempt = options.attempt ?? 1;
  const visit = options.visit ?? 1;
  const stage = `main/${node.id}@${visit}`;
  const input: HandlerInput = {
    runId: "run-1",
    stage,
    branch: "main",
    visit,
    attempt,
    execution: `${stage}#${attempt}.1`,
    idempotencyKey: `run-1:${stage}`,
    attemptId: `run-1:${stage}#${attempt}`,
    graph: blankGraph(node, options.graphAttributes ?? {}),
    node,
    attributes: node.attributes,
    inputs: options.inputs ?? {},
    context: contextView(options.context ?? {}),
    signal: controller.signal,
    control,
    log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    artifacts: {
      async write(name, content, more) {
        fake.artifacts.set(name, { text: Buffer.from(content).toString("utf8"), complete: more?.complete ?? true });
      },
    },
    host,
    ...(options.edge && { edge: options.edge }),
  };
  return { input, ...fake };
}

export function executionAbort(reason: AbortReason, graceMs: number, hurry?: AbortSignal): ExecutionAbort {
  const error = new Error(`the execution is asked to stop: ${reason}`);
  return Object.assign(
    error,
    { name: "ExecutionAbort" as const, reason, runStatus: "running", graceMs },
    hurry && { hurry },
  );
}

const blankNode: GraphNode = {
  id: "work",
  type: "tool",
  shape: "parallelogram",
  label: "Work",
  attributes: {},
  classes: [],
  position: AT,
  attributePositions: {},
  declared: true,
};

function blankGraph(node: GraphNode, attributes: Attributes): Graph {
  const rest = { attributePositions: {}, edges: [], subgraphs: [], notes: [], source: "" };
  return { name: "test", attributes, nodes: [node], ...rest };
}

function contextView(values: Record<string, JsonValue>): ContextView {
  return {
    get: (key) => values[key],
    has: (key) => Object.hasOwn(values, key),
    keys: () => Object.keys(values),
    toObject: () => ({ ...values }),
  };
}

/** Polls: for what happens in other processes. */
export async function until(condition: () => boolean, what: string, withinMs = 10_000): Promise<void> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > withinMs) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
}
