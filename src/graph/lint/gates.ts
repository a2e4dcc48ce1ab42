import { textAttribute } from "../attribute-reading.ts";
import type { GraphEdge, GraphNode } from "../graph.ts";
import { comparableLabel, parseChoiceLabel } from "../routing-labels.ts";
import { type Lint, listNames } from "./report.ts";

/** Rules about questions to people. */
export function gateRules(lint: Lint): void {
  for (const node of lint.graph.nodes) {
    if (node.type === "stack.manager_loop") looksLikeGate(lint, node);
    if (node.type !== "wait.human") continue;
    const choices = lint.index.outgoing(node.id);
    told(lint, node, choices);
    distinct(lint, node, choices);
    defaultChoice(lint, node, choices);
    deadline(lint, node);
  }
}

function labelOf(edge: GraphEdge): string | undefined {
  return textAttribute(edge.attributes, "label");
}

function told({ report }: Lint, node: GraphNode, choices: readonly GraphEdge[]): void {
  if (choices.length === 0) {
    report("human_gate_choices", {
      message: `the gate "${node.id}" has no outgoing edge: there is nothing to choose`,
      node,
    });
  }
  if (choices.length < 2) return;
  for (const edge of choices) {
    if (labelOf(edge) !== undefined || textAttribute(edge.attributes, "condition") !== undefined) continue;
    const message = `expected a label on each choice of the gate "${node.id}", found none on the edge to "${edge.to}": add one`;
    report("human_gate_choices", { message, edge, fix: `label="${edge.to}"` });
  }
}

function distinct({ report }: Lint, node: GraphNode, choices: readonly GraphEdge[]): void {
  const labels = new Set<string>();
  const keys = new Set<string>();
  for (const edge of choices) {
    const label = labelOf(edge);
    if (label === undefined) continue;
    const key = parseChoiceLabel(label).key?.toLowerCase();
    const sameLabel = labels.has(comparableLabel(label));
    if (sameLabel || (key !== undefined && keys.has(key))) {
      const what = sameLabel ? `label ${JSON.stringify(label)}` : `key "${key}"`;
      report("human_gate_choices", {
        message: `two choices of the gate "${node.id}" have the ${what}: make them differ`,
        edge,
        attribute: "label",
      });
    }
    labels.add(comparableLabel(label));
    if (key !== undefined) keys.add(key);
  }
}

function defaultChoice({ report }: Lint, node: GraphNode, choices: readonly GraphEdge[]): void {
  const attribute = "human.default_choice";
  const wanted = textAttribute(node.attributes, attribute);
  if (wanted === undefined || choices.some((edge) => isChoice(edge, wanted))) return;
  const offered = listNames(choices.map((edge) => labelOf(edge) ?? edge.to));
  const message = `${attribute}: expected a label, key or target of the gate "${node.id}" (${offered}), found ${JSON.stringify(wanted)}`;
  report("human_gate_choices", { message, node, attribute });
}

/** By label, by accelerator key, or by the node it leads to. */
function isChoice(edge: GraphEdge, wanted: string): boolean {
  const label = labelOf(edge) ?? "";
  const key = parseChoiceLabel(label).key?.toLowerCase();
  const plain = wanted.trim();
  return (
    edge.to === plain ||
    key === plain.toLowerCase() ||
    (label !== "" && comparableLabel(label) === comparableLabel(plain))
  );
}

function deadline({ report }: Lint, node: GraphNode): void {
  if (textAttribute(node.attributes, "human.timeout") === undefined) return;
  if (textAttribute(node.attributes, "human.default_choice") !== undefined) return;
  const message = `the gate "${node.id}" has a deadline but no human.default_choice: when it passes, the outcome is retry`;
  report("human_timeout_without_default", { message, node, attribute: "human.timeout" });
}

function looksLikeGate({ index, report }: Lint, node: GraphNode): void {
  const labelled = index.outgoing(node.id).filter((edge) => labelOf(edge) !== undefined);
  const named = ["child", "stack.child_dotfile"].some((name) => textAttribute(node.attributes, name) !== undefined);
  if (named || node.shape !== "house" || labelled.length < 2) return;
  const message = `"${node.id}" is a house, which supervises a child run, but names no child and has labelled choices: a gate is a hexagon`;
  report("house_looks_like_gate", { message, node, attribute: "shape", fix: "shape=hexagon" });
}
