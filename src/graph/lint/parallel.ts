import { booleanAttribute, numberAttribute, textAttribute } from "../attribute-reading.ts";
import { bodyNodes, bodyOf } from "../bodies.ts";
import type { GraphNode } from "../graph.ts";
import { type FoundJoin, findJoin, type JoinRule } from "../join.ts";
import { type Lint, listNames } from "./report.ts";

/** Rules about fan-outs, their joins, and what lies between. */
export function parallelRules(lint: Lint): void {
  const joins = new Set<string>();
  const insides = new Set<string>();
  for (const node of lint.graph.nodes) {
    const body = bodyOf(lint.graph, node);
    if (body) for (const id of bodyNodes(lint.graph, body)) insides.add(id);
    if (node.type !== "parallel") continue;
    const found = findJoin(lint.graph, node.id);
    for (const id of found.region) insides.add(id);
    if (found.join !== undefined) joins.add(found.join);
    joinNamed(lint, node, found);
    policy(lint, node, found);
    regionLeft(lint, node, found);
  }
  restarts(lint, insides);
  fanIns(lint, joins);
}

const RULE_WORDS: Readonly<Record<JoinRule, string>> = {
  attribute: "the join attribute",
  fan_in: "the nearest fan-in that all branches reach",
  post_dominator: "the nearest node that every path passes",
  nearest_common: "the nearest node that all branches reach, though not on every path",
  common_exit: "the exit that all branches reach",
  none: "no node that all branches reach",
};

function joinNamed({ index, report }: Lint, node: GraphNode, { join, rule }: FoundJoin): void {
  const named = textAttribute(node.attributes, "join");
  if (named !== undefined && rule !== "attribute") {
    const problem = index.node(named) ? "itself" : `"${named}", which does not exist`;
    report("attribute_value", {
      message: `join: expected a node where the branches of "${node.id}" meet, found ${problem}`,
      node,
      attribute: "join",
    });
  }
  if (rule === "attribute" || rule === "fan_in") return;
  const where = join === undefined ? "meet nowhere" : `meet at "${join}"`;
  const advice = join === undefined ? "each runs to its own end" : `write join="${join}" to say so`;
  const message = `the branches of "${node.id}" ${where} (${RULE_WORDS[rule]}): ${advice}`;
  report("implicit_join", { message, node, ...(join === undefined ? {} : { fix: `join="${join}"` }) });
}

/** The policies that count successes, and the attribute that says how many. */
const POLICY_ARGUMENTS = [
  { policy: "k_of_n", argument: "k" },
  { policy: "quorum", argument: "quorum_ratio" },
] as const;

function policy({ report }: Lint, node: GraphNode, { heads }: FoundJoin): void {
  const chosen = textAttribute(node.attributes, "join_policy") ?? "wait_all";
  for (const { policy: word, argument } of POLICY_ARGUMENTS) {
    const given = numberAttribute(node.attributes, argument);
    if (chosen === word && given === undefined) {
      report("join_policy_args", {
        message: `join_policy="${word}" on "${node.id}": expected ${argument}, found none`,
        node,
        attribute: "join_policy",
        fix: argument === "k" ? "k=1" : "quorum_ratio=0.5",
      });
    }
    if (chosen !== word && node.attributes[argument] !== undefined) {
      report("join_policy_args", {
        message: `${argument} on "${node.id}" does nothing with join_policy="${chosen}": it belongs to ${word}`,
        node,
        attribute: argument,
      });
    }
  }
  const k = numberAttribute(node.attributes, "k");
  if (chosen === "k_of_n" && k !== undefined && k > heads.length) {
    report("join_policy_args", {
      message: `k=${k} on "${node.id}" can never be met: it has ${heads.length} branches`,
      node,
      attribute: "k",
    });
  }
}

function regionLeft({ index, report }: Lint, node: GraphNode, { join, region }: FoundJoin): void {
  for (const id of region) {
    for (const edge of index.outgoing(id)) {
      const stays =
        region.has(edge.to) || edge.to === join || index.node(edge.to)?.type === "exit" || !index.node(edge.to);
      if (stays || booleanAttribute(edge.attributes, "loop_restart")) continue;
      const way = join === undefined ? "run to its end" : `go through the join "${join}"`;
      const message = `this edge leaves the branches of "${node.id}": a branch that takes it fails with left_region; ${way}`;
      report("region_left", { message, edge });
    }
  }
}

function restarts({ graph, report }: Lint, insides: ReadonlySet<string>): void {
  for (const edge of graph.edges) {
    if (!booleanAttribute(edge.attributes, "loop_restart") || !insides.has(edge.from)) continue;
    const message = `loop_restart on an edge from "${edge.from}", which runs inside a branch or a body: only the main path can begin the run anew`;
    report("loop_restart_in_branch", { message, edge, attribute: "loop_restart" });
  }
}

function fanIns({ graph, report }: Lint, joins: ReadonlySet<string>): void {
  const fanOuts = graph.nodes.filter((node) => node.type === "parallel").map(({ id }) => id);
  for (const node of graph.nodes) {
    if (node.type !== "parallel.fan_in" || joins.has(node.id)) continue;
    const others = fanOuts.length === 0 ? "there is no fan-out" : `the fan-outs (${listNames(fanOuts)}) join elsewhere`;
    const message = `the fan-in "${node.id}" is the join of no fan-out: ${others}; it takes the last parallel.results there are`;
    report("fan_in_without_parallel", { message, node });
  }
}
