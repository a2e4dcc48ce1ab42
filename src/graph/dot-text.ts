import type { Attributes, AttributeValue } from "./graph.ts";

/** How ids, names and values are written in DOT so that the parser reads the same again. */

const PLAIN_ID = /^[A-Za-z_][A-Za-z0-9_]*$/;
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*$/;
const PLAIN_NUMBER = /^-?\d+(?:\.\d+)?(?:e-?\d+)?$/;
const KEYWORDS = new Set(["digraph", "graph", "node", "edge", "subgraph", "strict"]);
const ESCAPED: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ['"', '\\"'],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

export function dotString(text: string): string {
  return `"${text.replace(/[\\"\n\r\t]/g, (char) => ESCAPED.get(char) ?? char)}"`;
}

export function dotId(id: string): string {
  return PLAIN_ID.test(id) && !KEYWORDS.has(id.toLowerCase()) ? id : dotString(id);
}

export function dotValue(value: AttributeValue): string {
  if (typeof value === "string") return dotString(value);
  const text = String(value);
  return typeof value === "boolean" || PLAIN_NUMBER.test(text) ? text : dotString(text);
}

/** ` [a=1, b="x"]`, or nothing where there are no attributes. */
export function dotAttributes(attributes: Attributes): string {
  const pairs = Object.entries(attributes).map(([name, value]) => {
    return `${PLAIN_NAME.test(name) ? name : dotString(name)}=${dotValue(value)}`;
  });
  return pairs.length === 0 ? "" : ` [${pairs.join(", ")}]`;
}
