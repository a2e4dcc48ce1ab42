/**
 * Every attribute that means something in a pipeline, in one table: the parser normalises by it, the lint rules check
 * against it, the builder takes its types from it, and the reference documentation is compared with it.
 * Source: 04-dialect §2.
 */

import { isLayoutAttribute } from "./attributes-layout.ts";

export type AttributeOwner = "graph" | "node" | "edge" | "subgraph";
export type AttributeKind = "string" | "integer" | "number" | "boolean" | "duration" | "condition" | "words";

export interface AttributeSpec {
  readonly name: string;
  readonly on: readonly AttributeOwner[];
  readonly kind: AttributeKind;
  /** For `words`: what it may be. */
  readonly words?: readonly string[];
  /** For `words`: beginnings that make any word right, as in `prefer:<branch>`. */
  readonly wordPrefixes?: readonly string[];
  /** Bounds of a number, both inclusive; for a duration in ms. */
  readonly min?: number;
  readonly max?: number;
  /** Of the shipped handler types, those it does something on; absent: all. A type of the user's own may use any. */
  readonly types?: readonly string[];
  /** Other names, normalised to `name`. */
  readonly aliases: readonly string[];
  /** Other words for its values, normalised to the value. */
  readonly wordAliases?: Readonly<Record<string, string>>;
}

const CODERGEN = ["codergen"] as const;
const LLM = ["codergen", "parallel.fan_in", "stack.manager_loop"] as const;
/** The types that execute something, and so can be interrupted in the middle of it. */
const EXECUTING = ["codergen", "tool", "parallel.fan_in"] as const;
const GATE = ["wait.human"] as const;
const PARALLEL = ["parallel"] as const;
const FOREACH = ["foreach"] as const;
const LOOP = ["loop"] as const;
const MANAGER = ["stack.manager_loop"] as const;
const CHILDREN = ["pipeline", "stack.manager_loop"] as const;
/** Everything but the nodes that only mark or route. */
const DOING = [
  "codergen",
  "wait.human",
  "parallel",
  "parallel.fan_in",
  "tool",
  "stack.manager_loop",
  "wait",
  "foreach",
  "loop",
  "pipeline",
] as const;

const FAIL_WORDS = { failed: "fail", failure: "fail" } as const;
const ON_INTERRUPT = ["retry", "ask", "fail"] as const;

