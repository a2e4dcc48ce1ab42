import { parseStageAddress } from "../../journal/address.ts";
import type { EntryType } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";

/** Entry types from which {@link createNodeProgress} learns; for queries that leave the others out. */
export const NODE_PROGRESS_TYPES = [
  "stage.entered",
  "stage.started",
  "stage.retry_scheduled",
  "stage.succeeded",
  "stage.failed",
  "stage.skipped",
  "stage.cancelled",
] as const satisfies readonly EntryType[];

/** How far the nodes of a run have come, in the terms of the Attractor specification's checkpoint. */
export interface NodeProgress {
  /** The node whose stage ended last; null before the first has. */
  readonly currentNode: string | null;
  /** Nodes with a stage that ended in success, in the order of the first such end. */
  readonly completedNodes: readonly string[];
  /** Retries of each node's last visit; nodes without are left out. */
  readonly nodeRetries: Readonly<Record<string, number>>;
  /** Visits by branch and node. */
  readonly visits: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface NodeProgressBuilder {
  add(entry: JournalEntry): void;
  progress(): NodeProgress;
}

/** Collects the progress of nodes from a run's entries, in order. Memory is O(nodes), not O(entries). */
export function createNodeProgress(): NodeProgressBuilder {
  let currentNode: string | null = null;
  const completed = new Set<string>();
  const retries = new Map<string, { stage: string; count: number }>();
  const visits = new Map<string, Map<string, number>>();
  return {
    add(entry) {
      if (entry.stage === undefined || !isProgress(entry.type)) return;
      const { branch, node, visit } = parseStageAddress(entry.stage);
      const ofBranch = visits.get(branch) ?? new Map<string, number>();
      visits.set(branch, ofBranch);
      ofBranch.set(node, Math.max(visit, ofBranch.get(node) ?? 0));
      const retry = retries.get(node);
      if (retry?.stage !== entry.stage) retries.set(node, { stage: entry.stage, count: 0 });
      if (entry.type === "stage.retry_scheduled") retries.get(node)!.count += 1;
      if (entry.type === "stage.succeeded") completed.add(node);
      if (entry.type === "stage.succeeded" || entry.type === "stage.failed" || entry.type === "stage.skipped") {
        currentNode = node;
      }
    },
    progress: () => ({
      currentNode,
      completedNodes: [...completed],
      nodeRetries: Object.fromEntries([...retries].filter(([, r]) => r.count > 0).map(([node, r]) => [node, r.count])),
      visits: Object.fromEntries([...visits].map(([branch, nodes]) => [branch, Object.fromEntries(nodes)])),
    }),
  };
}

const PROGRESS: ReadonlySet<string> = new Set(NODE_PROGRESS_TYPES);

function isProgress(type: string): boolean {
  return PROGRESS.has(type);
}
