/**
 * Where a pipeline leads, worked out a second time and in another way: a walk over the graph by the letter of the rules
 * of routing, without actors, turns or plans, one branch after the other. Knows what the corpus uses: fan-outs that wait
 * for all of their branches, and no containers.
 */
import type { Graph, GraphEdge, GraphNode, Outcome } from "../../src/index.ts";
import { type BranchEnd, decide, joinOf, winnerOf } from "./oracle-joins.ts";
import type { Script } from "./scenario.ts";

export interface Walk {
  /** A fan-out is followed by the ways of its branches: `fan[a b|c]`. */
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
  /** Where the branch ends; undefined on the main path. */
  readonly join: string | undefined;
  /** Of all branches together. */
  readonly walked: { visits: number };
  visits: Map<string, number>;
  context: Map<string, unknown>;
  gates: Map<string, string>;
  redirects: number;
  restarts: number;
  last: Outcome;
  /** How the branches of the last fan-out ended. */
  results: readonly BranchEnd[];
}

/** A node to go to, or the end. */
type Step = { readonly to: string; readonly restart?: boolean } | { readonly ends: string };

/** Ways a branch ends that its join asks for the status it carries. */
const CARRIED: readonly string[] = ["joined", "completed"];

export function walk(graph: Graph, options: WalkOptions): Walk {
  const state: State = { graph, options, join: undefined, walked: { visits: 0 }, ...fresh(), restarts: 0 };
  return travel(state, graph.nodes.find(({ type }) => type === "start")?.id ?? "");
}

function travel(state: State, first: string): Walk {
  const path: string[] = [];
  let step: Step = { to: first };
  while ("to" in step) {
    if (step.to === state.join) return { path: path.join(" "), ends: "joined" };
    if (step.restart) {
      if (state.restarts === RESTARTS_MAX) return { path: path.join(" "), ends: "restart_limit" };
      Object.assign(state, fresh(), { restarts: state.restarts + 1 });
      path.push("/");
    }
    const node = nodeOf(state.graph, step.to);
    const visit = (state.visits.get(node.id) ?? 0) + 1;
    if (visit > Number(node.attributes["max_visits"] ?? 1000)) return { path: path.join(" "), ends: "max_visits" };
    if (state.walked.visits >= state.options.visitsMax) return { path: path.join(" "), ends: "too_long" };
    state.visits.set(node.id, visit);
    state.walked.visits += 1;
    path.push(node.id);
    if (node.type !== "parallel") {
      step = visitNode(state, node, visit);
      continue;
    }
    const ways = fanOut(state, node);
    path.push(`${path.pop()}[${ways.paths.join("|")}]`);
    step = ways.step;
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
    results: [],
  };
}

/** Every branch from the context as it is here; what they write stays theirs. */
function fanOut(state: State, node: GraphNode): { readonly paths: readonly string[]; readonly step: Step } {
  const join = joinOf(state.graph, node.id);
  const paths: string[] = [];
  const ends: BranchEnd[] = [];
  const out = state.graph.edges.filter(({ from }) => from === node.id);
  for (const { to } of out.filter(({ attributes }) => !attributes["condition"])) {
    const branch: State = { ...state, ...fresh(), join, context: new Map(state.context) };
    const { path, ends: end } = travel(branch, to);
    paths.push(path);
    if (end === "too_long") return { paths, step: { ends: end } };
    ends.push({ status: CARRIED.includes(end) ? branch.last.status : "fail", wrote: branch.context });
  }
  state.last = { status: decide(String(node.attributes["join_policy"] ?? "wait_all"), ends) };
  state.results = ends;
  const chosen = conditional(state, out);
  if (chosen) return { paths, step: follow(chosen) };
  return { paths, step: state.last.status === "fail" ? redirect(state, node) : { to: join } };
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
  if (node.type === "parallel.fan_in") {
    const winner = winnerOf(state.results);
    state.last = { status: winner ? "success" : "fail" };
    for (const [key, value] of winner?.wrote ?? []) state.context.set(key, value);
  } else if (node.type !== "start") state.last = perform(state, node, visit);
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
  return chosen ? follow(chosen) : redirect(state, node);
}

function redirect(state: State, node: GraphNode): Step {
  const target = retryTarget(state, node);
  if (target === undefined) return { ends: "stage_failed" };
  if (state.redirects === REDIRECTS_MAX) return { ends: "redirect_limit" };
  state.redirects += 1;
  return { to: target };
}

/** The graph's targets are for the main path. */
function retryTarget({ graph, join }: State, node: GraphNode): string | undefined {
  const named = (join === undefined ? [node.attributes, graph.attributes] : [node.attributes]).flatMap((of) => [
    of["retry_target"],
    of["fallback_retry_target"],
  ]);
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