/** Names of families stand beside the table: {@link ATTRIBUTE_FAMILIES}. */
export const ATTRIBUTES = [
  // What a node is
  { name: "label", on: ["graph", "node", "edge", "subgraph"], kind: "string", aliases: [] },
  { name: "shape", on: ["node"], kind: "string", aliases: [] },
  { name: "type", on: ["node"], kind: "string", aliases: [] },
  /** A hint: becomes `type` where it names a shipped type and no `type` is given, else it stays as it is. */
  { name: "node_type", on: ["node"], kind: "string", aliases: [] },
  { name: "class", on: ["node"], kind: "string", aliases: [] },

  // Attempts
  { name: "timeout", on: ["node"], kind: "duration", min: 1, types: EXECUTING, aliases: [] },
  { name: "max_retries", on: ["node"], kind: "integer", min: 0, max: 1000, types: DOING, aliases: [] },
  {
    name: "retry_policy",
    on: ["node"],
    kind: "words",
    words: ["none", "standard", "aggressive", "linear", "patient"],
    types: DOING,
    aliases: ["retry_preset"],
  },
  {
    name: "retry_on",
    on: ["node"],
    kind: "words",
    words: ["fail", "retry"],
    types: DOING,
    aliases: [],
    wordAliases: FAIL_WORDS,
  },
  {
    name: "on_interrupt",
    on: ["node"],
    kind: "words",
    words: ON_INTERRUPT,
    types: EXECUTING,
    aliases: [],
    wordAliases: FAIL_WORDS,
  },
  { name: "idempotent", on: ["node"], kind: "boolean", types: EXECUTING, aliases: [] },
  { name: "allow_partial", on: ["node"], kind: "boolean", types: DOING, aliases: [] },

  // Routing
  { name: "retry_target", on: ["graph", "node"], kind: "string", aliases: [] },
  { name: "fallback_retry_target", on: ["graph", "node"], kind: "string", aliases: [] },
  { name: "goal_gate", on: ["node"], kind: "boolean", aliases: [] },
  { name: "max_visits", on: ["graph", "node"], kind: "integer", min: 1, aliases: ["max_node_visits"] },
  { name: "condition", on: ["edge"], kind: "condition", aliases: [] },
  { name: "weight", on: ["edge"], kind: "integer", aliases: [] },
  { name: "loop_restart", on: ["edge"], kind: "boolean", aliases: [] },

  // Prompts and models
  { name: "prompt", on: ["node"], kind: "string", types: LLM, aliases: ["llm_prompt"] },
  { name: "auto_status", on: ["node"], kind: "boolean", types: CODERGEN, aliases: [] },
  { name: "fidelity", on: ["node", "edge"], kind: "string", types: LLM, aliases: [] },
  {
    name: "thread_id",
    on: ["graph", "node", "edge"],
    kind: "string",
    types: LLM,
    aliases: ["context_thread_default"],
  },
  { name: "llm_model", on: ["node"], kind: "string", types: LLM, aliases: ["model"] },
  { name: "llm_provider", on: ["node"], kind: "string", types: LLM, aliases: ["provider"] },
  { name: "reasoning_effort", on: ["node"], kind: "string", types: LLM, aliases: [] },

  // Tools, waits, gates
  { name: "tool_command", on: ["node"], kind: "string", types: ["tool"], aliases: ["script", "command"] },
  { name: "duration", on: ["node"], kind: "duration", min: 0, types: ["wait"], aliases: [] },
  {
    name: "human.kind",
    on: ["node"],
    kind: "words",
    words: ["yes_no", "confirmation", "multiple_choice", "multi_select", "freeform"],
    types: GATE,
    aliases: [],
  },
  { name: "human.default_choice", on: ["node"], kind: "string", types: GATE, aliases: ["human_default_choice"] },
  {
    name: "human.timeout",
    on: ["node"],
    kind: "duration",
    min: 1,
    types: GATE,
    aliases: ["human.timeout_seconds", "human_timeout_seconds"],
  },

  // Parallel
  { name: "join", on: ["node"], kind: "string", types: PARALLEL, aliases: [] },
  {
    name: "join_policy",
    on: ["node"],
    kind: "words",
    words: ["wait_all", "all_success", "first_success", "k_of_n", "quorum", "any"],
    types: PARALLEL,
    aliases: [],
    wordAliases: { any_success: "first_success" },
  },
  {
    name: "error_policy",
    on: ["node"],
    kind: "words",
    words: ["continue", "fail_fast", "ignore"],
    types: PARALLEL,
    aliases: [],
  },
  { name: "k", on: ["node"], kind: "integer", min: 1, types: PARALLEL, aliases: ["join_k", "quorum_count"] },
  {
    name: "quorum_ratio",
    on: ["node"],
    kind: "number",
    min: 0,
    max: 1,
    types: PARALLEL,
    aliases: ["quorum_fraction"],
  },
  { name: "max_parallel", on: ["node"], kind: "integer", min: 1, types: ["parallel", "foreach"], aliases: [] },
  {
    name: "merge",
    on: ["node"],
    kind: "words",
    words: ["none", "namespaced", "overlay"],
    types: PARALLEL,
    aliases: [],
  },
  {
    name: "conflict",
    on: ["node"],
    kind: "words",
    words: ["error", "first", "last", "append", "union", "sum"],
    wordPrefixes: ["prefer:"],
    types: PARALLEL,
    aliases: [],
  },

  // Containers
  { name: "items", on: ["node"], kind: "string", types: FOREACH, aliases: [] },
  { name: "body", on: ["node"], kind: "string", types: ["foreach", "loop"], aliases: [] },
  { name: "collect", on: ["node"], kind: "string", types: FOREACH, aliases: [] },
  { name: "on_item_failure", on: ["node"], kind: "words", words: ["stop", "continue"], types: FOREACH, aliases: [] },
  { name: "while", on: ["node"], kind: "condition", types: LOOP, aliases: [] },
  { name: "until", on: ["node"], kind: "condition", types: LOOP, aliases: [] },
  { name: "max_iterations", on: ["node"], kind: "integer", min: 1, types: LOOP, aliases: [] },
  { name: "on_limit", on: ["node"], kind: "words", words: ["fail", "succeed"], types: LOOP, aliases: [] },

  // Child runs
  { name: "child", on: ["node"], kind: "string", types: CHILDREN, aliases: [] },
  {
    name: "stack.child_dotfile",
    on: ["graph", "node"],
    kind: "string",
    types: CHILDREN,
    aliases: ["stack.child_workflow", "child_graph", "sub_pipeline"],
  },
  { name: "outputs", on: ["node"], kind: "string", types: CHILDREN, aliases: [] },
  { name: "manager.poll_interval", on: ["node"], kind: "duration", min: 1, types: MANAGER, aliases: [] },
  { name: "manager.max_cycles", on: ["node"], kind: "integer", min: 1, types: MANAGER, aliases: [] },
  { name: "manager.stop_condition", on: ["node"], kind: "condition", types: MANAGER, aliases: [] },
  { name: "manager.actions", on: ["node"], kind: "string", types: MANAGER, aliases: [] },

  // The whole pipeline
  { name: "goal", on: ["graph"], kind: "string", aliases: [] },
  { name: "model_stylesheet", on: ["graph"], kind: "string", aliases: [] },
  { name: "default_max_retries", on: ["graph"], kind: "integer", min: 0, max: 1000, aliases: ["default_max_retry"] },
  { name: "default_fidelity", on: ["graph"], kind: "string", aliases: ["context_fidelity_default"] },
  {
    name: "default_on_interrupt",
    on: ["graph"],
    kind: "words",
    words: ON_INTERRUPT,
    aliases: [],
    wordAliases: FAIL_WORDS,
  },
  { name: "fan_out", on: ["graph"], kind: "words", words: ["explicit", "implicit"], aliases: [] },
  { name: "max_restarts", on: ["graph"], kind: "integer", min: 0, aliases: [] },
  { name: "loop_restart_persist_keys", on: ["graph"], kind: "string", aliases: [] },
  { name: "max_steps", on: ["graph"], kind: "integer", min: 1, aliases: [] },
  { name: "inputs", on: ["graph"], kind: "string", aliases: [] },
] as const satisfies readonly AttributeSpec[];

