import type { Severity } from "../graph.ts";

export interface LintRule {
  readonly name: string;
  readonly severity: Severity;
  /** What is wrong where the rule speaks. */
  readonly summary: string;
}

/** Every rule that ships, errors first. A test compares this table with the reference documentation. Source: 04 §5. */
export const LINT_RULES = [
  { name: "syntax", severity: "error", summary: "The text is no digraph that can be read." },
  { name: "start_node", severity: "error", summary: "There is not exactly one start node." },
  { name: "terminal_node", severity: "error", summary: "There is no exit node." },
  { name: "reachability", severity: "error", summary: "A node cannot be reached from the start." },
  { name: "edge_target_exists", severity: "error", summary: "An edge begins or ends at a node that does not exist." },
  { name: "start_no_incoming", severity: "error", summary: "An edge leads into the start node." },
  { name: "exit_no_outgoing", severity: "error", summary: "An edge leaves an exit node." },
  { name: "condition_syntax", severity: "error", summary: "A condition does not parse." },
  { name: "stylesheet_syntax", severity: "error", summary: "The model stylesheet does not parse." },
  { name: "type_known", severity: "error", summary: "No handler is known for a node's type." },
  {
    name: "body_exists",
    severity: "error",
    summary: "A container's body is missing, empty, or not entered at one node.",
  },
  { name: "body_border", severity: "error", summary: "An edge crosses the border of a container's body." },
  {
    name: "attribute_value",
    severity: "error",
    summary: "An attribute's value has the wrong type or is out of range.",
  },
  { name: "loop_restart_in_branch", severity: "error", summary: "A loop_restart edge lies inside a branch or a body." },
  { name: "child_exists", severity: "error", summary: "A child pipeline is not named, or its file does not exist." },
  { name: "items_source", severity: "error", summary: "A foreach has no items, or they are no list." },
  { name: "undeclared_node", severity: "warning", summary: "A node is mentioned by edges only." },
  { name: "shape_known", severity: "warning", summary: "A shape stands for no handler type." },
  { name: "fidelity_valid", severity: "warning", summary: "A fidelity is none of the known modes." },
  { name: "retry_target_exists", severity: "warning", summary: "A retry target names no node to go to." },
  {
    name: "goal_gate_has_retry",
    severity: "warning",
    summary: "A goal gate has nowhere to go back to when it is unmet.",
  },
  { name: "prompt_on_llm_nodes", severity: "warning", summary: "A codergen node has neither prompt nor label." },
  { name: "tool_command_required", severity: "warning", summary: "A tool node has no command." },
  { name: "wait_duration_required", severity: "warning", summary: "A wait node has no duration." },
  { name: "dead_end", severity: "warning", summary: "The main path stops at a node that is no exit." },
  {
    name: "all_conditional_edges",
    severity: "warning",
    summary: "Every edge of a node has a condition, and all may be false.",
  },
  {
    name: "failure_has_no_route",
    severity: "warning",
    summary: "A node routes by its outcome, but not when it fails.",
  },
  { name: "unbounded_cycle", severity: "warning", summary: "A cycle has no limit of its own." },
  {
    name: "human_gate_choices",
    severity: "warning",
    summary: "The choices of a gate are missing or cannot be told apart.",
  },
  {
    name: "human_timeout_without_default",
    severity: "warning",
    summary: "A gate has a deadline but no default choice.",
  },
  {
    name: "join_policy_args",
    severity: "warning",
    summary: "A join policy lacks its number, or has one it does not use.",
  },
  {
    name: "house_looks_like_gate",
    severity: "warning",
    summary: "A house, which supervises a child run, is drawn like a gate.",
  },
  { name: "unknown_attribute", severity: "warning", summary: "An attribute is not known." },
  { name: "inert_attribute", severity: "warning", summary: "An attribute is known but does nothing where it stands." },
  { name: "prompt_file_missing", severity: "warning", summary: "A prompt names a file that does not exist." },
  { name: "duplicate_edge", severity: "warning", summary: "Two edges say the same." },
  {
    name: "ambiguous_edges",
    severity: "warning",
    summary: "Several plain edges tie, and the smallest target id decides.",
  },
  {
    name: "region_left",
    severity: "warning",
    summary: "An edge leaves the region of a fan-out other than through its join.",
  },
  { name: "fan_in_without_parallel", severity: "warning", summary: "A fan-in node is the join of no fan-out." },
  { name: "alias", severity: "info", summary: "A name or a word was read as its canonical one." },
  { name: "bare_duration", severity: "info", summary: "A duration without a unit was read as seconds." },
  { name: "implicit_join", severity: "info", summary: "Where the branches of a fan-out meet was found, not said." },
  {
    name: "stylesheet_property",
    severity: "info",
    summary: "A stylesheet sets more than the model, the provider and the effort.",
  },
] as const satisfies readonly LintRule[];

export type LintRuleName = (typeof LINT_RULES)[number]["name"];
