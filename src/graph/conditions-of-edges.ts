import { isSafepointError } from "../errors.ts";
import { type Condition, parseCondition, testsOf } from "./conditions.ts";
import { type Graph, type GraphEdge, indexGraph } from "./graph.ts";

/** The text of an edge's condition; undefined where it has none or a blank one. */
export function conditionText(edge: GraphEdge): string | undefined {
  const written = edge.attributes["condition"];
  if (written === undefined) return undefined;
  const text = String(written);
  return text.trim() === "" ? undefined : text;
}

/**
 * The parsed condition of an edge; undefined where it has none. `"invalid"` for a text that does not parse: the lint rule
 * `condition_syntax` refuses such a pipeline, and routing, which must stay total, takes it as one that never holds.
 */
export function edgeCondition(edge: GraphEdge): Condition | "invalid" | undefined {
  const text = conditionText(edge);
  if (text === undefined) return undefined;
  try {
    return parseCondition(text);
  } catch (thrown) {
    if (isSafepointError(thrown)) return "invalid";
    throw thrown;
  }
}

/**
 * Whether `outcome=<status>` is tested where a stage of this node goes next: by one of its own edges, or by one of the
 * conditional nodes behind it, which carry its outcome on.
 */
export function routesOnStatus(graph: Graph, nodeId: string, status: string): boolean {
  let answers = routing.get(graph);
  if (!answers) {
    answers = new Map();
    routing.set(graph, answers);
  }
  let nodes = answers.get(status);
  if (!nodes) {
    nodes = nodesRoutingOn(graph, status);
    answers.set(status, nodes);
  }
  return nodes.has(nodeId);
}

const routing = new WeakMap<Graph, Map<string, ReadonlySet<string>>>();

/** All at once, backwards from the tests: asked node by node, a chain of conditionals would be walked from each of them. */
function nodesRoutingOn(graph: Graph, status: string): ReadonlySet<string> {
  const index = indexGraph(graph);
  const found = new Set<string>();
  for (const edge of graph.edges) if (!found.has(edge.from) && testsStatus(edge, status)) found.add(edge.from);
  // The set grows while it is walked.
  for (const id of found) {
    if (index.node(id)?.type === "conditional") for (const edge of index.incoming(id)) found.add(edge.from);
  }
  return found;
}

function testsStatus(edge: GraphEdge, status: string): boolean {
  const condition = edgeCondition(edge);
  if (condition === undefined || condition === "invalid") return false;
  return testsOf(condition).some((test) => test.key === "outcome" && test.operator === "=" && test.literal === status);
}
