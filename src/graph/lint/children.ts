import { textAttribute } from "../attribute-reading.ts";
import type { GraphNode } from "../graph.ts";
import type { Lint } from "./report.ts";

const CHILD_ATTRIBUTES = ["child", "stack.child_dotfile"] as const;

/** Rules about nodes that start runs of other pipelines. */
export function childRules({ graph, fileExists, report }: Lint): void {
  for (const node of graph.nodes) {
    if (node.type !== "pipeline" && node.type !== "stack.manager_loop") continue;
    const { attribute, path } = namedChild(node) ?? { attribute: undefined, path: ofGraph(graph.attributes) };
    if (path === undefined) {
      report("child_exists", { message: `"${node.id}": expected child to name a pipeline file, found none`, node });
    } else if (!path.includes("$") && !path.includes("{{") && fileExists && !fileExists(path)) {
      const message = `"${node.id}": expected the pipeline file "${path}", found none`;
      report("child_exists", { message, node, ...(attribute === undefined ? {} : { attribute }) });
    }
  }
}

function namedChild(node: GraphNode): { attribute: string; path: string } | undefined {
  for (const attribute of CHILD_ATTRIBUTES) {
    const path = textAttribute(node.attributes, attribute);
    if (path !== undefined) return { attribute, path: path.trim().replace(/^@/, "") };
  }
  return undefined;
}

function ofGraph(attributes: GraphNode["attributes"]): string | undefined {
  return textAttribute(attributes, "stack.child_dotfile")?.trim().replace(/^@/, "");
}
