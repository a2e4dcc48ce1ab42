import { textAttribute } from "./attribute-reading.ts";
import type { Graph, GraphNode } from "./graph.ts";

/** Attributes whose value may be `@path`: the content of a file. */
export const FILE_ATTRIBUTES = ["prompt", "items"] as const;

const FILE_PATH_CHARS_MAX = 1_024;

/** The path of a value of the form `@path`, one line; undefined for any other text. */
export function filePath(text: string): string | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("@") || trimmed.length > FILE_PATH_CHARS_MAX || /[\r\n]/.test(trimmed)) return undefined;
  const path = trimmed.slice(1).trim();
  return path === "" ? undefined : path;
}

/**
 * The graph with `@path` prompts and items replaced by what the files hold. Pure: the reader is given. Where it answers
 * undefined the value stays as it is (the lint rule `prompt_file_missing` tells the author). A file's own `@` is not followed.
 */
export function resolveFiles(graph: Graph, readFile: (path: string) => string | undefined): Graph {
  const nodes = graph.nodes.map((node) => resolveNode(node, readFile));
  return nodes.every((node, at) => node === graph.nodes[at])
    ? graph
    : Object.freeze({ ...graph, nodes: Object.freeze(nodes) });
}

function resolveNode(node: GraphNode, readFile: (path: string) => string | undefined): GraphNode {
  const resolved: Record<string, string> = {};
  for (const name of FILE_ATTRIBUTES) {
    const path = filePath(textAttribute(node.attributes, name) ?? "");
    const content = path === undefined ? undefined : readFile(path);
    if (content !== undefined) resolved[name] = content;
  }
  if (Object.keys(resolved).length === 0) return node;
  return Object.freeze({ ...node, attributes: Object.freeze({ ...node.attributes, ...resolved }) });
}
