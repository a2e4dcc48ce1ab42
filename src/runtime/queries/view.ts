import type { GraphNode } from "../../graph/index.ts";
import { parsePipeline } from "../../graph/parser.ts";
import type { RunView } from "../../journal/run-view.ts";
import { createViewBuilder } from "../../journal/run-view.ts";
import { LIST_ITEMS_MAX } from "../../limits.ts";
import type { RunRow, Store } from "../../persistence/store.ts";
import { findRun } from "./find-run.ts";
import { withoutDeadOwner } from "./is-driven.ts";
import { journalPages } from "./journal-pages.ts";
import type { TurnAt } from "./turn-at.ts";
import { turnAt } from "./turn-at.ts";

/** A run as it is shown. `at` is there where a point of its history was asked for, and says which was used. */
export interface ViewAt {
  readonly view: RunView;
  readonly at?: TurnAt;
}

export interface ViewQuery {
  /** A seq; rounded down to the end of a complete turn. */
  readonly at?: number | undefined;
  /** Index of the first stage and branch listed. */
  readonly stagesFrom?: number;
  readonly branchesFrom?: number;
  /** Epoch ms: an owner whose lease is over by then is no owner. Absent: leases count as in force. */
  readonly now?: number;
}

/**
 * The view of a run, now or at a point of its history. Reads the journal page by page: memory is O(live), not
 * O(history). *Throws* `run_not_found`, `usage` (see turnAt).
 */
export async function viewOf(store: Store, runId: string, query: ViewQuery = {}): Promise<ViewAt> {
  const run = await findRun(store, runId);
  const at = query.at === undefined ? undefined : await turnAt(store, run, query.at);
  const gates = await goalGatesOf(store, run);
  const builder = createViewBuilder({
    stagesFrom: query.stagesFrom ?? 0,
    branchesFrom: query.branchesFrom ?? 0,
    isGoalGate: (node) => gates.has(node),
  });
  for await (const page of journalPages(store, { runId, until: at?.used ?? run.seq })) {
    for (const entry of page) builder.push(entry);
  }
  const view = builder.view(query.now === undefined ? { run } : { run, now: query.now });
  return at ? { view, at } : { view: withoutDeadOwner(await withForks(store, view)) };
}

/** Forks are runs of their own, of which the run they came from has no entry. */
export async function withForks(store: Store, view: RunView): Promise<RunView> {
  const { children } = view.lineage;
  const known = new Set(children.map(({ runId }) => runId));
  const rows = await store.read("runs", { parentRun: view.runId, limit: LIST_ITEMS_MAX });
  const forks = rows.filter(({ runId }) => !known.has(runId)).map(({ runId, status }) => ({ runId, status }));
  return forks.length === 0 ? view : { ...view, lineage: { ...view.lineage, children: [...children, ...forks] } };
}

/** Most pipelines have no goal gate: then the text need not be parsed for one. */
export async function goalGatesOf(store: Store, run: RunRow): Promise<ReadonlySet<string>> {
  const [pipeline] = await store.read("pipelines", { hash: run.pipelineHash });
  if (!pipeline?.source.includes("goal_gate")) return new Set();
  const { nodes } = parsePipeline(pipeline.source);
  return new Set(nodes.filter(isGoalGate).map((node) => node.id));
}

function isGoalGate(node: GraphNode): boolean {
  const value = node.attributes["goal_gate"];
  return value === true || value === "true";
}
