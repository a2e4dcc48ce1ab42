/** Nodes that start runs of other pipelines, and the files these are in. */
import { textAttribute } from "./attribute-reading.ts";
import type { Graph, GraphNode } from "./graph.ts";

const CHILD_TYPES: ReadonlySet<string> = new Set(["pipeline", "stack.manager_loop"]);
const CHILD_ATTRIBUTES = ["child", "stack.child_dotfile"] as const;

/** The pipeline file of a child run, as the text names it; `attribute` is absent where the graph says it for its nodes. */
export interface ChildFile {
  readonly path: string;
  readonly attribute?: string;
}

export function startsChild({ type }: Pick<GraphNode, "type">): boolean {
  return CHILD_TYPES.has(type);
}

/** Undefined where neither the node nor the graph names a file. */
export function childFile(graph: Pick<Graph, "attributes">, node: GraphNode): ChildFile | undefined {
  for (const attribute of CHILD_ATTRIBUTES) {
    const path = pathIn(node.attributes, attribute);
    if (path !== undefined) return { attribute, path };
  }
  const path = pathIn(graph.attributes, "stack.child_dotfile");
  return path === undefined ? undefined : { path };
}

/** Whether a path is only known once a run has a context. */
export function hasVariables(path: string): boolean {
  return path.includes("$") || path.includes("{{");
}

function pathIn(attributes: GraphNode["attributes"], name: string): string | undefined {
  return textAttribute(attributes, name)?.trim().replace(/^@/, "");
}
