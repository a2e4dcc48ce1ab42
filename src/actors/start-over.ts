/** Starting over: the run that follows one whose path took a `loop_restart` edge. Source: 03 §4. */
import type { JsonValue } from "../graph/index.ts";
import type { RunCreation, TurnWrite } from "../persistence/store.ts";
import { parentLink } from "./children/parent-link.ts";
import { heldPins } from "./children/pins.ts";
import type { CreatedData } from "./created-data.ts";
import type { Draft } from "./draft.ts";
import { followerId, type HeldRun } from "./held-run.ts";
import { computeTurn, type TurnSettings } from "./inputs.ts";
import { emptyRun } from "./load.ts";

/** First turn of the next run of the chain; stored with the end of this one, unowned, and taken up at once. */
export function startOver(held: HeldRun, draft: Draft, settings: TurnSettings): TurnWrite {
  const { row, graph } = held;
  const rootRunId = row.rootRun ?? row.runId;
  const restarts = held.restarts + 1;
  const create: RunCreation = {
    runId: followerId(held),
    status: "queued",
    pipelineName: row.pipelineName,
    pipelineHash: row.pipelineHash,
    labels: row.labels,
    inputs: row.inputs,
    createdAtMs: draft.atMs,
    rootRun: rootRunId,
    ...(row.parentRun === undefined ? {} : { parentRun: row.parentRun }),
    ...(row.parentSeq === undefined ? {} : { parentSeq: row.parentSeq }),
  };
  const created: CreatedData = {
    pipeline: { name: row.pipelineName, hash: row.pipelineHash },
    context: { ...baseContext(held), ...persistedKeys(held, draft) },
    rootRunId,
    restarts,
    maxRestarts: settings.maxRestarts,
    ...family(held),
  };
  const head = draft.restart as string;
  const next = emptyRun(create, graph, restarts);
  const input = { kind: "begin" as const, create, slot: false, created, head };
  return computeTurn(next, input, { ...settings, atMs: draft.atMs }).toWrite();
}

/** What it starts itself, and who waits for it. */
function family(held: HeldRun): Pick<CreatedData, "children" | "parent"> {
  const pins = heldPins(held);
  const parent = parentLink(held);
  return { ...(pins === undefined ? {} : { children: pins }), ...(parent === undefined ? {} : { parent }) };
}

/** What each run's main scope starts with, whatever is persisted over a restart. */
function baseContext(held: HeldRun): Record<string, JsonValue> {
  const base: Record<string, JsonValue> = {};
  for (const [key, value] of held.scopes.own("main")) {
    if (value !== undefined && (key.startsWith("graph.") || key.startsWith("inputs."))) base[key] = value;
  }
  return base;
}

function persistedKeys(held: HeldRun, draft: Draft): Record<string, JsonValue> {
  const named = held.graph.attributes["loop_restart_persist_keys"];
  const keys = typeof named === "string" ? named.split(/[\s,]+/).filter(Boolean) : [];
  const kept: Record<string, JsonValue> = {};
  for (const key of keys) {
    const value = draft.scopes.read("main", key);
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}
