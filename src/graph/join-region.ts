import { distancesFrom, type Limits, mayEnter, type WalkGraph } from "./join-search.ts";

interface Borders {
  readonly heads: readonly number[];
  readonly join: number | undefined;
  readonly limits: Limits;
}

/** The nodes a branch may visit: see `FoundJoin.region`. Costs what the branches hold, unless one of them has another end. */
export function regionBetween(walk: WalkGraph, { heads, join, limits }: Borders): ReadonlySet<string> {
  const reached = new Set(heads.filter((head) => head !== join));
  // The set grows while it is walked.
  for (const node of reached) {
    for (const next of walk.forward[node] ?? []) if (next !== join && mayEnter(walk, next, limits)) reached.add(next);
  }
  if (join === undefined) return named(walk, reached);
  const leading = leadingTo(walk, join, reached);
  if (leading.size === reached.size) return named(walk, reached);
  const behind = distancesFrom(walk, [join], limits);
  return named(
    walk,
    [...reached].filter((node) => leading.has(node) || (behind[node] ?? -1) < 0),
  );
}

/** Those of the nodes from which the join is reached. */
function leadingTo(walk: WalkGraph, join: number, nodes: ReadonlySet<number>): ReadonlySet<number> {
  const leading = new Set<number>();
  for (const before of walk.backward[join] ?? []) if (nodes.has(before)) leading.add(before);
  for (const node of leading) {
    for (const before of walk.backward[node] ?? []) if (nodes.has(before)) leading.add(before);
  }
  return leading;
}

function named(walk: WalkGraph, nodes: Iterable<number>): ReadonlySet<string> {
  return new Set([...nodes].sort((a, b) => a - b).map((node) => walk.ids[node] ?? ""));
}
