import { isSafepointError, messageOf, SafepointError } from "../errors.ts";
import type { Graph } from "./graph.ts";

/** Makes one graph out of another, before it is checked and run. Pure: the given graph is frozen. */
export interface Transform {
  /** What errors call it. */
  readonly name: string;
  apply(graph: Graph): Graph;
}

/**
 * The graph after every transform, in order.
 *
 * Throws: what a transform throws if it is a SafepointError; pipeline_invalid naming the transform for anything else it
 * throws, and where it gives back no graph.
 */
export function applyTransforms(graph: Graph, transforms: readonly Transform[]): Graph {
  return transforms.reduce(applyOne, graph);
}

function applyOne(graph: Graph, transform: Transform): Graph {
  const result = attempt(graph, transform);
  if (isGraph(result)) return result;
  throw refused(transform, "expected it to return a graph with nodes and edges");
}

function attempt(graph: Graph, transform: Transform): unknown {
  try {
    return transform.apply(graph);
  } catch (thrown) {
    if (isSafepointError(thrown)) throw thrown;
    throw refused(transform, messageOf(thrown), thrown);
  }
}

function isGraph(value: unknown): value is Graph {
  if (typeof value !== "object" || value === null) return false;
  const { nodes, edges, subgraphs, notes, attributes } = value as Partial<Graph>;
  return [nodes, edges, subgraphs, notes].every(Array.isArray) && typeof attributes === "object" && attributes !== null;
}

function refused(transform: Transform, problem: string, cause?: unknown): SafepointError {
  const details = { transform: transform.name };
  const message = `transform ${transform.name}: ${problem}`;
  return new SafepointError("pipeline_invalid", message, cause === undefined ? { details } : { details, cause });
}
