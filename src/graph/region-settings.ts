import { assert } from "../errors.ts";
import { LOOP_ITERATIONS_MAX_DEFAULT, PARALLEL_MAX_DEFAULT } from "../limits.ts";
import { attributeApplies, integerAttribute, numberAttribute, textAttribute } from "./attribute-reading.ts";
import { isContainer } from "./bodies.ts";
import { type Condition, parseCondition } from "./conditions.ts";
import { type Attributes, type Graph, type GraphNode, indexGraph } from "./graph.ts";
import { perNode } from "./per-node.ts";

/** When the branches of a fan-out have done enough. The first is the default. */
export const JOIN_POLICIES = ["wait_all", "all_success", "first_success", "k_of_n", "quorum", "any"] as const;
export type JoinPolicy = (typeof JOIN_POLICIES)[number];

/** What a failed branch means for the others. The first is the default. */
export const ERROR_POLICIES = ["continue", "fail_fast", "ignore"] as const;
export type ErrorPolicy = (typeof ERROR_POLICIES)[number];

/** How what branches wrote comes into the scope of their fan-out. The first is the default. */
export const MERGE_MODES = ["namespaced", "none", "overlay"] as const;
export type MergeMode = (typeof MERGE_MODES)[number];

/** What becomes of a key that several branches wrote; `prefer:<branch>` besides. The first is the default. */
export const CONFLICT_RULES = ["error", "first", "last", "append", "union", "sum"] as const;
export type ConflictRule = (typeof CONFLICT_RULES)[number] | `prefer:${string}`;

/** Small, plain JSON: it is kept in snapshots. */
export interface JoinSettings {
  readonly policy: JoinPolicy;
  readonly errorPolicy: ErrorPolicy;
  /** Of `k_of_n`. */
  readonly k?: number;
  /** Of `quorum`: 0 to 1. */
  readonly ratio?: number;
}

export interface ParallelSettings {
  readonly join: JoinSettings;
  readonly maxParallel: number;
  readonly merge: MergeMode;
  readonly conflict: ConflictRule;
  /** Context key → its own rule, from `conflict.<key>`. */
  readonly conflictOf: ReadonlyMap<string, ConflictRule>;
}

/** A condition of a loop, and how it was written. */
export interface LoopCondition {
  readonly text: string;
  readonly condition: Condition;
}

export interface ContainerSettings {
  readonly kind: "foreach" | "loop";
  /** Id of the subgraph that is repeated; empty where the node names none (lint `body_exists`). */
  readonly body: string;
  /** Iterations at once: of a loop always 1. */
  readonly maxParallel: number;
  /** Of a foreach, as written: a context key, a JSON list or `@file`. */
  readonly items?: string;
  readonly collect?: string;
  readonly onItemFailure: "stop" | "continue";
  readonly while?: LoopCondition;
  readonly until?: LoopCondition;
  readonly maxIterations: number;
  readonly onLimit: "fail" | "succeed";
}

/** What `k` and `quorum_ratio` are where their policy stands without them, as lint (`join_policy_args`) proposes. */
const K_DEFAULT = 1;
const RATIO_DEFAULT = 0.5;

/**
 * How a fan-out runs its branches and brings them together. Computed once per node and kept. A node that is a fan-out
 * by `fan_out="implicit"` has the defaults. Source: 03 §5.
 */
export function parallelSettings(graph: Graph, node: GraphNode): ParallelSettings {
  return parallelOf(graph, node.id);
}

/**
 * How a foreach or loop repeats its body. Computed once per node and kept. Source: 03 §6.
 *
 * *Throws* pipeline_invalid where `while` or `until` does not parse (lint `condition_syntax`).
 */
export function containerSettings(graph: Graph, node: GraphNode): ContainerSettings {
  return containerOf(graph, node.id);
}

