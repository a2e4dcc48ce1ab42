import { nodesOnEveryPath } from "./join-paths.ts";
import { distancesFrom, type Limits, type WalkGraph } from "./join-search.ts";

export type JoinRule = "attribute" | "fan_in" | "post_dominator" | "nearest_common" | "common_exit" | "none";

/** Where branches meet: a node by its number; undefined under the rule `none`. */
export interface Meeting {
  readonly join: number | undefined;
  readonly rule: JoinRule;
}

export interface JoinSearch {
  readonly walk: WalkGraph;
  readonly fanOut: number;
  /** Distinct; those that are exits stand apart. */
  readonly heads: readonly number[];
  readonly exitHeads: readonly number[];
}

/** Looks at everything the heads reach, as often as there are heads: right for any graph. Source: 03 §5. */
export function searchThoroughly(search: JoinSearch, limits: Limits): Meeting {
  const { walk, heads } = search;
  const spread = greatestDistances(search, limits);
  const distanceOf = (node: number): number => spread[node] ?? -1;
  const beyondHeads = [...spread.keys()].filter((node) => !walk.isExit[node] && distanceOf(node) > 0);
  const fanIn = nearest(
    beyondHeads.filter((node) => walk.isFanIn[node]),
    distanceOf,
  );
  if (fanIn !== undefined) return { join: fanIn, rule: "fan_in" };
  const onAllPaths = beyondHeads.length === 0 ? [] : nodesOnEveryPath(walk, heads, limits);
  const postDominator = nearest(
    onAllPaths.filter((node) => distanceOf(node) > 0),
    distanceOf,
  );
  if (postDominator !== undefined) return { join: postDominator, rule: "post_dominator" };
  const common = nearest(beyondHeads, distanceOf);
  if (common !== undefined) return { join: common, rule: "nearest_common" };
  const exit = nearest(commonExits(search, distanceOf), distanceOf);
  return exit === undefined ? { join: undefined, rule: "none" } : { join: exit, rule: "common_exit" };
}

function commonExits({ walk, heads, exitHeads }: JoinSearch, distanceOf: (node: number) => number): readonly number[] {
  const exits = [...walk.isExit.keys()].filter((node) => walk.isExit[node]);
  const ofEveryExitHead = exits.filter((exit) => exitHeads.every((head) => head === exit));
  if (heads.length === 0) return exitHeads.length === 0 ? [] : ofEveryExitHead;
  return ofEveryExitHead.filter((exit) => distanceOf(exit) >= 0);
}

/** The least distance; equal ones in declaration order. */
export function nearest(candidates: readonly number[], distanceOf: (node: number) => number): number | undefined {
  let best: number | undefined;
  for (const node of candidates) {
    const [here, there] = [distanceOf(node), best === undefined ? Infinity : distanceOf(best)];
    if (here < there || (here === there && node < (best ?? 0))) best = node;
  }
  return best;
}

/** For each node the distance from the head that is furthest from it; -1 where some head does not reach it. */
function greatestDistances({ walk, heads }: JoinSearch, limits: Limits): Int32Array {
  const greatest = new Int32Array(walk.ids.length).fill(heads.length === 0 ? -1 : 0);
  for (const head of heads) {
    const distance = distancesFrom(walk, [head], { ...limits, intoExits: true });
    let common = 0;
    for (let node = 0; node < greatest.length; node += 1) {
      const [far, here] = [greatest[node] ?? -1, distance[node] ?? -1];
      greatest[node] = far < 0 || here < 0 ? -1 : Math.max(far, here);
      if (far >= 0 && here >= 0) common += 1;
    }
    if (common === 0) break;
  }
  return greatest;
}
