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
  return { ids, numberOf, forward, backward, isExit: graph.nodes.map((node) => node.type === "exit") };
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
  /** Nodes no edge may lead into. */
  readonly closed?: Uint8Array;
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
  if (node === limits.without || limits.closed?.[node] === 1) return false;
  return limits.intoExits === true || !walk.isExit[node];
}

/** Marks every node from which an exit can be reached, not counting paths through `without` (-1: count all). */
export function reachesExit(walk: WalkGraph, without: number): Uint8Array {
  const marked = new Uint8Array(walk.ids.length);
  const queue = walk.isExit.flatMap((exit, node) => (exit && node !== without ? [node] : []));
  for (const node of queue) marked[node] = 1;
  for (const node of queue) {
    for (const before of walk.backward[node] ?? []) {
      if (marked[before] === 1 || before === without) continue;
      marked[before] = 1;
      queue.push(before);
    }
  }
  return marked;
}

/**
 * The nodes that lie on every path from the starts to an end, nearest to the starts first. Empty where no end is reached.
 *
 * Takes one shortest path and sweeps along it: a node of it is on every path exactly when nothing reached from before it,
 * without stepping on the rest of the path, comes out behind it. Linear in nodes and edges.
 */
export function nodesOnEveryPath(walk: WalkGraph, starts: readonly number[], limits: Limits): number[] {
  const isEnd = endsReached(walk, starts, limits);
  const path = shortestPathToEnd(walk, starts, { limits, isEnd });
  const place = new Map(path.map((node, at) => [node, at]));
  const seen = new Uint8Array(walk.ids.length);
  const onEveryPath: number[] = [];
  let furthest = -1;
  const advance = (from: readonly number[]): void => {
    const stack = [...from];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      const at = place.get(node);
      if (at !== undefined) furthest = Math.max(furthest, at);
      if (at !== undefined || seen[node] === 1) continue;
      seen[node] = 1;
      // An end beside the path: no later node of the path is on every path.
      if (isEnd[node] === 1) furthest = path.length;
      for (const next of nextsOf(walk, node, limits)) stack.push(next);
    }
  };
  advance(starts);
  for (const [at, node] of path.entries()) {
    if (furthest <= at) onEveryPath.push(node);
    if (furthest >= path.length) break;
    if (at + 1 < path.length) advance(nextsOf(walk, node, limits));
  }
  return onEveryPath;
}

/**
 * Marks the ends among what the starts reach: nodes that no edge leaves, and, where a cycle leads to none of those, its
 * nodes with an edge into an exit (the step back from a join for rework would else hide where its branches meet).
 */
function endsReached(walk: WalkGraph, starts: readonly number[], limits: Limits): Uint8Array {
  const distance = distancesFrom(walk, starts, limits);
  const reached = walk.ids.flatMap((_, node) => ((distance[node] ?? -1) >= 0 ? [node] : []));
  const isEnd = new Uint8Array(walk.ids.length);
  const leadsOn = new Uint8Array(walk.ids.length);
  const queue = reached.filter((node) => nextsOf(walk, node, limits).length === 0);
  for (const node of queue) isEnd[node] = leadsOn[node] = 1;
  for (const node of queue) {
    for (const before of walk.backward[node] ?? []) {
      if (leadsOn[before] === 1 || (distance[before] ?? -1) < 0) continue;
      leadsOn[before] = 1;
      queue.push(before);
    }
  }
  for (const node of reached) {
    if (leadsOn[node] === 0 && walk.forward[node]?.some((next) => walk.isExit[next])) isEnd[node] = 1;
  }
  return isEnd;
}

interface Goal {
  readonly limits: Limits;
  readonly isEnd: Uint8Array;
}

function shortestPathToEnd(walk: WalkGraph, starts: readonly number[], { limits, isEnd }: Goal): number[] {
  const cameFrom = new Map<number, number>();
  const queue: number[] = [];
  const visit = (node: number, from: number): void => {
    if (cameFrom.has(node)) return;
    cameFrom.set(node, from);
    queue.push(node);
  };
  for (const start of starts) visit(start, -1);
  for (const node of queue) {
    if (isEnd[node] === 1) return backFrom(node, cameFrom);
    for (const next of nextsOf(walk, node, limits)) visit(next, node);
  }
  return [];
}

function backFrom(end: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const path: number[] = [];
  for (let node = end; node !== -1; node = cameFrom.get(node) ?? -1) path.push(node);
  return path.reverse();
}

function nextsOf(walk: WalkGraph, node: number, limits: Limits): readonly number[] {
  return (walk.forward[node] ?? []).filter((next) => mayEnter(walk, next, limits));
}
