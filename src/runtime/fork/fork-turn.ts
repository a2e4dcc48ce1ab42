/** The first turn of a fork: the folded base, and every row that a run in that state has. Source: 03 §9. */

import { stageAddressOf } from "../../actors/held-run.ts";
import { toEntryForm } from "../../actors/outcome-entry.ts";
import type { StageInputs } from "../../actors/stage-inputs.ts";
import { type Graph, indexGraph, type JsonValue, stageSettings } from "../../graph/index.ts";
import { readStageAddress } from "../../journal/address.ts";
import { type BlobReference, type ContextValue, isBlobReference } from "../../journal/catalogue.ts";
import type { NewEntry } from "../../journal/entry.ts";
import { type FoldState, fold, foldToJson } from "../../journal/fold.ts";
import { rebuildSnapshots } from "../../machines/rebuild.ts";
import type {
  ContextWrite,
  RunRow,
  ScopeWrite,
  Store,
  StoredValue,
  TimerWrite,
  TurnWrite,
} from "../../persistence/store.ts";
import { resolveValue } from "../queries/stored-value.ts";
import { keptEnds } from "./kept-ends.ts";

export interface ForkPlan {
  readonly store: Store;
  readonly run: RunRow;
  readonly graph: Graph;
  readonly base: FoldState;
  readonly runId: string;
  readonly atMs: number;
  /** Stands above what the base has. */
  readonly context: Readonly<Record<string, JsonValue>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly stageInputs: StageInputs;
  readonly maxRestarts: number;
}

/** Queued and unowned: whoever takes it lets it begin where the base stopped. */
export async function forkTurn(plan: ForkPlan): Promise<TurnWrite> {
  const { run, runId, atMs } = plan;
  const entries = await forkEntries(plan);
  const seq = entries.length;
  const state = fold(
    entries.map((entry, index) => ({ ...entry, v: 1, runId, seq: index + 1, gseq: index + 1, turn: seq, at: atMs })),
  );
  const actors = await forkActors(plan, state);
  const parents = new Map(
    (await plan.store.read("scopes", { runId: run.runId })).map((row) => [row.scope, row.parent]),
  );
  return {
    runId,
    token: 0,
    baseSeq: 0,
    atMs,
    create: {
      runId,
      status: "queued",
      pipelineName: run.pipelineName,
      pipelineHash: run.pipelineHash,
      labels: plan.labels,
      inputs: run.inputs,
      createdAtMs: atMs,
      parentRun: run.runId,
      parentSeq: plan.base.seq,
    },
    entries,
    actors: [...actors].map(([actor, { machine, snapshot }]) => ({ actor, machine, snapshot })),
    scopes: [...state.context.keys()].map((scope): ScopeWrite => scopeOf(scope, parents.get(scope))),
    context: [
      ...contextOf(state),
      ...(await countersOf(plan, state, actors.keys())),
      ...(await keptEnds(plan.store, { runId: run.runId, atSeq: plan.base.seq, state })),
    ],
    timers: [...state.timers.values()].map((timer): TimerWrite => timer),
  };
}

async function forkEntries({ store, run, base, graph, context, labels, maxRestarts }: ForkPlan): Promise<NewEntry[]> {
  const { outcome } = await toEntryForm(store, { status: "success", contextUpdates: { ...context } });
  const restarts = base.origin?.restarts;
  return [
    {
      type: "run.created",
      data: {
        pipeline: { name: graph.name, hash: run.pipelineHash },
        inputs: { ...run.inputs },
        labels: { ...labels },
        context: outcome.contextUpdates ?? {},
        ...(restarts === undefined ? {} : { restarts }),
        maxRestarts,
        ...(base.origin?.children === undefined ? {} : { children: base.origin.children }),
      },
    },
    { type: "run.forked", data: { from: run.runId, at: base.seq, base: foldToJson(base) } },
    { type: "run.queued", data: {} },
  ];
}

async function forkActors({ store, graph, stageInputs, maxRestarts }: ForkPlan, state: FoldState) {
  const values = await resolved(store, state);
  const parentOf = (branch: string) => (branch.includes("/") ? branch.slice(0, branch.lastIndexOf("/")) : undefined);
  const read = (branch: string, key: string): JsonValue | undefined => {
    for (let at: string | undefined = branch; at !== undefined; at = parentOf(at)) {
      const own = values.get(at);
      if (own?.has(key)) return own.get(key);
    }
    return undefined;
  };
  return rebuildSnapshots(state, { graph, stageInput: stageInputs, read, maxRestarts });
}

async function resolved(
  store: Store,
  { context }: FoldState,
): Promise<Map<string, Map<string, JsonValue | undefined>>> {
  const scopes = [...context].map(async ([scope, own]) => {
    const values = [...own].map(async ([key, value]) => [key, await foldedValue(store, value)] as const);
    return [scope, new Map(await Promise.all(values))] as const;
  });
  return new Map(await Promise.all(scopes));
}

async function foldedValue(store: Store, value: ContextValue | undefined): Promise<JsonValue | undefined> {
  return value === undefined ? undefined : resolveValue(store, storedForm(value));
}

function storedForm(value: ContextValue): StoredValue {
  if (!isBlobReference(value)) return { json: JSON.stringify(value) };
  const { $blob, bytes } = value as BlobReference;
  return { blob: $blob, bytes };
}

/** A scope falls through to its parent as it stands, as where it was forked. */
function scopeOf(scope: string, parent: string | undefined): ScopeWrite {
  return parent === undefined ? { scope } : { scope, parent };
}

/** Values by reference where they are blobs: a fork copies no large value. */
function contextOf({ context }: FoldState): ContextWrite[] {
  return [...context].flatMap(([scope, own]) =>
    [...own].map(([key, value]): ContextWrite => {
      return { scope, key, ...(value === undefined ? {} : { value: storedForm(value) }) };
    }),
  );
}

/** The driver's counters, as it would have counted: visits, redirects, goal gates, restarts. */
async function countersOf(
  { store, run, graph, base }: ForkPlan,
  state: FoldState,
  actors: Iterable<string>,
): Promise<ContextWrite[]> {
  const counters = new Map<string, JsonValue>();
  const index = indexGraph(graph);
  const isGate = (id: string) => {
    const node = index.node(id);
    return node !== undefined && stageSettings(graph, node).goalGate;
  };
  for (const [branch, nodes] of state.visits) {
    for (const [node, { visits, last }] of nodes) {
      counters.set(`@visits:${branch}\0${node}`, visits);
      if (last && isGate(node)) counters.set(`@gates:${branch}\0${node}`, last.status);
    }
  }
  for (const [branch, count] of state.redirects) counters.set(`@redirects:${branch}\0count`, count);
  // A stage that is there and has not begun was counted when it was chosen.
  for (const actor of actors) {
    const address = stageAddressOf(actor);
    const held = address === undefined ? undefined : readStageAddress(address);
    if (held) counters.set(`@visits:${held.branch}\0${held.node}`, held.visit);
  }
  if (base.origin?.children) counters.set("@run\0children", { ...base.origin.children });
  if (base.origin?.restarts) counters.set("@run\0restarts", base.origin.restarts);
  if (state.branches.size === 0) {
    const [head] = await store.read("context", { runId: run.runId, scope: "@run", key: "head", atSeq: base.seq });
    if (head?.value && "json" in head.value) counters.set("@run\0head", JSON.parse(head.value.json) as JsonValue);
  }
  return [...counters].map(([name, value]): ContextWrite => {
    const [scope = "", key = ""] = name.split("\0");
    return { scope, key, value: { json: JSON.stringify(value) } };
  });
}
