import { textAttribute } from "./attribute-reading.ts";
import { type Graph, type GraphEdge, indexGraph } from "./graph.ts";
import { walkFacts } from "./join-facts.ts";
import { searchQuickly } from "./join-quick.ts";
import { regionBetween } from "./join-region.ts";
import { branchHeads, type Limits, walkGraph } from "./join-search.ts";
import { type JoinRule, type JoinSearch, type Meeting, searchThoroughly } from "./join-thorough.ts";
import { perNode } from "./per-node.ts";

export type { JoinRule };

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
export const findJoin: (graph: Graph, fanOutId: string) => FoundJoin = perNode((graph, fanOutId) =>
  searchJoin(graph, fanOutId, searchQuickly),
);

/** The same by the thorough search alone, which the quick one must agree with. Not kept. */
export function findJoinThoroughly(graph: Graph, fanOutId: string): FoundJoin {
  return searchJoin(graph, fanOutId, () => undefined);
}

function searchJoin(graph: Graph, fanOutId: string, quickly: (search: JoinSearch) => Meeting | undefined): FoundJoin {
  const walk = walkGraph(graph);
  const fanOut = walk.numberOf.get(fanOutId) ?? -1;
  const edges = branchHeads(graph, fanOutId);
  const targets = [...new Set(edges.flatMap((edge) => walk.numberOf.get(edge.to) ?? []))].filter((n) => n !== fanOut);
  const heads = targets.filter((node) => !walk.isExit[node]);
  const search: JoinSearch = { walk, fanOut, heads, exitHeads: targets.filter((node) => walk.isExit[node]) };
  const facts = walkFacts(walk);
  const limits: Limits = { without: fanOut, closed: (node) => facts.reachesExitOnlyThrough(node, fanOut) };
  const { join, rule } = namedJoin(graph, fanOutId) ?? quickly(search) ?? searchThoroughly(search, limits);
  const region = regionBetween(walk, { heads, join, limits });
  const id = join === undefined ? undefined : walk.ids[join];
  return id === undefined ? { rule, heads: edges, region } : { join: id, rule, heads: edges, region };
}

function namedJoin(graph: Graph, fanOutId: string): Meeting | undefined {
  const named = textAttribute(indexGraph(graph).node(fanOutId)?.attributes ?? {}, "join");
  const join = named === undefined || named === fanOutId ? undefined : walkGraph(graph).numberOf.get(named);
  return join === undefined ? undefined : { join, rule: "attribute" };
}
