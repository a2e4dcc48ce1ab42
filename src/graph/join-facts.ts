import { componentsOf } from "./components.ts";
import { immediateDominators } from "./dominators.ts";
import type { WalkGraph } from "./join-search.ts";

/** What is true of a graph without its exits, whichever fan-out is asked about. */
export interface WalkFacts {
  readonly onCycle: Uint8Array;
  /**
   * The next node that every path from a node to an end passes. `end` behind the last one; -1 where no end is reached.
   * An end is a node that no edge leaves, or, where a cycle leads to none, its nodes with an edge into an exit.
   */
  readonly above: Int32Array;
  /** Steps along `above`. */
  readonly depth: Int32Array;
  readonly end: number;
  /** Whether every way from a node to an exit passes `via`, and there is one. */
  reachesExitOnlyThrough(node: number, via: number): boolean;
  reachesExit(node: number): boolean;
  readonly hasFanIns: boolean;
  /** Whether some fan-in reaches no end: then a way to it says nothing about the ways to ends. */
  readonly hasStuckFanIns: boolean;
  /** The nearest fan-in from here on, equal ones by declaration, and how far it is; -1 for none. */
  readonly fanIn: Int32Array;
  readonly fanInDistance: Int32Array;
}

const kept = new WeakMap<WalkGraph, WalkFacts>();

/** Computed once per graph, in time near-linear in it. */
export function walkFacts(walk: WalkGraph): WalkFacts {
  let facts = kept.get(walk);
  if (!facts) {
    facts = computeFacts(walk);
    kept.set(walk, facts);
  }
  return facts;
}

/** Places in a walk over the tree of post-dominators: what a node is above of comes between its entering and its leaving. */
function exitFacts(walk: WalkGraph): Pick<WalkFacts, "reachesExit" | "reachesExitOnlyThrough"> {
  const root = walk.ids.length;
  const exits = [...walk.ids.keys()].filter((node) => walk.isExit[node]);
  const above = immediateDominators({
    root,
    size: root + 1,
    nexts: (node) => (node === root ? exits : (walk.backward[node] ?? [])),
    befores: (node) => (walk.isExit[node] ? [...(walk.forward[node] ?? []), root] : (walk.forward[node] ?? [])),
  });
  const { entered, left } = walkTree(above, root);
  const reachesExit = (node: number): boolean => above[node] !== -1;
  return {
    reachesExit,
    reachesExitOnlyThrough: (node, via) =>
      node !== via &&
      reachesExit(node) &&
      reachesExit(via) &&
      (entered[via] ?? 0) < (entered[node] ?? 0) &&
      (left[node] ?? 0) <= (left[via] ?? 0),
  };
}

function walkTree(above: Int32Array, root: number): { entered: Int32Array; left: Int32Array } {
  const below: number[][] = Array.from(above, () => []);
  for (const [node, parent] of above.entries()) if (parent !== -1) below[parent]?.push(node);
  const entered = new Int32Array(above.length);
  const left = new Int32Array(above.length);
  let clock = 0;
  const stack = [root];
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (entered[node] === 0) {
      entered[node] = ++clock;
      stack.push(...(below[node] ?? []));
      continue;
    }
    left[node] = ++clock;
    stack.pop();
  }
  return { entered, left };
}

type Adjacency = readonly (readonly number[])[];

function computeFacts(walk: WalkGraph): WalkFacts {
  const inner = (lists: Adjacency): Adjacency => {
    return lists.map((list, node) => (walk.isExit[node] ? [] : list.filter((other) => !walk.isExit[other])));
  };
  const [forward, backward] = [inner(walk.forward), inner(walk.backward)];
  const end = walk.ids.length;
  const above = dominatorsOfEnds(walk, { forward, backward });
  const depth = depths(above, end);
  return {
    onCycle: cycles(forward),
    above,
    depth,
    end,
    ...exitFacts(walk),
    hasFanIns: walk.isFanIn.includes(true),
    hasStuckFanIns: walk.isFanIn.some((fanIn, node) => fanIn && depth[node] === -1),
    ...fanIns(walk, backward),
  };
}

function cycles(forward: Adjacency): Uint8Array {
  const onCycle = new Uint8Array(forward.length);
  for (const members of componentsOf(forward)) {
    const [first] = members;
    const circular = members.length > 1 || (first !== undefined && forward[first]?.includes(first));
    if (circular) for (const member of members) onCycle[member] = 1;
  }
  return onCycle;
}

function dominatorsOfEnds(
  walk: WalkGraph,
  { forward, backward }: { forward: Adjacency; backward: Adjacency },
): Int32Array {
  const end = walk.ids.length;
  const stops = [...walk.ids.keys()].filter((node) => !walk.isExit[node] && forward[node]?.length === 0);
  const leadsOn = leadingTo(stops, backward);
  const aborts = (node: number): boolean => walk.forward[node]?.some((next) => walk.isExit[next]) ?? false;
  const others = [...walk.ids.keys()].filter((node) => !walk.isExit[node] && leadsOn[node] === 0 && aborts(node));
  const isEnd = new Uint8Array(end);
  for (const node of [...stops, ...others]) isEnd[node] = 1;
  return immediateDominators({
    root: end,
    size: end + 1,
    nexts: (node) => (node === end ? [...stops, ...others] : (backward[node] ?? [])),
    befores: (node) => (isEnd[node] === 1 ? [...(forward[node] ?? []), end] : (forward[node] ?? [])),
  });
}

function leadingTo(targets: readonly number[], backward: Adjacency): Uint8Array {
  const marked = new Uint8Array(backward.length);
  const queue = [...targets];
  for (const node of queue) marked[node] = 1;
  for (const node of queue) {
    for (const before of backward[node] ?? []) {
      if (marked[before] === 1) continue;
      marked[before] = 1;
      queue.push(before);
    }
  }
  return marked;
}

/** -1 for what is not in the tree. */
function depths(above: Int32Array, end: number): Int32Array {
  const depth = new Int32Array(above.length).fill(-1);
  depth[end] = 0;
  for (let start = 0; start < end; start += 1) {
    const path: number[] = [];
    let node = start;
    while (node !== -1 && depth[node] === -1) {
      path.push(node);
      node = above[node] ?? -1;
    }
    let known = node === -1 ? -1 : (depth[node] ?? -1);
    for (let at = path.pop(); known !== -1 && at !== undefined; at = path.pop()) depth[at] = ++known;
  }
  return depth;
}

/** Level by level back from all fan-ins at once; within a level the one declared first wins. */
function fanIns(walk: WalkGraph, backward: Adjacency): Pick<WalkFacts, "fanIn" | "fanInDistance"> {
  const fanIn = new Int32Array(walk.ids.length).fill(-1);
  const fanInDistance = new Int32Array(walk.ids.length).fill(-1);
  let level = [...walk.ids.keys()].filter((node) => walk.isFanIn[node]);
  for (const node of level) {
    fanIn[node] = node;
    fanInDistance[node] = 0;
  }
  for (let distance = 1; level.length > 0; distance += 1) {
    const found: number[] = [];
    for (const node of level) {
      for (const before of backward[node] ?? []) {
        if (fanInDistance[before] === -1) {
          fanInDistance[before] = distance;
          fanIn[before] = fanIn[node] ?? -1;
          found.push(before);
        } else if (fanInDistance[before] === distance) {
          fanIn[before] = Math.min(fanIn[before] ?? -1, fanIn[node] ?? -1);
        }
      }
    }
    level = found;
  }
  return { fanIn, fanInDistance };
}
