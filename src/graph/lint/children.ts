import { childFile, hasVariables, startsChild } from "../children.ts";
import type { Lint } from "./report.ts";

/** Rules about nodes that start runs of other pipelines. */
export function childRules({ graph, fileExists, report }: Lint): void {
  for (const node of graph.nodes.filter(startsChild)) {
    const file = childFile(graph, node);
    if (file === undefined) {
      report("child_exists", { message: `"${node.id}": expected child to name a pipeline file, found none`, node });
    } else if (!hasVariables(file.path) && fileExists && !fileExists(file.path)) {
      const { path, attribute } = file;
      const message = `"${node.id}": expected the pipeline file "${path}", found none`;
      report("child_exists", { message, node, ...(attribute === undefined ? {} : { attribute }) });
    }
  }
}