const parallelOf = perNode((graph, nodeId): ParallelSettings => {
  const node = nodeOf(graph, nodeId);
  const attributes = attributeApplies(node, "join_policy") ? node.attributes : {};
  return {
    join: joinSettings(attributes),
    maxParallel: integerAttribute(attributes, "max_parallel", 1) ?? PARALLEL_MAX_DEFAULT,
    merge: wordAttribute(attributes, "merge", MERGE_MODES),
    conflict: conflictRule(attributes["conflict"]) ?? CONFLICT_RULES[0],
    conflictOf: conflictsByKey(attributes),
  };
});

function joinSettings(attributes: Attributes): JoinSettings {
  const policy = wordAttribute(attributes, "join_policy", JOIN_POLICIES);
  const errorPolicy = wordAttribute(attributes, "error_policy", ERROR_POLICIES);
  if (policy === "k_of_n") return { policy, errorPolicy, k: integerAttribute(attributes, "k", 1) ?? K_DEFAULT };
  if (policy !== "quorum") return { policy, errorPolicy };
  const ratio = numberAttribute(attributes, "quorum_ratio");
  const isRatio = ratio !== undefined && ratio >= 0 && ratio <= 1;
  return { policy, errorPolicy, ratio: isRatio ? ratio : RATIO_DEFAULT };
}

const CONFLICT_OF = "conflict.";
const PREFER = "prefer:";

function conflictsByKey(attributes: Attributes): ReadonlyMap<string, ConflictRule> {
  const rules = new Map<string, ConflictRule>();
  for (const [name, value] of Object.entries(attributes)) {
    const rule = name.startsWith(CONFLICT_OF) && name !== CONFLICT_OF ? conflictRule(value) : undefined;
    if (rule !== undefined) rules.set(name.slice(CONFLICT_OF.length), rule);
  }
  return rules;
}

function conflictRule(value: unknown): ConflictRule | undefined {
  if (typeof value !== "string") return undefined;
  if (value.startsWith(PREFER) && value.length > PREFER.length) return value as `prefer:${string}`;
  return CONFLICT_RULES.find((word) => word === value);
}

const containerOf = perNode((graph, nodeId): ContainerSettings => {
  const node = nodeOf(graph, nodeId);
  assert(isContainer(node), "container settings are asked for a foreach or a loop", { node: nodeId, type: node.type });
  const { attributes } = node;
  const kind = node.type === "loop" ? "loop" : "foreach";
  return {
    kind,
    body: textAttribute(attributes, "body")?.trim() ?? "",
    ...(kind === "loop" ? loopConditions(attributes) : foreachSources(attributes)),
    maxParallel: kind === "loop" ? 1 : (integerAttribute(attributes, "max_parallel", 1) ?? 1),
    onItemFailure: wordAttribute(attributes, "on_item_failure", ["stop", "continue"]),
    maxIterations: integerAttribute(attributes, "max_iterations", 1) ?? LOOP_ITERATIONS_MAX_DEFAULT,
    onLimit: wordAttribute(attributes, "on_limit", ["fail", "succeed"]),
  };
});

function foreachSources(attributes: Attributes): Pick<ContainerSettings, "items" | "collect"> {
  const items = textAttribute(attributes, "items")?.trim();
  const collect = textAttribute(attributes, "collect")?.trim();
  return { ...(items === undefined ? {} : { items }), ...(collect === undefined ? {} : { collect }) };
}

function loopConditions(attributes: Attributes): Pick<ContainerSettings, "while" | "until"> {
  const before = textAttribute(attributes, "while");
  const after = textAttribute(attributes, "until");
  return {
    ...(before === undefined ? {} : { while: { text: before, condition: parseCondition(before) } }),
    ...(after === undefined ? {} : { until: { text: after, condition: parseCondition(after) } }),
  };
}

/** A word of a list; its first where the attribute says none of them. */
function wordAttribute<T extends string>(attributes: Attributes, name: string, words: readonly [T, ...T[]]): T {
  return words.find((word) => word === attributes[name]) ?? words[0];
}

function nodeOf(graph: Graph, nodeId: string): GraphNode {
  const node = indexGraph(graph).node(nodeId);
  assert(node, "settings are asked for a node of the graph", { node: nodeId });
  return node;
}
