/**
 * The strongly connected components of a graph whose nodes count from 0, each sorted; by Tarjan's algorithm without
 * recursion, so that no pipeline is too deep for it.
 */
export function componentsOf(nexts: readonly (readonly number[])[]): number[][] {
  const search: Search = {
    nexts,
    order: new Int32Array(nexts.length).fill(-1),
    low: new Int32Array(nexts.length),
    onStack: new Uint8Array(nexts.length),
    stack: [],
    clock: 0,
  };
  const components: number[][] = [];
  for (let root = 0; root < nexts.length; root += 1) {
    if (search.order[root] === -1) walkFrom(search, root, components);
  }
  return components;
}

interface Search {
  readonly nexts: readonly (readonly number[])[];
  readonly order: Int32Array;
  readonly low: Int32Array;
  readonly onStack: Uint8Array;
  readonly stack: number[];
  clock: number;
}

interface Visit {
  readonly node: number;
  /** The next of `nexts[node]` to look at. */
  at: number;
}

function walkFrom(search: Search, root: number, components: number[][]): void {
  const path = [enter(search, root)];
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const next = search.nexts[top.node]?.[top.at];
    top.at += 1;
    if (next === undefined) {
      leave(search, top.node, components);
      path.pop();
      const above = path.at(-1);
      if (above) lower(search, above.node, search.low[top.node] ?? 0);
    } else if (search.order[next] === -1) {
      path.push(enter(search, next));
    } else if (search.onStack[next] === 1) {
      lower(search, top.node, search.order[next] ?? 0);
    }
  }
}

function enter(search: Search, node: number): Visit {
  search.order[node] = search.low[node] = search.clock++;
  search.stack.push(node);
  search.onStack[node] = 1;
  return { node, at: 0 };
}

function lower(search: Search, node: number, to: number): void {
  search.low[node] = Math.min(search.low[node] ?? 0, to);
}

function leave(search: Search, node: number, components: number[][]): void {
  if (search.low[node] !== search.order[node]) return;
  const members: number[] = [];
  for (let member = search.stack.pop(); member !== undefined; member = search.stack.pop()) {
    search.onStack[member] = 0;
    members.push(member);
    if (member === node) break;
  }
  components.push(members.sort((a, b) => a - b));
}
