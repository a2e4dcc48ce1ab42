import type { GraphEdge } from "../../../graph/index.ts";
import { parseStageAddress, readStageAddress } from "../../../journal/address.ts";
import type { EntryData, EntryType } from "../../../journal/catalogue.ts";
import type { JournalEntry } from "../../../journal/entry.ts";
import type { Store } from "../../../persistence/store.ts";
import { findRun } from "../find-run.ts";
import { journalPages } from "../journal-pages.ts";
import { describeCounts, type NodeCounts, type NodeState, NodeTally } from "./node-tally.ts";

export type { NodeState };

/** A run as it is laid over its pipeline. */
export interface Overlay {
  readonly nodes: ReadonlyMap<string, NodeState>;
  /** Of nodes that more than one branch visited. */
  readonly counts: ReadonlyMap<string, NodeCounts>;
  /** How often each edge was taken, by declaration index. */
  readonly edges: ReadonlyMap<number, number>;
  /** How often branches were begun, by the name of their way (see {@link timesTaken}). */
  readonly begun: ReadonlyMap<string, number>;
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
const TYPES = [...(Object.keys(STATE_OF) as EntryType[]), "edge.selected", "branch.started"];

/**
 * The state of each visited node of a run and the edges it took. A node that several branches visit has the state of
 * main, if main does, and counts of all.
 */
export async function overlayOf(store: Store, runId: string): Promise<Overlay> {
  await findRun(store, runId);
  const tallies = new Map<string, NodeTally>();
  const edges = new Map<number, number>();
  const begun = new Map<string, number>();
  for await (const page of journalPages(store, { runId, types: TYPES })) {
    for (const entry of page) {
      if (entry.type === "edge.selected") countEdge(edges, entry);
      else if (entry.type === "branch.started") countBegun(begun, entry);
      else if (entry.stage !== undefined) markNode(tallies, entry.stage, stateAfter(entry));
    }
  }
  const counted = [...tallies].map(([node, tally]) => [node, tally.counts()] as const);
  return {
    nodes: new Map([...tallies].map(([node, tally]) => [node, tally.state()])),
    counts: new Map(
      counted.filter(([, { done, running, failed, cancelled }]) => done + running + failed + cancelled > 1),
    ),
    edges,
    begun,
  };
}

/** How often an edge was taken, by a branch that went on or by one that began with it. */
export function timesTaken({ edges, begun }: Overlay, edge: GraphEdge): number {
  const asBranch = edge.attributes["condition"] === undefined ? begun.get(wayOf(edge.from, edge.to)) : undefined;
  return (edges.get(edge.index) ?? 0) + (asBranch ?? 0);
}

/** `97 done, 2 running, 1 failed`, for a node that several branches visited. */
export function countsAt(overlay: Overlay | undefined, node: string): string | undefined {
  const counts = overlay?.counts.get(node);
  return counts && describeCounts(counts);
}

function wayOf(from: string, to: string): string {
  return JSON.stringify([from, to]);
}

function countBegun(begun: Map<string, number>, entry: JournalEntry): void {
  const { activation, head } = entry.data as EntryData<"branch.started">;
  const from = readStageAddress(activation)?.node;
  if (from === undefined) return;
  const way = wayOf(from, head);
  begun.set(way, (begun.get(way) ?? 0) + 1);
}

function markNode(tallies: Map<string, NodeTally>, stage: string, state: NodeState | undefined): void {
  if (state === undefined) return;
  const { node, ...visit } = parseStageAddress(stage);
  let tally = tallies.get(node);
  if (!tally) {
    tally = new NodeTally();
    tallies.set(node, tally);
  }
  tally.mark(visit, state);
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
