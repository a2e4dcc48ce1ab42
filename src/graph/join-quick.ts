import { type WalkFacts, walkFacts } from "./join-facts.ts";
import type { WalkGraph } from "./join-search.ts";
import { type JoinSearch, type Meeting, nearest } from "./join-thorough.ts";

/**
 * The meeting of branches that come together before they end, found by looking at the branches alone. Undefined where only
 * a thorough search can tell; where it answers, that search would say the same.
 */
export function searchQuickly({ walk, fanOut, heads }: JoinSearch): Meeting | undefined {
  const facts = walkFacts(walk);
  const meeting = heads.length === 0 ? undefined : commonNode(facts, heads);
  if (meeting === undefined) return undefined;
  const circular = facts.onCycle[fanOut] === 1;
  if (circular && !isIsolated(walk, facts, { fanOut, heads, meeting })) return undefined;
  if (!facts.hasFanIns) return { join: meeting, rule: "post_dominator" };
  // What lies before the meeting may also lie behind it, and what lies behind it behind the fan-out.
  const unclear = circular ? !walk.isFanIn[meeting] : facts.onCycle[meeting] === 1;
  if (unclear || facts.hasStuckFanIns) return undefined;
  const fanIn = nearestFanIn(walk, facts, { heads, meeting });
  return fanIn === undefined ? { join: meeting, rule: "post_dominator" } : { join: fanIn, rule: "fan_in" };
}

interface Branches {
  readonly fanOut: number;
  readonly heads: readonly number[];
  readonly meeting: number;
}

/**
 * Whether a fan-out on a cycle may be judged as if it were on none: its branches are entered through it alone, lead to the
 * meeting without touching it or an exit, and from the meeting an exit is reached without it.
 */
function isIsolated(walk: WalkGraph, facts: WalkFacts, { fanOut, heads, meeting }: Branches): boolean {
  if (meeting === fanOut || !facts.reachesExit(meeting)) return false;
  if (facts.reachesExitOnlyThrough(meeting, fanOut)) return false;
  const branches = new Set(heads.filter((head) => head !== meeting));
  // The set grows while it is walked.
  for (const node of branches) {
    for (const next of walk.forward[node] ?? []) {
      if (next === fanOut || walk.isExit[next]) return false;
      if (next !== meeting) branches.add(next);
    }
  }
  for (const node of branches) {
    for (const before of walk.backward[node] ?? []) if (before !== fanOut && !branches.has(before)) return false;
  }
  return true;
}

/** The first node that is on every path from every head, and no head of all branches at once. */
function commonNode(facts: WalkFacts, heads: readonly number[]): number | undefined {
  if (heads.some((head) => facts.depth[head] === -1)) return undefined;
  const [first = -1, ...others] = heads;
  const common = others.reduce(
    (a, b) => lowestCommon(facts, a, b),
    others.length === 0 ? (facts.above[first] ?? -1) : first,
  );
  return common === facts.end || common === -1 ? undefined : common;
}

function lowestCommon({ above, depth }: WalkFacts, a: number, b: number): number {
  let [one, other] = [a, b];
  while (one !== other) {
    if ((depth[one] ?? 0) >= (depth[other] ?? 0)) one = above[one] ?? -1;
    else other = above[other] ?? -1;
  }
  return one;
}

function nearestFanIn(
  walk: WalkGraph,
  facts: WalkFacts,
  { heads, meeting }: { heads: readonly number[]; meeting: number },
): number | undefined {
  const spread = greatestDistances(walk, heads, meeting);
  const distances = new Map<number, number>();
  for (const [node, { count, greatest }] of spread) {
    if (walk.isFanIn[node] && count === heads.length && greatest > 0) distances.set(node, greatest);
  }
  const behind = facts.fanIn[meeting] ?? -1;
  const far = (spread.get(meeting)?.greatest ?? 0) + (facts.fanInDistance[meeting] ?? 0);
  if (behind !== -1) distances.set(behind, Math.min(far, distances.get(behind) ?? far));
  return nearest([...distances.keys()], (node) => distances.get(node) ?? Infinity);
}

interface Spread {
  /** Heads that reach the node. */
  count: number;
  /** Of their distances. */
  greatest: number;
}

function greatestDistances(walk: WalkGraph, heads: readonly number[], meeting: number): ReadonlyMap<number, Spread> {
  const spread = new Map<number, Spread>();
  for (const head of heads) {
    const distance = new Map([[head, 0]]);
    // The map grows while it is walked: breadth first.
    for (const [node, far] of distance) {
      const known = spread.get(node) ?? { count: 0, greatest: 0 };
      known.count += 1;
      known.greatest = Math.max(known.greatest, far);
      spread.set(node, known);
      if (node === meeting) continue;
      for (const next of walk.forward[node] ?? [])
        if (!walk.isExit[next] && !distance.has(next)) distance.set(next, far + 1);
    }
  }
  return spread;
}