/** Dotted names: any key after the prefix is known, and is read as this says. The table's own rows come first. */
export const ATTRIBUTE_FAMILIES = [
  {
    name: "conflict.",
    on: ["node"],
    kind: "words",
    words: ["error", "first", "last", "append", "union", "sum"],
    wordPrefixes: ["prefer:"],
    types: PARALLEL,
    aliases: [],
  },
  { name: "tool_hooks.", on: ["graph", "node"], kind: "string", types: ["codergen"], aliases: [] },
  { name: "inputs.", on: ["node"], kind: "string", types: CHILDREN, aliases: [] },
  { name: "stack.", on: ["graph", "node"], kind: "string", types: CHILDREN, aliases: [] },
  { name: "manager.", on: ["graph", "node"], kind: "string", types: MANAGER, aliases: [] },
] as const satisfies readonly AttributeSpec[];

const OWNERS = ["graph", "node", "edge", "subgraph"] as const satisfies readonly AttributeOwner[];

interface OwnerTable {
  readonly byName: Map<string, AttributeSpec>;
  readonly byAlias: Map<string, AttributeSpec>;
}

/** Maps, so that names such as `constructor` or `__proto__` find nothing. */
const TABLES: ReadonlyMap<AttributeOwner, OwnerTable> = new Map(OWNERS.map((owner) => [owner, tableOf(owner)]));

function tableOf(owner: AttributeOwner): OwnerTable {
  const table: OwnerTable = { byName: new Map(), byAlias: new Map() };
  const specs: readonly AttributeSpec[] = ATTRIBUTES;
  for (const spec of specs.filter((each) => each.on.includes(owner))) {
    table.byName.set(spec.name, spec);
    for (const alias of spec.aliases) table.byAlias.set(alias, spec);
  }
  return table;
}

/** What is known of an attribute by its canonical name, families included; undefined where it is unknown on this owner. */
export function findAttribute(name: string, owner: AttributeOwner): AttributeSpec | undefined {
  const known = TABLES.get(owner)?.byName.get(name);
  if (known) return known;
  const families: readonly AttributeSpec[] = ATTRIBUTE_FAMILIES;
  return families.find((each) => name.startsWith(each.name) && name !== each.name && each.on.includes(owner));
}

/** The canonical name of an attribute: the name itself unless it is an alias on this owner. */
export function canonicalName(name: string, owner: AttributeOwner): string {
  return TABLES.get(owner)?.byAlias.get(name)?.name ?? name;
}

/** Canonical names known on an owner, in the order of the table, for suggestions. Families are not among them. */
export function attributeNames(owner: AttributeOwner): readonly string[] {
  return [...(TABLES.get(owner)?.byName.keys() ?? [])];
}

/** Whether an attribute has a meaning on this owner or is one of Graphviz's own that only draw. */
export function isKnownAttribute(name: string, owner: AttributeOwner): boolean {
  return isLayoutAttribute(name) || findAttribute(name, owner) !== undefined;
}
