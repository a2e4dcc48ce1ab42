import type { Graph, JsonValue } from "../../graph/index.ts";
import { MAIN_BRANCH, parseStageAddress, readExecution } from "../../journal/address.ts";
import type { EntryOutcome } from "../../journal/catalogue.ts";
import { isBlobReference } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import type { ArtifactRow, RunRow, Store } from "../../persistence/store.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { checkpointOf } from "./checkpoint.ts";
import { openExportDirectory } from "./export-directory.ts";
import { createFileNames } from "./export-names.ts";
import { findRun } from "./find-run.ts";
import { graphOf } from "./graph.ts";
import { journalPages } from "./journal-pages.ts";
import { instant } from "./runs.ts";
import { blobBytes, resolveValue } from "./stored-value.ts";

export interface ExportReport {
  readonly runId: string;
  readonly dir: string;
  /** Relative to the directory. */
  readonly files: readonly string[];
}

type Write = (path: string, content: string | Uint8Array) => Promise<void>;

/**
 * Writes the run directory of the Attractor specification: `checkpoint.json`, `manifest.json`, and per node
 * `status.json` and the stage's artifacts, of the last visit; beside them `visits/<n>/` of every visit and `pipeline.dot`.
 * Visits of other branches than main are named `<n>@<branch>`.
 * *Throws* `run_not_found`; `usage` when the directory holds anything but an earlier export.
 */
export async function exportRun(store: Store, runId: string, dir: string): Promise<ExportReport> {
  const run = await findRun(store, runId);
  const graph = await graphOf(store, runId);
  const checkpoint = await checkpointOf(store, runId);
  const target = await openExportDirectory(dir);
  await target.write("pipeline.dot", graph.source);
  const places = createPlaces();
  await writeOutcomes(store, { runId, until: checkpoint.seq, places, write: target.write });
  await writeArtifacts(store, { runId, places, write: target.write });
  await target.write("checkpoint.json", json(attractorCheckpoint(checkpoint)));
  const files = await target.finish(manifestOf(run, graph));
  return { runId, dir, files };
}

/** Where a stage's files go: the visit's own directory, and the node's if this is its last visit. */
interface Places {
  /** The first stage of a node that is asked for counts as its last visit. */
  of(stage: string): readonly string[];
}

function createPlaces(): Places {
  const nodeName = createFileNames(["checkpoint.json", "manifest.json", "pipeline.dot"]);
  const branchName = createFileNames();
  const lastOfNode = new Map<string, string>();
  return {
    of(stage) {
      const { branch, node, visit } = parseStageAddress(stage);
      if (!lastOfNode.has(node)) lastOfNode.set(node, stage);
      const dir = `${nodeName(node)}/visits/${visit}${branch === MAIN_BRANCH ? "" : `@${branchName(branch)}`}`;
      return lastOfNode.get(node) === stage ? [dir, nodeName(node)] : [dir];
    },
  };
}

/** Read newest first, so that a node's last visit is the first one seen. */
async function writeOutcomes(
  store: Store,
  to: { readonly runId: string; readonly until: number; readonly places: Places; readonly write: Write },
): Promise<void> {
  const types = ["stage.succeeded", "stage.failed", "stage.skipped"];
  const pages = journalPages(store, { runId: to.runId, until: to.until, types, descending: true });
  for await (const page of pages) for (const entry of page) await writeOutcome(store, entry, to);
}

async function writeOutcome(
  store: Store,
  entry: JournalEntry,
  to: { readonly places: Places; readonly write: Write },
): Promise<void> {
  if (entry.stage === undefined) return;
  const { outcome } = entry.data as { outcome: EntryOutcome };
  const updates: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(outcome.contextUpdates ?? {})) {
    const stored = isBlobReference(value) ? { blob: value.$blob, bytes: value.bytes } : undefined;
    updates.push([key, stored ? await resolveValue(store, stored) : (value as JsonValue)]);
  }
  const text = json(attractorStatus(outcome, Object.fromEntries(updates)));
  for (const dir of to.places.of(entry.stage)) await to.write(`${dir}/status.json`, text);
}

/** A later execution's artifact replaces an earlier one's of the same name. */
async function writeArtifacts(
  store: Store,
  to: { readonly runId: string; readonly places: Places; readonly write: Write },
): Promise<void> {
  const rows = [...(await store.read("artifacts", { runId: to.runId }))].sort(byExecution);
  const names = new Map<string, (name: string) => string>();
  for (const row of rows) {
    // The journaled outcome is what counted: a stage's own status.json does not replace it.
    if (row.name === "status.json") continue;
    const nameOf = names.get(row.stage) ?? createFileNames(["visits", "status.json"]);
    names.set(row.stage, nameOf);
    const bytes = await blobBytes(store, row.hash);
    for (const dir of to.places.of(row.stage)) await to.write(`${dir}/${nameOf(row.name)}`, bytes);
  }
}

function byExecution(a: ArtifactRow, b: ArtifactRow): number {
  const [first, second] = [readExecution(a.execution ?? ""), readExecution(b.execution ?? "")];
  return (first?.attempt ?? 0) - (second?.attempt ?? 0) || (first?.start ?? 0) - (second?.start ?? 0);
}

function attractorStatus(outcome: EntryOutcome, updates: Record<string, JsonValue>): Record<string, unknown> {
  return {
    outcome: outcome.status,
    preferred_next_label: outcome.preferredLabel ?? "",
    suggested_next_ids: outcome.suggestedNextIds ?? [],
    context_updates: updates,
    notes: outcome.notes ?? "",
    ...(outcome.failureReason === undefined ? {} : { failure_reason: outcome.failureReason }),
  };
}

function attractorCheckpoint(checkpoint: Checkpoint): Record<string, unknown> {
  const { timestamp, current_node, completed_nodes, node_retries, context, ...ours } = checkpoint;
  return { timestamp, current_node, completed_nodes, node_retries, context, logs: [], safepoint: ours };
}

function manifestOf(run: RunRow, graph: Graph): Record<string, unknown> {
  return {
    name: run.pipelineName,
    goal: graph.attributes["goal"] ?? "",
    start_time: instant(run.startedAtMs ?? run.createdAtMs),
    ...(run.finishedAtMs === undefined ? {} : { end_time: instant(run.finishedAtMs) }),
    run_id: run.runId,
    status: run.status,
    pipeline_hash: run.pipelineHash,
    inputs: run.inputs,
    labels: run.labels,
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
