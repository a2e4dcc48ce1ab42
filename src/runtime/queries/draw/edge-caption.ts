import type { GraphEdge } from "../../../graph/index.ts";

/** What is written at an edge: its label, else its condition. */
export function edgeCaption(edge: GraphEdge): string {
  return String(edge.attributes["label"] ?? edge.attributes["condition"] ?? "");
}
