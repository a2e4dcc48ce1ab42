import { MAIN_BRANCH, parseStageAddress } from "../../../journal/address.ts";
import type { EntryData, EntryType } from "../../../journal/catalogue.ts";
import type { JournalEntry } from "../../../journal/entry.ts";
import type { Store } from "../../../persistence/store.ts";
import { findRun } from "../find-run.ts";
import { journalPages } from "../journal-pages.ts";

/** What a node's last stage is at. */
export type NodeState =
  | "waiting"
  | "running"
  | "backing_off"
  | "interrupted"
  | "succeeded"
  | "partial"
  | "failed"
  | "skipped"
  | "cancelled";

/** A run as it is laid over its pipeline. */
export interface Overlay {
  readonly nodes: ReadonlyMap<string, NodeState>;
  /** How often each edge was taken, by declaration index. */
  readonly edges: ReadonlyMap<number, number>;
}

const STATE_OF: Partial<Record<EntryType, NodeState>> = {
  "stage.entered": "waiting",
  "stage.started": "running",
  "stage.retry_scheduled": "backing_off",
  "stage.interrupted": "interrupted",
  "stage.succeeded": "succeeded",
  "stage.failed": "failed",
  "stage.skipped": "skipped",
  "stage.cancelled": "cancelled",
};
const TYPES = [...(Object.keys(STATE_OF) as EntryType[]), "edge.selected"];

/** The state of each visited node of a run and the edges it took. Main counts before other branches at the same node. */
export async function overlayOf(store: Store, runId: string): Promise<Overlay> {
  await findRun(store, runId);
  const nodes = new Map<string, NodeState>();
  const edges = new Map<number, number>();
  const ofMain = new Set<string>();
  for await (const page of journalPages(store, { runId, types: TYPES })) {
    for (const entry of page) {
      if (entry.type === "edge.selected") countEdge(edges, entry);
      else if (entry.stage !== undefined) markNode({ nodes, ofMain }, entry.stage, stateAfter(entry));
    }
  }
  return { nodes, edges };
}

function markNode(
  marks: { readonly nodes: Map<string, NodeState>; readonly ofMain: Set<string> },
  stage: string,
  state: NodeState | undefined,
): void {
  const { branch, node } = parseStageAddress(stage);
  if (branch === MAIN_BRANCH) marks.ofMain.add(node);
  else if (marks.ofMain.has(node)) return;
  if (state !== undefined) marks.nodes.set(node, state);
}

function stateAfter(entry: JournalEntry): NodeState | undefined {
  if (entry.type === "stage.succeeded") {
    const { outcome } = entry.data as EntryData<"stage.succeeded">;
    return outcome.status === "partial_success" ? "partial" : "succeeded";
  }
  return STATE_OF[entry.type];
}

function countEdge(edges: Map<number, number>, entry: JournalEntry): void {
  const { edge } = entry.data as EntryData<"edge.selected">;
  if (edge !== undefined) edges.set(edge, (edges.get(edge) ?? 0) + 1);
}
