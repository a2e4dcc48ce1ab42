import { distancesFrom, type Limits, nextsOf, type WalkGraph } from "./join-search.ts";

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
