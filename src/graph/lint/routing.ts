import { booleanAttribute, textAttribute } from "../attribute-reading.ts";
import { isLayoutAttribute } from "../attributes-layout.ts";
import { type Condition, testsOf } from "../conditions.ts";
import { conditionText, edgeCondition } from "../conditions-of-edges.ts";
import type { Attributes, GraphEdge, GraphNode } from "../graph.ts";
import { tiedEdges } from "../implicit-fan-out.ts";
import { compareText } from "../routing-plan.ts";
import { certaintyFor } from "./certainty.ts";
import { type Lint, listNames } from "./report.ts";

/** Rules about which edge is taken: dead ends, ties, failures without a way on. */
export function routingRules(lint: Lint): void {
  for (const node of lint.graph.nodes) {
    const outgoing = lint.index.outgoing(node.id);
    duplicates(lint, node, outgoing);
    if (node.type === "start" || node.type === "exit") continue;
    if (node.type !== "parallel") {
      deadEnd(lint, node, outgoing);
      ties(lint, node, outgoing);
    }
    failureRoute(lint, node, outgoing);
    retryTargets(lint, node);
    goalGate(lint, node);
  }
  for (const name of ["retry_target", "fallback_retry_target"] as const) {
    retryTarget(lint, { attribute: name, target: textAttribute(lint.graph.attributes, name) });
  }
}

function conditionsOf(edges: readonly GraphEdge[]): readonly Condition[] {
  return edges.flatMap((edge) => {
    const condition = edgeCondition(edge);
    return condition === undefined || condition === "invalid" ? [] : [condition];
  });
}

/** Statuses that pass on; the last stands for all words of a handler's own. */
const PASSING = ["success", "partial_success", "skipped", "a_word_of_its_own"] as const;

function deadEnd({ report }: Lint, node: GraphNode, outgoing: readonly GraphEdge[]): void {
  if (outgoing.length === 0 || outgoing.some((edge) => conditionText(edge) === undefined)) return;
  const conditions = conditionsOf(outgoing);
  const statuses = node.type === "conditional" ? [...PASSING, "fail"] : PASSING;
  const open = statuses.filter((status) => !conditions.some(({ root }) => certaintyFor(root, status) === "holds"));
  if (open.length === 0 || complementary(conditions)) return;
  const message = `every edge of "${node.id}" has a condition and none may hold: add an edge without a condition, or the run can fail with no_route`;
  report("all_conditional_edges", { message, node });
}

/** Whether one edge asks for a value and another for anything but it. */
function complementary(conditions: readonly Condition[]): boolean {
  const asked = new Set<string>();
  for (const { root } of conditions) {
    if (root.kind === "test") asked.add(JSON.stringify([root.key, root.operator, root.literal]));
  }
  return conditions.some(({ root }) => {
    return root.kind === "test" && root.operator === "=" && asked.has(JSON.stringify([root.key, "!=", root.literal]));
  });
}

function ties({ graph, report }: Lint, node: GraphNode, outgoing: readonly GraphEdge[]): void {
  if (node.type === "wait.human" || graph.attributes["fan_out"] === "implicit") return;
  const tied = tiedEdges(outgoing);
  const targets = [...new Set(tied.map((edge) => edge.to))].sort(compareText);
  const [first, winner] = [tied[0], targets[0]];
  if (!first || winner === undefined) return;
  const message = `"${node.id}" has ${targets.length} plain edges of equal weight (to ${listNames(targets)}): "${winner}" is taken, the others never; set weights or conditions, or fan out with shape=component`;
  report("ambiguous_edges", { message, node, edge: first });
}

function duplicates({ report }: Lint, node: GraphNode, outgoing: readonly GraphEdge[]): void {
  // Two like branches of a fan-out are two branches.
  const like = outgoing.filter((edge) => node.type !== "parallel" || conditionText(edge) !== undefined);
  const seen = new Set<string>();
  for (const edge of like) {
    const meaning = `${edge.to}\n${meaningOf(edge.attributes)}`;
    if (seen.has(meaning)) {
      report("duplicate_edge", {
        message: `an edge from "${edge.from}" to "${edge.to}" that says the same stands above: remove one`,
        edge,
      });
    }
    seen.add(meaning);
  }
}

function meaningOf(attributes: Attributes): string {
  const meant = Object.entries(attributes).filter(([name]) => name !== "weight" && !isLayoutAttribute(name));
  return JSON.stringify(meant.sort(([a], [b]) => compareText(a, b)));
}

/** Only for nodes that do route by their outcome: a plain chain may well end its run when a stage fails. */
function failureRoute(lint: Lint, node: GraphNode, outgoing: readonly GraphEdge[]): void {
  const conditions = conditionsOf(outgoing);
  if (node.type === "conditional" || !conditions.some((each) => testsOf(each).some(({ key }) => key === "outcome")))
    return;
  if (conditions.some(({ root }) => certaintyFor(root, "fail") !== "fails")) return;
  const plain = outgoing.filter((edge) => conditionText(edge) === undefined);
  if (plain.some((edge) => lint.index.node(edge.to)?.type === "conditional")) return;
  if (hasRetryTarget(node.attributes) || hasRetryTarget(lint.graph.attributes)) return;
  const message = `"${node.id}" routes by its outcome but has no way on when it fails: add an edge with condition="outcome=fail", or a retry_target`;
  lint.report("failure_has_no_route", { message, node });
}

function hasRetryTarget(attributes: Attributes): boolean {
  return [attributes["retry_target"], attributes["fallback_retry_target"]].some(
    (target) => String(target ?? "").trim() !== "",
  );
}

function retryTargets(lint: Lint, node: GraphNode): void {
  for (const attribute of ["retry_target", "fallback_retry_target"] as const) {
    retryTarget(lint, { attribute, target: textAttribute(node.attributes, attribute), node });
  }
}

function retryTarget(
  { index, report }: Lint,
  { attribute, target, node }: { attribute: string; target: string | undefined; node?: GraphNode },
): void {
  if (target === undefined) return;
  const type = index.node(target)?.type;
  if (type !== undefined && type !== "exit") return;
  const problem = type === "exit" ? `is an exit, and a failure never ends a run as a success` : `does not exist`;
  const message = `${attribute}: expected a node to try again from, found "${target}", which ${problem}: it is passed over`;
  report("retry_target_exists", { message, attribute, ...(node ? { node } : {}) });
}

function goalGate({ graph, report }: Lint, node: GraphNode): void {
  if (!booleanAttribute(node.attributes, "goal_gate")) return;
  if (hasRetryTarget(node.attributes) || hasRetryTarget(graph.attributes)) return;
  const message = `the goal gate "${node.id}" has no retry_target, nor has the graph: unmet, it fails the run at once`;
  report("goal_gate_has_retry", { message, node, attribute: "goal_gate" });
}
