import { textAttribute } from "./attribute-reading.ts";
import { type Graph, type GraphEdge, indexGraph } from "./graph.ts";
import {
  branchHeads,
  distancesFrom,
  type Limits,
  mayEnter,
  nodesOnEveryPath,
  reachesExit,
  type WalkGraph,
  walkGraph,
} from "./join-search.ts";
import { perNode } from "./per-node.ts";

export type JoinRule = "attribute" | "fan_in" | "post_dominator" | "nearest_common" | "common_exit" | "none";

export interface FoundJoin {
  /** Absent where the rule is `none`. */
  readonly join?: string;
  readonly rule: JoinRule;
  /** One per branch, in declaration order; two edges may lead to the same node. */
  readonly heads: readonly GraphEdge[];
  /**
   * The nodes a branch may visit: what its heads reach without stepping on the join. Exits are not among them (they end
   * the branch), nor the fan-out, nor what lies behind the join and does not lead back to it.
   */
  readonly region: ReadonlySet<string>;
}

/**
 * Where the branches of a fan-out meet. Computed once per node and kept.
 *
 * The rules, in their order, are those of 03 §5. A node that is the head of every branch is no join by the computed rules:
 * all branches would be empty. Source: 03 §5.
 */
export const findJoin: (graph: Graph, fanOutId: string) => FoundJoin = perNode(searchJoin);

interface Search {
  readonly graph: Graph;
  readonly walk: WalkGraph;
  /** Distinct; those that are exits stand apart. */
  readonly heads: readonly number[];
  readonly exitHeads: readonly number[];
  readonly limits: Limits;
}

function searchJoin(graph: Graph, fanOutId: string): FoundJoin {
  const walk = walkGraph(graph);
  const heads = branchHeads(graph, fanOutId);
  const fanOut = walk.numberOf.get(fanOutId) ?? -1;
  const numbers = [...new Set(heads.flatMap((edge) => walk.numberOf.get(edge.to) ?? []))].filter((n) => n !== fanOut);
  const search: Search = {
    graph,
    walk,
    heads: numbers.filter((node) => !walk.isExit[node]),
    exitHeads: numbers.filter((node) => walk.isExit[node]),
    limits: { without: fanOut, closed: onlyThrough(walk, fanOut) },
  };
  const { join, rule } = namedJoin(graph, fanOutId) ?? computedJoin(search);
  const region = regionOf(search, join === undefined ? undefined : walk.numberOf.get(join));
  return join === undefined ? { rule, heads, region } : { join, rule, heads, region };
}

function namedJoin(graph: Graph, fanOutId: string): { join: string; rule: JoinRule } | undefined {
  const index = indexGraph(graph);
  const named = textAttribute(index.node(fanOutId)?.attributes ?? {}, "join");
  return named !== undefined && named !== fanOutId && index.node(named)
    ? { join: named, rule: "attribute" }
    : undefined;
}

function computedJoin(search: Search): { join?: string; rule: JoinRule } {
  const { walk, graph, heads, exitHeads, limits } = search;
  const spread = greatestDistances(search);
  const beyondHeads = walk.ids.flatMap((_, node) => (!walk.isExit[node] && (spread[node] ?? -1) > 0 ? [node] : []));
  const fanIn = nearest(
    beyondHeads.filter((node) => graph.nodes[node]?.type === "parallel.fan_in"),
    spread,
  );
  if (fanIn !== undefined) return { join: nameOf(walk, fanIn), rule: "fan_in" };
  const onAllPaths = beyondHeads.length === 0 ? [] : nodesOnEveryPath(walk, heads, limits);
  const postDominator = nearest(
    onAllPaths.filter((node) => (spread[node] ?? -1) > 0),
    spread,
  );
  if (postDominator !== undefined) return { join: nameOf(walk, postDominator), rule: "post_dominator" };
  const common = nearest(beyondHeads, spread);
  if (common !== undefined) return { join: nameOf(walk, common), rule: "nearest_common" };
  const exits = walk.ids.flatMap((_, node) => (walk.isExit[node] ? [node] : []));
  const everyBranch = exits.filter((exit) => exitHeads.every((head) => head === exit));
  const reached = everyBranch.filter((exit) => (heads.length === 0 ? exitHeads.length > 0 : (spread[exit] ?? -1) >= 0));
  const exit = nearest(reached, spread);
  return exit === undefined ? { rule: "none" } : { join: nameOf(walk, exit), rule: "common_exit" };
}

function nameOf(walk: WalkGraph, node: number): string {
  return walk.ids[node] ?? "";
}

/** The least greatest distance; equal ones in declaration order. */
function nearest(candidates: readonly number[], spread: Int32Array): number | undefined {
  let best: number | undefined;
  for (const node of candidates) {
    if (best === undefined || (spread[node] ?? 0) < (spread[best] ?? 0)) best = node;
  }
  return best;
}

/** For each node the distance from the head that is furthest from it; -1 where some head does not reach it. */
function greatestDistances({ walk, heads, limits }: Search): Int32Array {
  const greatest = new Int32Array(walk.ids.length).fill(heads.length === 0 ? -1 : 0);
  for (const head of heads) {
    const distance = distancesFrom(walk, [head], { ...limits, intoExits: true });
    let common = 0;
    for (let node = 0; node < greatest.length; node += 1) {
      const [far, here] = [greatest[node] ?? -1, distance[node] ?? -1];
      greatest[node] = far < 0 || here < 0 ? -1 : Math.max(far, here);
      if ((greatest[node] ?? -1) >= 0) common += 1;
    }
    if (common === 0) break;
  }
  return greatest;
}

/** Marks the nodes that reach an exit through the fan-out and no other way: a way back to it, not a way on. */
function onlyThrough(walk: WalkGraph, fanOut: number): Uint8Array {
  const [anyhow, otherwise] = [reachesExit(walk, -1), reachesExit(walk, fanOut)];
  return anyhow.map((reaches, node) => (reaches === 1 && otherwise[node] === 0 ? 1 : 0));
}

function regionOf(search: Search, join: number | undefined): ReadonlySet<string> {
  const { walk, heads, limits } = search;
  const inside = (node: number): boolean => !walk.isExit[node] && node !== limits.without;
  const starts = heads.filter((head) => head !== join);
  if (join === undefined) return named(walk, distancesFrom(walk, starts, limits), inside);
  const closed = limits.closed?.slice() ?? new Uint8Array(walk.ids.length);
  closed[join] = 1;
  const fromHeads = distancesFrom(walk, starts, { ...limits, closed });
  const behind = distancesFrom(walk, [join], limits);
  const leadsBack = nodesLeadingTo(search, join);
  return named(walk, fromHeads, (node) => inside(node) && ((behind[node] ?? -1) < 0 || leadsBack[node] === 1));
}

function nodesLeadingTo({ walk, limits }: Search, target: number): Uint8Array {
  const marked = new Uint8Array(walk.ids.length);
  const queue = [target];
  for (const node of queue) {
    // A node that may not be entered is no step on the way, unless it is where the way begins.
    if (node !== target && !mayEnter(walk, node, limits)) continue;
    for (const before of walk.backward[node] ?? []) {
      if (marked[before] === 1 || before === limits.without) continue;
      marked[before] = 1;
      queue.push(before);
    }
  }
  return marked;
}

function named(walk: WalkGraph, reached: Int32Array, wanted: (node: number) => boolean): ReadonlySet<string> {
  return new Set(walk.ids.filter((_, node) => (reached[node] ?? -1) >= 0 && wanted(node)));
}
