import type { Graph } from "./graph.ts";

/** A function of a graph and a node id that computes each answer once and keeps it as long as the graph lives. */
export function perNode<T>(compute: (graph: Graph, nodeId: string) => T): (graph: Graph, nodeId: string) => T {
  const kept = new WeakMap<Graph, Map<string, T>>();
  return (graph, nodeId) => {
    let answers = kept.get(graph);
    if (!answers) {
      answers = new Map();
      kept.set(graph, answers);
    }
    const known = answers.get(nodeId);
    if (known !== undefined) return known;
    const answer = compute(graph, nodeId);
    answers.set(nodeId, answer);
    return answer;
  };
}
