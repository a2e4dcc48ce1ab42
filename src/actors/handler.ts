/**
 * What does the work of a stage: handlers, and what they are given. A handler changes nothing but what it returns.
 * Source: 03 §3, 04 §6.
 */
import type { AnyActorLogic } from "xstate";
import type { Attributes, Graph, GraphNode, OnInterrupt } from "../graph/index.ts";
import type { JsonValue, Outcome } from "../graph/outcome.ts";

/** A stage that has ended, for whoever wants to know what was done so far. */
export interface StageSummary {
  readonly node: string;
  readonly stage: string;
  readonly status: string;
  readonly notes?: string;
  readonly failureReason?: string;
}

/** A read view of the pipeline's context as it was when the stage was entered. */
export interface ContextView {
  get(key: string): JsonValue | undefined;
  has(key: string): boolean;
  keys(): readonly string[];
  /** Everything, as one flat object. */
  toObject(): Record<string, JsonValue>;
}

export interface ArtifactWriter {
  /**
   * Keeps a document with the stage. It is listed once the execution has ended; one written by an execution that was
   * cut off is marked incomplete. The same name again replaces it.
   */
  write(
    name: string,
    content: string | Uint8Array,
    options?: { mediaType?: string; complete?: boolean },
  ): Promise<void>;
}

export interface HandlerLog {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Why an execution is asked to stop. The first reason given decides. */
export type AbortReason = "pause" | "cancel" | "timeout" | "shutdown" | "lease_lost";

/** `signal.reason` of an aborted execution. */
export interface ExecutionAbort extends Error {
  readonly name: "ExecutionAbort";
  readonly reason: AbortReason;
  /** Status of the run when the abort was asked. */
  readonly runStatus: string;
  /** How long the execution has to end by itself. */
  readonly graceMs: number;
  /** Aborted when the grace is ended early. */
  readonly hurry?: AbortSignal;
}

export interface HandlerInput {
  readonly runId: string;
  /** `<branchPath>/<node>@<visit>`. */
  readonly stage: string;
  readonly branch: string;
  readonly visit: number;
  /** From 1. */
  readonly attempt: number;
  /** `<stage>#<attempt>.<start>`: one call of the handler. */
  readonly execution: string;
  /** `<runId>:<stage>`: the same for all attempts and restarts of the stage. */
  readonly idempotencyKey: string;
  readonly attemptId: string;
  readonly graph: Graph;
  readonly node: GraphNode;
  /** The node's attributes with stylesheet and graph defaults applied; variables not yet expanded. */
  readonly attributes: Attributes;
  readonly inputs: Readonly<Record<string, JsonValue>>;
  readonly context: ContextView;
  readonly signal: AbortSignal;
  readonly control: { readonly pausing: boolean };
  readonly log: HandlerLog;
  readonly artifacts: ArtifactWriter;
  /** Label and attributes of the edge that led here. */
  readonly edge?: { readonly from: string; readonly attributes: Attributes };
  /** The stages on the way to this one, oldest first; at least the newest. Absent: nothing is known of them. */
  history?(): readonly StageSummary[];
  readonly host: ExecutionHost;
}

/** What the driver does for an execution while it goes on; for handlers that run processes or machines. */
export interface ExecutionHost {
  /** Records a process group before its command may run; resolves when it is stored. Rejects `lease_lost`. */
  recordProcess(process: { readonly pid: number; readonly processStart: string }): Promise<void>;
  processEnded(pid: number): Promise<void>;
  /** Appends to the execution's output; stored in chunks outside turns, fenced. */
  output(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  /** Resolves when all output so far is stored. */
  flushOutput(): Promise<void>;
  /** The stored snapshot of this stage's machine, from before a crash or suspension. */
  readonly machineSnapshot: string | undefined;
  saveMachineSnapshot(snapshot: string): Promise<void>;
  /**
   * Calls back when `control.pausing` changes; returns how to stop that. Machines need it: a machine that waits is
   * suspended at once, not at its next event.
   */
  onPausing?(listener: (pausing: boolean) => void): () => void;
  /** Run time, ms: time since the run was created without what was spent paused. */
  runTimeMs(): number;
  readonly clock: import("./clock.ts").Clock;
  /** Directory the pipeline's relative paths and tool commands start from. */
  readonly cwd: string;
}

export type HandlerResult = Outcome | string | undefined | void;

/** A handler as a function. A string is a success with that text as notes; nothing is a success. */
export type HandlerFunction = (input: HandlerInput) => HandlerResult | Promise<HandlerResult>;

/**
 * A handler as XState actor logic. Promise, callback and observable logic gets the HandlerInput as `input`; a machine
 * gets the plain JSON of it, and its actors reach the rest by `handlerInputOf(system)`.
 */
export type HandlerLogic = AnyActorLogic;

export interface HandlerDefinition {
  readonly handler: HandlerFunction | HandlerLogic;
  /** What follows when an execution's outcome is unknown after a crash; node and graph may say otherwise. */
  readonly onInterrupt?: OnInterrupt;
  readonly idempotent?: boolean;
  /** Called where a run starts or is taken up, to refuse a node that this handler cannot do. One sentence a problem. */
  readonly check?: (node: GraphNode, graph: Graph) => readonly string[];
}

export type Handler = HandlerFunction | HandlerLogic | HandlerDefinition;
