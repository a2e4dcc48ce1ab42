import { booleanAttribute, textAttribute } from "./attribute-reading.ts";
import { conditionText } from "./conditions-of-edges.ts";
import { type Graph, type GraphEdge, indexGraph } from "./graph.ts";

/** A graph as numbers, in declaration order: walking it allocates nothing per edge. */
export interface WalkGraph {
  readonly ids: readonly string[];
  readonly numberOf: ReadonlyMap<string, number>;
  readonly forward: readonly (readonly number[])[];
  readonly backward: readonly (readonly number[])[];
  readonly isExit: readonly boolean[];
  readonly isFanIn: readonly boolean[];
}

const walkable = new WeakMap<Graph, WalkGraph>();

/**
 * The graph as joins see it: without `loop_restart` edges, which end the run, and with the step from a parallel node to
 * the join it names, which no edge draws.
 */
export function walkGraph(graph: Graph): WalkGraph {
  let walk = walkable.get(graph);
  if (!walk) {
    walk = buildWalk(graph);
    walkable.set(graph, walk);
  }
  return walk;
}

function buildWalk(graph: Graph): WalkGraph {
  const ids = graph.nodes.map((node) => node.id);
  const numberOf = new Map(ids.map((id, at) => [id, at]));
  const forward: number[][] = ids.map(() => []);
  const backward: number[][] = ids.map(() => []);
  const connect = (from: string, to: string): void => {
    const [a, b] = [numberOf.get(from), numberOf.get(to)];
    if (a === undefined || b === undefined) return;
    forward[a]?.push(b);
    backward[b]?.push(a);
  };
  for (const edge of graph.edges) if (!booleanAttribute(edge.attributes, "loop_restart")) connect(edge.from, edge.to);
  for (const node of graph.nodes) {
    const join = node.type === "parallel" ? textAttribute(node.attributes, "join") : undefined;
    if (join !== undefined) connect(node.id, join);
  }
  const isExit = graph.nodes.map((node) => node.type === "exit");
  const isFanIn = graph.nodes.map((node) => node.type === "parallel.fan_in");
  return { ids, numberOf, forward, backward, isExit, isFanIn };
}

/** The edges whose targets begin the branches of a fan-out: its unconditional ones, in declaration order. */
export function branchHeads(graph: Graph, fanOutId: string): readonly GraphEdge[] {
  const outgoing = indexGraph(graph).outgoing(fanOutId);
  return outgoing.filter(
    (edge) => conditionText(edge) === undefined && !booleanAttribute(edge.attributes, "loop_restart"),
  );
}

/** Steps a walk may not take. */
export interface Limits {
  /** A node that is as if it were not there. */
  readonly without: number;
  /** Whether no edge may lead into a node. */
  readonly closed?: (node: number) => boolean;
  /** Walk into exits, though never out of them. */
  readonly intoExits?: boolean;
}

/** Distances from the starts by the fewest edges; -1 for what is not reached. */
export function distancesFrom(walk: WalkGraph, starts: readonly number[], limits: Limits): Int32Array {
  const distance = new Int32Array(walk.ids.length).fill(-1);
  const queue: number[] = [];
  for (const start of starts) {
    if (start === limits.without || distance[start] === 0) continue;
    distance[start] = 0;
    queue.push(start);
  }
  // The queue grows while it is walked.
  for (const node of queue) {
    if (walk.isExit[node]) continue;
    for (const next of walk.forward[node] ?? []) {
      if (distance[next] !== -1 || !mayEnter(walk, next, limits)) continue;
      distance[next] = (distance[node] ?? 0) + 1;
      queue.push(next);
    }
  }
  return distance;
}

export function mayEnter(walk: WalkGraph, node: number, limits: Limits): boolean {
  if (node === limits.without || limits.closed?.(node) === true) return false;
  return limits.intoExits === true || !walk.isExit[node];
}

export function nextsOf(walk: WalkGraph, node: number, limits: Limits): readonly number[] {
  return (walk.forward[node] ?? []).filter((next) => mayEnter(walk, next, limits));
}
