import { assert } from "../errors.ts";
import { VISITS_MAX_DEFAULT } from "../limits.ts";
import {
  attributeApplies,
  booleanAttribute,
  durationAttribute,
  integerAttribute,
  textAttribute,
} from "./attribute-reading.ts";
import { routesOnStatus } from "./conditions-of-edges.ts";
import { type Graph, type GraphNode, indexGraph } from "./graph.ts";
import { perNode } from "./per-node.ts";

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

/** What `retry_policy` may say. */
export type RetryPreset = "none" | "standard" | "aggressive" | "linear" | "patient";

const BACKOFF_MAX_MS = 60_000;

const STANDARD: Backoff = { initialMs: 200, factor: 2, maxMs: BACKOFF_MAX_MS, jitter: true };

/** The back-off of `none` counts where an explicit `max_retries` stands beside it. */
export const RETRY_PRESETS: ReadonlyMap<string, { readonly maxAttempts: number; readonly backoff: Backoff }> = new Map<
  RetryPreset,
  { maxAttempts: number; backoff: Backoff }
>([
  ["none", { maxAttempts: 1, backoff: STANDARD }],
  ["standard", { maxAttempts: 5, backoff: STANDARD }],
  ["aggressive", { maxAttempts: 5, backoff: { ...STANDARD, initialMs: 500 } }],
  ["linear", { maxAttempts: 3, backoff: { initialMs: 500, factor: 1, maxMs: BACKOFF_MAX_MS, jitter: false } }],
  ["patient", { maxAttempts: 3, backoff: { ...STANDARD, initialMs: 2_000, factor: 3 } }],
]);

/**
 * The settings of a node, from node, graph and presets. Computed once per node and kept.
 *
 * The number of attempts is said by the node's `max_retries`, else its `retry_policy`, else the graph's
 * `default_max_retries`; said by nobody it is 1. Source: 03 §3.
 */
export function stageSettings(graph: Graph, node: GraphNode): StageSettings {
  return settingsOf(graph, node.id);
}

const settingsOf = perNode((graph, nodeId) => {
  const node = indexGraph(graph).node(nodeId);
  assert(node, "settings are asked for a node of the graph", { node: nodeId });
  return computeSettings(graph, node);
});

function computeSettings(graph: Graph, node: GraphNode): StageSettings {
  const { attributes } = node;
  const timeoutMs = attributeApplies(node, "timeout") ? durationAttribute(attributes, "timeout") : undefined;
  const onInterrupt =
    onInterruptWord(attributes["on_interrupt"]) ?? onInterruptWord(graph.attributes["default_on_interrupt"]);
  return {
    ...retrySettings(graph, node),
    retryIsWord: routesOnStatus(graph, node.id, "retry"),
    allowPartial: booleanAttribute(attributes, "allow_partial") ?? false,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(onInterrupt === undefined ? {} : { onInterrupt }),
    goalGate: booleanAttribute(attributes, "goal_gate") ?? false,
    maxVisits:
      integerAttribute(attributes, "max_visits", 1) ??
      integerAttribute(graph.attributes, "max_visits", 1) ??
      VISITS_MAX_DEFAULT,
  };
}

function retrySettings(graph: Graph, node: GraphNode): Pick<StageSettings, "maxAttempts" | "backoff" | "retryOnFail"> {
  const own = integerAttribute(node.attributes, "max_retries");
  const preset = RETRY_PRESETS.get(textAttribute(node.attributes, "retry_policy") ?? "");
  const inherited = integerAttribute(graph.attributes, "default_max_retries");
  const retryOn = textAttribute(node.attributes, "retry_on");
  return {
    maxAttempts: own !== undefined ? own + 1 : (preset?.maxAttempts ?? (inherited ?? 0) + 1),
    backoff: preset?.backoff ?? STANDARD,
    retryOnFail: retryOn === "fail" || (own !== undefined && retryOn !== "retry"),
  };
}

function onInterruptWord(word: unknown): OnInterrupt | undefined {
  return word === "retry" || word === "ask" || word === "fail" ? word : undefined;
}
