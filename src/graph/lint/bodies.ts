import { textAttribute } from "../attribute-reading.ts";
import { bodyEntries, bodyNodes, bodyOf, isContainer } from "../bodies.ts";
import { filePath } from "../expand-files.ts";
import type { GraphNode, Subgraph } from "../graph.ts";
import { type Lint, listNames, nameOfEdge } from "./report.ts";

/** Rules about foreach and loop: a body that can be entered, closed around, and items to go through. */
export function bodyRules(lint: Lint): void {
  const crossed = new Set<string>();
  for (const node of lint.graph.nodes) {
    if (!isContainer(node)) continue;
    const body = bodyOf(lint.graph, node);
    if (body) entry(lint, node, body);
    else missing(lint, node);
    if (body && !crossed.has(body.id)) border(lint, node, body);
    if (body) crossed.add(body.id);
    if (node.type === "foreach") items(lint, node);
  }
}

function missing({ graph, report }: Lint, node: GraphNode): void {
  const named = textAttribute(node.attributes, "body");
  const found = named === undefined ? "no body" : `body="${named}", which is no subgraph`;
  const known =
    graph.subgraphs.length === 0 ? "declare one" : `there are ${listNames(graph.subgraphs.map(({ id }) => id))}`;
  report("body_exists", {
    message: `"${node.id}": expected body to name a subgraph, found ${found}: ${known}`,
    node,
    attribute: "body",
  });
}

function entry({ graph, report }: Lint, node: GraphNode, body: Subgraph): void {
  const entries = bodyEntries(graph, body);
  if (entries.length === 1) return;
  const count = bodyNodes(graph, body).size;
  const found =
    count === 0 ? "it is empty" : entries.length === 0 ? "every node has one" : `there are ${listNames(entries)}`;
  const message = `body "${body.id}": expected exactly one node that no other node of the body leads to, the entry, but ${found}`;
  report("body_exists", { message, node, attribute: "body" });
}

function border({ graph, index, report }: Lint, node: GraphNode, body: Subgraph): void {
  const inside = bodyNodes(graph, body);
  if (inside.has(node.id)) {
    report("body_border", { message: `"${node.id}" stands inside its own body "${body.id}": move it out`, node });
  }
  for (const id of inside) {
    const leaving = index.outgoing(id).filter((edge) => !inside.has(edge.to));
    const entering = index.incoming(id).filter((edge) => !inside.has(edge.from));
    for (const edge of [...leaving, ...entering]) {
      const message = `the edge ${nameOfEdge(edge)} crosses the border of the body "${body.id}" of "${node.id}": a body is entered and left through its container`;
      report("body_border", { message, edge });
    }
  }
}

const CONTEXT_KEY = /^[\p{L}_][\p{L}\p{N}_.:/-]*$/u;

function items({ fileExists, report }: Lint, node: GraphNode): void {
  const problem = itemsProblem(textAttribute(node.attributes, "items"), fileExists);
  if (problem === undefined) return;
  const message = `items of "${node.id}": expected a context key, a JSON list or @file, found ${problem}`;
  report("items_source", { message, node, attribute: "items" });
}

function itemsProblem(items: string | undefined, fileExists: Lint["fileExists"]): string | undefined {
  if (items === undefined) return "none";
  const text = items.trim();
  const path = filePath(text);
  if (path !== undefined) return fileExists && !fileExists(path) ? `"${text}", a file that does not exist` : undefined;
  if (text.startsWith("[") || text.startsWith("{")) return isJsonList(text) ? undefined : "a text that is no JSON list";
  const key = /^(?:\$\{(.*)\}|\{\{(.*)\}\})$/s.exec(text);
  return CONTEXT_KEY.test((key?.[1] ?? key?.[2] ?? text).trim()) ? undefined : JSON.stringify(text.slice(0, 60));
}

function isJsonList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}
