import type { Graph, GraphNode } from "./graph.ts";

/** What the stage chart needs to know of a node: limits and words, never the node's attributes. Kept in snapshots, so small. */
export interface StageSettings {
  /** 1 + retries. */
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  /** Whether a `fail` is tried again (03 §3). */
  readonly retryOnFail: boolean;
  /** `outcome=retry` is tested by an edge: `retry` is an ordinary word here and ends the stage. */
  readonly retryIsWord: boolean;
  readonly allowPartial: boolean;
  readonly timeoutMs?: number;
  /** Undefined: not said by node or graph; the handler may say, else `ask` where `idempotent=false`, else `retry`. */
  readonly onInterrupt?: OnInterrupt;
  readonly goalGate: boolean;
  readonly maxVisits: number;
}

export type OnInterrupt = "retry" | "ask" | "fail";

/** Delay before attempt n+1 = min(initialMs · factor^(n-1), maxMs), times 0.5 … 1.5 with jitter. */
export interface Backoff {
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly jitter: boolean;
}

/** The settings of a node, from node, graph and presets. Computed once per node and kept. */
export function stageSettings(_graph: Graph, _node: GraphNode): StageSettings {
  throw new Error("not built yet");
}
