/**
 * Where a pipeline leads, worked out a second time and in another way: a walk over the graph by the letter of the rules
 * of routing, without actors, turns or plans. Knows what the corpus uses, and nothing of parallels and containers.
 */
import type { Graph, GraphEdge, GraphNode, Outcome } from "../../src/index.ts";
import type { Script } from "./scenario.ts";

export interface Walk {
  readonly path: string;
  readonly ends: string;
}

export interface WalkOptions {
  readonly script: Script;
  /** By gate, the index of the outgoing edge chosen at each visit; the last repeats. */
  readonly choices: Readonly<Record<string, readonly number[]>>;
  /** Gives up, with `ends: "too_long"`, after so many visits. */
  readonly visitsMax: number;
}

const REDIRECTS_MAX = 5;
const RESTARTS_MAX = 50;

interface State {
  readonly graph: Graph;
  readonly options: WalkOptions;
  visits: Map<string, number>;
  context: Map<string, unknown>;
  gates: Map<string, string>;
  redirects: number;
  restarts: number;
  last: Outcome;
}

/** A node to go to, or the end. */
type Step = { readonly to: string; readonly restart?: boolean } | { readonly ends: string };

export function walk(graph: Graph, options: WalkOptions): Walk {
  const state: State = { graph, options, ...fresh(), restarts: 0 };
  const path: string[] = [];
  let step: Step = { to: graph.nodes.find(({ type }) => type === "start")?.id ?? "" };
  while ("to" in step) {
    if (step.restart) {
      if (state.restarts === RESTARTS_MAX) return { path: path.join(" "), ends: "restart_limit" };
      Object.assign(state, fresh(), { restarts: state.restarts + 1 });
      path.push("/");
    }
    const node = nodeOf(graph, step.to);
    const visit = (state.visits.get(node.id) ?? 0) + 1;
    if (visit > Number(node.attributes["max_visits"] ?? 1000)) return { path: path.join(" "), ends: "max_visits" };
    if (path.length >= options.visitsMax) return { path: path.join(" "), ends: "too_long" };
    state.visits.set(node.id, visit);
    path.push(node.id);
    step = visitNode(state, node, visit);
  }
  return { path: path.join(" "), ends: step.ends };
}

function fresh() {
  return {
    visits: new Map<string, number>(),
    context: new Map<string, unknown>(),
    gates: new Map<string, string>(),
    redirects: 0,
    last: { status: "success" } as Outcome,
  };
}

function visitNode(state: State, node: GraphNode, visit: number): Step {
  if (node.type === "exit") return endAt(state);
  const out = state.graph.edges.filter(({ from }) => from === node.id);
  if (node.type === "conditional") return onward(state, out);
  if (node.type === "wait.human") {
    const choices = state.options.choices[node.id] ?? [0];
    state.last = { status: "success" };
    return follow(out[choices[Math.min(visit, choices.length) - 1] ?? 0] as GraphEdge);
  }
  if (node.type !== "start") state.last = perform(state, node, visit);
  for (const [key, value] of Object.entries(state.last.contextUpdates ?? {})) state.context.set(key, value);
  if (node.attributes["goal_gate"] === true || node.attributes["goal_gate"] === "true")
    state.gates.set(node.id, state.last.status);
  return state.last.status === "fail" ? afterFailure(state, node, out) : onward(state, out);
}

/** The attempts of one visit. */
function perform({ graph, options }: State, node: GraphNode, visit: number): Outcome {
  const own = node.attributes["max_retries"];
  const attempts = 1 + Number(own ?? graph.attributes["default_max_retries"] ?? 0);
  const steps = options.script[node.id] ?? ["success"];
  for (let attempt = 1; ; attempt += 1) {
    const said = steps[Math.min(visit + attempt - 1, steps.length) - 1] ?? "success";
    const outcome = typeof said === "string" ? { status: said } : said;
    const isRetry = outcome.status === "retry" && !testsRetry(graph, node.id);
    const again = isRetry || (outcome.status === "fail" && own !== undefined);
    if (!again) return outcome;
    if (attempt === attempts) {
      const isPartial = String(node.attributes["allow_partial"]) === "true";
      return { ...outcome, status: isPartial ? "partial_success" : "fail" };
    }
  }
}

