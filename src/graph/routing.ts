import { evaluateCondition } from "./conditions.ts";
import type { Graph, GraphEdge } from "./graph.ts";
import type { JsonValue, RoutingOutcome } from "./outcome.ts";
import { comparableLabel } from "./routing-labels.ts";
import { type RoutingPlan, routingPlan } from "./routing-plan.ts";

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
  | {
      readonly kind: "fail";
      readonly code: "no_route" | "stage_failed";
      readonly candidates: readonly RouteCandidate[];
    };

const END: Route = { kind: "end" };

/**
 * Where a branch goes after a stage has ended. Total and deterministic; the order of the edges in the file has no say.
 *
 * A `retry` that no edge asks for counts as a failure, so that an unanswered gate never takes its first choice.
 * `end` at a parallel node means: none of its own routing edges is for this outcome, go to the join. Source: 03 §4.
 */
export function decideRoute(question: RouteQuestion): Route {
  const { outcome } = question;
  const plan = routingPlan(question.graph, question.node);
  if (plan.type === "exit") return END;
  const failed = plan.type !== "conditional" && isFailure(plan, outcome.status);
  if (plan.plainRoute && !failed && !outcome.preferredLabel && !outcome.suggestedNextIds?.length)
    return plan.plainRoute;
  const results = plan.conditional.map(
    ({ condition }) => condition !== undefined && evaluateCondition(condition, question),
  );
  const candidates = candidatesOf(plan, results);
  const holding = plan.conditional[results.indexOf(true)];
  if (holding) return { kind: "edge", edge: holding.edge, rule: "condition", candidates };
  return failed ? routeFailure(plan, question, candidates) : routeOnward(plan, outcome, candidates);
}

function isFailure(plan: RoutingPlan, status: string): boolean {
  return status === "fail" || (status === "retry" && !plan.retryIsWord);
}

function candidatesOf(plan: RoutingPlan, results: readonly boolean[]): readonly RouteCandidate[] {
  if (results.length === 0) return plan.candidates;
  const conditional = plan.conditional.map(({ edge, text }, at) => ({
    edge: edge.index,
    to: edge.to,
    condition: text,
    result: results[at] ?? false,
  }));
  return [...conditional, ...plan.candidates];
}

function routeOnward(plan: RoutingPlan, outcome: RoutingOutcome, candidates: readonly RouteCandidate[]): Route {
  const preferred = outcome.preferredLabel ? plan.byLabel.get(comparableLabel(outcome.preferredLabel)) : undefined;
  if (preferred) return { kind: "edge", edge: preferred, rule: "preferred_label", candidates };
  for (const id of outcome.suggestedNextIds ?? []) {
    const suggested = plan.byTarget.get(id);
    if (suggested) return { kind: "edge", edge: suggested, rule: "suggested_id", candidates };
  }
  const first = plan.unconditional[0];
  if (first) return { kind: "edge", edge: first, rule: "unconditional", candidates };
  const ends = plan.conditional.length === 0 || plan.type === "parallel";
  return ends ? END : { kind: "fail", code: "no_route", candidates };
}

/** After the conditional edges: the edge to a conditional node, the retry targets, or the branch fails. No other edge. */
function routeFailure(plan: RoutingPlan, question: RouteQuestion, candidates: readonly RouteCandidate[]): Route {
  if (plan.failTo) return { kind: "edge", edge: plan.failTo, rule: "fail_to_conditional", candidates };
  const jump = plan.jumps.find(({ target, ofGraph }) =>
    ofGraph ? question.mainPath : question.region === undefined || question.region.has(target),
  );
  if (jump) return { kind: "jump", target: jump.target, rule: jump.rule, candidates };
  return { kind: "fail", code: "stage_failed", candidates };
}
