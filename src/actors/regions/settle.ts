/** What an activation comes to: results in order, merged keys with their provenance. Source: 03 §5-6. */
import { assert } from "../../errors.ts";
import { findJoin, type GraphNode, isFailureStatus, type JsonValue, parallelSettings } from "../../graph/index.ts";
import { readStageAddress } from "../../journal/address.ts";
import type { ContextValue, EntryOutcome } from "../../journal/catalogue.ts";
import { MERGE_ENGINE_KEYS } from "../../journal/context-changes.ts";
import { type BranchResult, conflictMessage, type MergeConflict, mergeBranches } from "../../machines/merge.ts";
import type { Effect, RegionDecision, StageEvent } from "../../machines/protocol.ts";
import type { Draft } from "../draft.ts";
import { stageActor } from "../held-run.ts";
import { coordinatorOf, endsScope, type KeptEnd } from "../regions.ts";

type Settled = Omit<Extract<StageEvent, { type: "SETTLED" }>, "atMs" | "runMs" | "baseSeq">;

/** The outcome of an activation whose branches have all ended. */
export function settleRegion(
  draft: Draft,
  { stage, node, decision }: Extract<Effect, { type: "effect.region.settle" }>,
): Settled {
  const graphNode = draft.held.index.node(node);
  assert(graphNode, "an activation is of a node of the pipeline", { node });
  if (graphNode.type === "parallel") return settleParallel(draft, graphNode, { stage, decision });
  if (graphNode.type !== "foreach") return settled(decision, {});
  const results: JsonValue[] = [];
  for (const [index, { status, notes, value }] of endsOf(draft, stage)) {
    results.push({ index, status, notes: notes ?? null, value: value ?? null });
  }
  return settled(decision, inEntryForm(draft, { [`foreach.${node}.results`]: results }));
}

interface Activation {
  readonly stage: string;
  readonly decision: RegionDecision;
}

function settleParallel(draft: Draft, node: GraphNode, { stage, decision }: Activation): Settled {
  const settings = parallelSettings(draft.held.graph, node);
  const results = resultsOf(draft, node, stage).filter(
    ({ status }) => settings.join.errorPolicy !== "ignore" || !isFailureStatus(status),
  );
  const failed = decision.decision === "fail";
  const merge = mergeBranches({ node: node.id, activation: stage, results, settings, failed });
  const updates: Record<string, JsonValue> = {
    "parallel.results": results as unknown as JsonValue,
    [`parallel.${node.id}.results`]: results as unknown as JsonValue,
    ...merge.updates,
  };
  const outcome = merge.conflicts.length > 0 ? conflicting(merge.conflicts) : decision;
  const removed = staleKeys(draft, { stage, node: node.id, updates });
  return {
    ...settled(outcome, inEntryForm(draft, updates)),
    ...(removed.length > 0 ? { removed } : {}),
    ...(Object.keys(merge.provenance).length > 0 ? { provenance: merge.provenance } : {}),
  };
}

function conflicting(conflicts: readonly MergeConflict[]): RegionDecision {
  const reason = `merge_conflict: ${conflictMessage(conflicts)}`;
  return { decision: "fail", status: "fail", code: "merge_conflict", reason };
}

/** By branch index, whatever the order they ended in. */
function resultsOf(draft: Draft, node: GraphNode, activation: string): BranchResult[] {
  const { heads } = findJoin(draft.held.graph, node.id);
  const names = heads.map(({ to }) => to);
  return Array.from(endsOf(draft, activation), ([index, { status, notes, outcome }]) => {
    const head = names[index] ?? "";
    const isShared = names.indexOf(head) !== names.lastIndexOf(head);
    return {
      id: isShared ? `${head}.${index}` : head,
      index,
      status,
      notes: notes ?? null,
      outcome: outcome ?? null,
      context: changedKeys(draft, `${activation}/${index}`),
    };
  });
}

function changedKeys(draft: Draft, branch: string): Record<string, JsonValue> {
  const changed: Record<string, JsonValue> = {};
  for (const [key, value] of draft.scopes.own(branch)) {
    if (value !== undefined && !MERGE_ENGINE_KEYS.has(key)) changed[key] = value;
  }
  return changed;
}

/** By index. Each is looked up: a copy of all would be the most that a run with a long list ever holds. */
function* endsOf(draft: Draft, activation: string): Iterable<readonly [number, KeptEnd]> {
  const begun = coordinatorOf(draft, stageActor(activation))?.context.region?.next ?? 0;
  for (let index = 0; index < begun; index += 1) {
    const end = draft.scopes.readOwn(endsScope(activation), String(index));
    if (end !== undefined) yield [index, end as unknown as KeptEnd];
  }
}

/** Keys of an earlier activation that this one does not write: an activation replaces them whole. */
function staleKeys(
  draft: Draft,
  { stage, node, updates }: { readonly stage: string; readonly node: string; readonly updates: object },
): string[] {
  const address = readStageAddress(stage);
  // The first visit on the main path has none before it.
  if (!address || (address.visit === 1 && address.branch === "main")) return [];
  const prefix = `parallel.${node}.`;
  const isOwn = (key: string) => key.startsWith(prefix) && /^(?:results$|\d+\.)/.test(key.slice(prefix.length));
  return draft.scopes.keysSeen(address.branch).filter((key) => isOwn(key) && !Object.hasOwn(updates, key));
}

function inEntryForm(draft: Draft, updates: Readonly<Record<string, JsonValue>>): Record<string, ContextValue> {
  return Object.fromEntries(Object.entries(updates).map(([key, value]) => [key, draft.toContextValue(value)]));
}

function settled(decision: RegionDecision, contextUpdates: Record<string, ContextValue>): Settled {
  const { status, code, reason } = decision;
  const outcome: EntryOutcome = {
    status,
    ...(Object.keys(contextUpdates).length > 0 ? { contextUpdates } : {}),
    ...(reason === undefined ? {} : { failureReason: reason }),
  };
  return { type: "SETTLED", outcome, ...(code === undefined ? {} : { code }) };
}
