/** What a node is drawn as at a seq: a node that many branches visit speaks for all of them. */
import type { History } from "./history.ts";
import { isEnded, type StageState, stateAt } from "./tracks.ts";

export interface NodeAt {
  readonly state: StageState;
  /** Of a node that more than one branch visited. */
  readonly counts?: { readonly done: number; readonly running: number; readonly failed: number };
  readonly visits: number;
}

const TELLING: readonly StageState[] = ["running", "backing_off", "interrupted", "waiting", "failed"];

interface Tally {
  ofMain?: StageState;
  readonly branches: Map<string, StageState>;
  visits: number;
}

export function nodesAt(history: History, seq: number): Map<string, NodeAt> {
  const tallies = new Map<string, Tally>();
  for (const stage of history.stages.values()) {
    const state = stateAt(stage.marks, seq);
    if (state === undefined) continue;
    let tally = tallies.get(stage.node);
    if (!tally) {
      tally = { branches: new Map(), visits: 0 };
      tallies.set(stage.node, tally);
    }
    tally.visits += 1;
    // Later visits of a branch come later in the journal.
    tally.branches.set(stage.branch, state);
    if (stage.branch === "main") tally.ofMain = state;
  }
  return new Map([...tallies].map(([node, tally]) => [node, nodeOf(tally)]));
}

function nodeOf({ ofMain, branches, visits }: Tally): NodeAt {
  const states = [...branches.values()];
  if (states.length === 1) return { state: ofMain ?? (states[0] as StageState), visits };
  const failed = states.filter((state) => state === "failed").length;
  const done = states.filter(isEnded).length - failed;
  const counts = { done, failed, running: states.length - done - failed };
  const seen = new Set(states);
  const state = ofMain ?? TELLING.find((each) => seen.has(each)) ?? (states.at(-1) as StageState);
  return { state, counts, visits };
}

/** How often an edge was taken by then; `begun` counts branches that began with it. */
export function timesTaken(
  history: History,
  edge: { readonly index: number; readonly from: string; readonly to: string; readonly isConditional: boolean },
  seq: number,
): number {
  const taken = countUpTo(history.edges.get(edge.index), seq);
  return taken + (edge.isConditional ? 0 : countUpTo(history.ways.get(`${edge.from} ${edge.to}`), seq));
}

/** Of an ascending list. */
function countUpTo(seqs: readonly number[] = [], seq: number): number {
  let low = 0;
  let high = seqs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((seqs[middle] as number) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
