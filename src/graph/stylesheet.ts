import { booleanOf, textAttribute } from "./attribute-reading.ts";
import { canonicalName, findAttribute } from "./attributes.ts";
import { numberOf } from "./conditions-values.ts";
import type { Attributes, AttributeValue, Graph, GraphNode } from "./graph.ts";
import { readRules, type Selector, type StyleRule } from "./stylesheet-parser.ts";

export interface Stylesheet {
  readonly rules: readonly StyleRule[];
}

/** What a stylesheet is for; other attributes work too, with a lint note. */
export const STYLE_PROPERTIES: ReadonlySet<string> = new Set(["llm_model", "llm_provider", "reasoning_effort"]);

/** What makes a node what it is, and is settled before styles are looked at: a style that sets it does nothing. */
export const UNSTYLED_ATTRIBUTES: ReadonlySet<string> = new Set(["shape", "type", "node_type", "class", "label"]);

/** Throws: pipeline_invalid with line and column in the stylesheet. Source: 04 §4. */
export function parseStylesheet(text: string): Stylesheet {
  return { rules: readRules(text) };
}

/**
 * The graph with its `model_stylesheet` spread over the nodes: the most specific selector wins, of equal ones the later;
 * what a node itself says always wins. The same object where there is nothing to spread.
 *
 * Throws: pipeline_invalid for a stylesheet that does not parse.
 */
export function applyStylesheet(graph: Graph): Graph {
  const text = textAttribute(graph.attributes, "model_stylesheet");
  if (text === undefined) return graph;
  const styles = rankedStyles(parseStylesheet(text));
  if (styles.length === 0) return graph;
  return Object.freeze({ ...graph, nodes: Object.freeze(graph.nodes.map((node) => styleNode(node, styles))) });
}

interface Style {
  readonly selector: Selector;
  readonly attributes: Attributes;
}

/** One per selector, the weakest first: a later one overwrites. */
function rankedStyles(sheet: Stylesheet): readonly Style[] {
  const styles = sheet.rules.flatMap((rule) => {
    const attributes = attributesOf(rule);
    return rule.selectors.map((selector): Style => ({ selector, attributes }));
  });
  return styles.toSorted((a, b) => compareSpecificity(a.selector, b.selector));
}

function attributesOf(rule: StyleRule): Attributes {
  const named = rule.declarations.map(({ property, value }) => [canonicalName(property, "node"), value] as const);
  const styled = named.filter(([name]) => !UNSTYLED_ATTRIBUTES.has(name));
  return Object.fromEntries(styled.map(([name, value]) => [name, typedValue(name, value)]));
}

function typedValue(name: string, value: string): AttributeValue {
  const kind = findAttribute(name, "node")?.kind;
  if (kind === "boolean") return booleanOf(value) ?? value;
  return kind === "integer" || kind === "number" ? (numberOf(value) ?? value) : value;
}

/** `*` < shape < class < id; of a compound the most specific part counts first. */
function compareSpecificity(a: Selector, b: Selector): number {
  return (
    a.ids.length - b.ids.length ||
    a.classes.length - b.classes.length ||
    Number(a.shape !== undefined) - Number(b.shape !== undefined)
  );
}

function styleNode(node: GraphNode, styles: readonly Style[]): GraphNode {
  const fitting = styles.filter(({ selector }) => selects(selector, node));
  if (fitting.length === 0) return node;
  const styled = Object.assign({}, ...fitting.map(({ attributes }) => attributes)) as Attributes;
  return Object.freeze({ ...node, attributes: Object.freeze({ ...styled, ...node.attributes }) });
}

/** Whether a selector fits a node. Shapes compare as written. */
export function selects(selector: Selector, node: GraphNode): boolean {
  return (
    (selector.shape === undefined || selector.shape === node.shape) &&
    selector.classes.every((name) => node.classes.includes(name)) &&
    selector.ids.every((id) => id === node.id)
  );
}