/** An edge of the node, or of the conditional behind it. */
function testsRetry(graph: Graph, from: string): boolean {
  return graph.edges
    .filter((edge) => edge.from === from)
    .some((edge) => {
      if (/outcome\s*=\s*retry/.test(String(edge.attributes["condition"] ?? ""))) return true;
      return nodeOf(graph, edge.to).type === "conditional" && testsRetry(graph, edge.to);
    });
}

function onward(state: State, out: readonly GraphEdge[]): Step {
  const chosen = conditional(state, out) ?? unconditional(out)[0];
  return chosen ? follow(chosen) : { ends: "no_route" };
}

function afterFailure(state: State, node: GraphNode, out: readonly GraphEdge[]): Step {
  const [first] = unconditional(out);
  const chosen =
    conditional(state, out) ?? (first && nodeOf(state.graph, first.to).type === "conditional" ? first : undefined);
  if (chosen) return follow(chosen);
  const target = retryTarget(state, node);
  if (target === undefined) return { ends: "stage_failed" };
  if (state.redirects === REDIRECTS_MAX) return { ends: "redirect_limit" };
  state.redirects += 1;
  return { to: target };
}

function retryTarget({ graph }: State, node: GraphNode): string | undefined {
  const named = [node.attributes, graph.attributes].flatMap((of) => [of["retry_target"], of["fallback_retry_target"]]);
  return named.find((id): id is string => graph.nodes.some((each) => each.id === id));
}

function endAt(state: State): Step {
  for (const node of state.graph.nodes) {
    const status = state.gates.get(node.id);
    if (status === undefined || (status !== "fail" && status !== "skipped")) continue;
    const target = retryTarget(state, node);
    if (target === undefined || state.redirects === REDIRECTS_MAX) return { ends: "goal_gate_unmet" };
    state.redirects += 1;
    return { to: target };
  }
  return { ends: state.last.status === "fail" ? "stage_failed" : "completed" };
}

function conditional(state: State, out: readonly GraphEdge[]): GraphEdge | undefined {
  return ordered(out.filter(({ attributes }) => attributes["condition"])).find(({ attributes }) =>
    String(attributes["condition"])
      .split("&&")
      .every((test) => holds(state, test.trim())),
  );
}

/** `key=word` and `key!=word`; a key that is missing is the empty text. */
function holds({ last, context }: State, test: string): boolean {
  const [, key = "", operator, word] = /^([\w.]+)\s*(!?=)\s*(.*)$/.exec(test) ?? [];
  if (operator === undefined) throw new Error(`the oracle cannot read the condition ${test}`);
  const value = key === "outcome" ? last.status : String(context.get(key.replace(/^context\./, "")) ?? "");
  return (value === word) === (operator === "=");
}

function unconditional(out: readonly GraphEdge[]): readonly GraphEdge[] {
  return ordered(out.filter(({ attributes }) => !attributes["condition"]));
}

function ordered(edges: readonly GraphEdge[]): readonly GraphEdge[] {
  const weight = (edge: GraphEdge) => Number(edge.attributes["weight"] ?? 0);
  return [...edges].sort((a, b) => weight(b) - weight(a) || (a.to < b.to ? -1 : a.to > b.to ? 1 : 0));
}

function follow({ to, attributes }: GraphEdge): Step {
  return { to, restart: String(attributes["loop_restart"]) === "true" };
}

function nodeOf(graph: Graph, id: string): GraphNode {
  const node = graph.nodes.find((each) => each.id === id);
  if (!node) throw new Error(`there is no node ${id}`);
  return node;
}
