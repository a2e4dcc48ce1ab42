import { isSafepointError } from "../../errors.ts";
import { textAttribute } from "../attribute-reading.ts";
import { canonicalName, isKnownAttribute } from "../attributes.ts";
import { parseCondition } from "../conditions.ts";
import { conditionText } from "../conditions-of-edges.ts";
import { filePath } from "../expand-files.ts";
import type { GraphNode } from "../graph.ts";
import { parseStylesheet, STYLE_PROPERTIES, type Stylesheet, UNSTYLED_ATTRIBUTES } from "../stylesheet.ts";
import type { Declaration } from "../stylesheet-parser.ts";
import type { Finding, Lint } from "./report.ts";

const NODE_CONDITIONS = ["while", "until", "manager.stop_condition"] as const;

/** Rules about the little languages inside attributes: conditions, the stylesheet, prompts, commands. */
export function textRules(lint: Lint): void {
  conditions(lint);
  const isStyled = stylesheet(lint).has("duration");
  for (const node of lint.graph.nodes) {
    if (node.type === "codergen" && node.declared) promptGiven(lint, node);
    if (node.type === "tool" && textAttribute(node.attributes, "tool_command") === undefined) {
      const message = `expected a tool_command on the tool "${node.id}", found none: it will fail`;
      lint.report("tool_command_required", { message, node });
    }
    if (node.type === "wait" && !isStyled) durationGiven(lint, node);
    promptFile(lint, node);
  }
}

function conditions(lint: Lint): void {
  for (const edge of lint.graph.edges) {
    const text = conditionText(edge);
    if (text !== undefined) condition(lint, text, { edge, attribute: "condition" });
  }
  for (const node of lint.graph.nodes) {
    for (const attribute of NODE_CONDITIONS) {
      const text = textAttribute(node.attributes, attribute);
      if (text !== undefined) condition(lint, text, { node, attribute });
    }
  }
}

function condition({ report }: Lint, text: string, place: Omit<Finding, "message">): void {
  try {
    parseCondition(text);
  } catch (thrown) {
    if (!isSafepointError(thrown)) throw thrown;
    report("condition_syntax", { ...place, message: `${thrown.message} (in ${JSON.stringify(shortened(text))})` });
  }
}

function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

/** The attributes that it sets on some nodes. */
function stylesheet(lint: Lint): ReadonlySet<string> {
  const text = textAttribute(lint.graph.attributes, "model_stylesheet");
  const sheet = text === undefined ? undefined : readSheet(lint, text);
  const declarations = sheet?.rules.flatMap((rule) => rule.declarations) ?? [];
  for (const each of declarations) declaration(lint, each);
  return new Set(declarations.map(({ property }) => canonicalName(property, "node")));
}

function readSheet({ report }: Lint, text: string): Stylesheet | undefined {
  try {
    return parseStylesheet(text);
  } catch (thrown) {
    if (!isSafepointError(thrown)) throw thrown;
    report("stylesheet_syntax", { message: thrown.message, attribute: "model_stylesheet" });
    return undefined;
  }
}

function declaration({ report }: Lint, { property, line, column }: Declaration): void {
  const name = canonicalName(property, "node");
  if (STYLE_PROPERTIES.has(name)) return;
  const where = `the stylesheet's line ${line}, column ${column}`;
  const attribute = "model_stylesheet";
  if (UNSTYLED_ATTRIBUTES.has(name)) {
    report("inert_attribute", {
      message: `${property} does nothing in a stylesheet (${where}): write it on the nodes`,
      attribute,
    });
  } else if (isKnownAttribute(name, "node")) {
    report("stylesheet_property", {
      message: `${where} sets ${property} on every node it selects that does not set it itself`,
      attribute,
    });
  } else {
    report("unknown_attribute", { message: `unknown property ${property} (${where}): it has no effect`, attribute });
  }
}

function promptGiven({ report }: Lint, node: GraphNode): void {
  if (textAttribute(node.attributes, "prompt") ?? textAttribute(node.attributes, "label")) return;
  const message = `expected a prompt (or at least a label) on "${node.id}", found neither: its id is all the model gets`;
  report("prompt_on_llm_nodes", { message, node });
}

function durationGiven({ report }: Lint, node: GraphNode): void {
  if (textAttribute(node.attributes, "duration") !== undefined) return;
  const message = `expected a duration on the wait "${node.id}", found none: it is over at once`;
  report("wait_duration_required", { message, node, fix: "duration=1m" });
}

function promptFile({ fileExists, report }: Lint, node: GraphNode): void {
  const path = filePath(textAttribute(node.attributes, "prompt") ?? "");
  if (path === undefined || !fileExists || fileExists(path)) return;
  const message = `expected the file "${path}", found none: the prompt of "${node.id}" will be the text as written`;
  report("prompt_file_missing", { message, node, attribute: "prompt" });
}
