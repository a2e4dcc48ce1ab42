import type { Graph, GraphEdge } from "./graph.ts";
import type { JsonValue, RoutingOutcome } from "./outcome.ts";

export interface RouteQuestion {
  readonly graph: Graph;
  /** The node whose stage ended. */
  readonly node: string;
  readonly outcome: RoutingOutcome;
  /** Reads the pipeline's context as it is after the stage's updates; undefined where there is no such key. */
  readonly read: (key: string) => JsonValue | undefined;
  /** Whether graph-level retry targets apply (03 §4: on the main path only). */
  readonly mainPath: boolean;
  /** Inside a region or a body: the nodes it holds. A node's retry target counts only inside it. */
  readonly region?: ReadonlySet<string>;
}

export interface RouteCandidate {
  readonly edge: number;
  readonly to: string;
  readonly condition?: string;
  /** Of the condition; absent where the edge has none. */
  readonly result?: boolean;
}

export type Route =
  | {
      readonly kind: "edge";
      readonly edge: GraphEdge;
      readonly rule: "condition" | "preferred_label" | "suggested_id" | "unconditional" | "fail_to_conditional";
      readonly candidates: readonly RouteCandidate[];
    }
  | {
      /** To a node without an edge; counts against the redirect limit. */
      readonly kind: "jump";
      readonly target: string;
      readonly rule: "retry_target" | "fallback_retry_target" | "graph_retry_target" | "graph_fallback_retry_target";
      readonly candidates: readonly RouteCandidate[];
    }
  /** A node without outgoing edges ends its branch or body with the stage's status. */
  | { readonly kind: "end" }
  | { readonly kind: "fail"; readonly code: "no_route" | "stage_failed"; readonly candidates: readonly RouteCandidate[] };

/** Where a branch goes after a stage has ended. Total and deterministic. Source: 03 §4. */
export function decideRoute(_question: RouteQuestion): Route {
  throw new Error("not built yet");
}
