/** A flow graph whose nodes count from 0. */
export interface FlowGraph {
  readonly root: number;
  nexts(node: number): readonly number[];
  befores(node: number): readonly number[];
  readonly size: number;
}

/**
 * The immediate dominator of every node: the last node that every path from the root to it passes. -1 for the root and
 * for what is not reached. Semidominators with path compression, then nearest common ancestors (Georgiadis 2005).
 */
export function immediateDominators(graph: FlowGraph): Int32Array {
  const tree = depthFirst(graph);
  const semi = semidominators(graph, tree);
  const found = new Int32Array(graph.size).fill(-1);
  const nearest = tree.parent.slice();
  // In the order of the walk an ancestor always comes before: its own dominator is settled already.
  for (let at = 1; at < tree.nodes.length; at += 1) {
    let above = nearest[at] ?? 0;
    while (above > (semi[at] ?? 0)) above = nearest[above] ?? 0;
    nearest[at] = above;
    found[tree.nodes[at] ?? 0] = tree.nodes[above] ?? 0;
  }
  return found;
}

/** Nodes by the order of a depth-first walk; everything else here counts in places of that order. */
interface WalkTree {
  readonly nodes: readonly number[];
  readonly placeOf: Int32Array;
  readonly parent: Int32Array;
}

function depthFirst(graph: FlowGraph): WalkTree {
  const nodes: number[] = [];
  const placeOf = new Int32Array(graph.size).fill(-1);
  const parent = new Int32Array(graph.size);
  const stack: { readonly node: number; readonly from: number }[] = [{ node: graph.root, from: 0 }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (placeOf[top.node] !== -1) continue;
    const place = nodes.length;
    placeOf[top.node] = place;
    parent[place] = top.from;
    nodes.push(top.node);
    for (const node of graph.nexts(top.node)) if (placeOf[node] === -1) stack.push({ node, from: place });
  }
  return { nodes, placeOf, parent };
}

function semidominators(graph: FlowGraph, { nodes, placeOf, parent }: WalkTree): Int32Array {
  const semi = Int32Array.from(nodes.keys());
  const label = semi.slice();
  const linked = new Int32Array(nodes.length).fill(-1);
  /** The place of least semidominator on the way from `place` up to where linking has come. */
  const least = (place: number): number => {
    if (linked[place] === -1) return place;
    const path: number[] = [];
    for (let at = place; linked[linked[at] ?? 0] !== -1; at = linked[at] ?? 0) path.push(at);
    for (let at = path.pop(); at !== undefined; at = path.pop()) {
      const above = linked[at] ?? 0;
      if ((semi[label[above] ?? 0] ?? 0) < (semi[label[at] ?? 0] ?? 0)) label[at] = label[above] ?? 0;
      linked[at] = linked[above] ?? 0;
    }
    return label[place] ?? 0;
  };
  for (let place = nodes.length - 1; place > 0; place -= 1) {
    for (const before of graph.befores(nodes[place] ?? 0)) {
      const from = placeOf[before] ?? -1;
      if (from >= 0) semi[place] = Math.min(semi[place] ?? 0, semi[least(from)] ?? 0);
    }
    linked[place] = parent[place] ?? 0;
  }
  return semi;
}
