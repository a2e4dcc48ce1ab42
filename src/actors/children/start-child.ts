/** Starting a child run: its rows are written in the turn of the stage that waits for it. Source: 03 §8. */
import { assert } from "../../errors.ts";
import { expandText, readVariables, type VariableScope, variableAt } from "../../graph/expand.ts";
import type { Graph, GraphNode, JsonValue } from "../../graph/index.ts";
import { BRANCH_DEPTH_MAX } from "../../limits.ts";
import type { Effect, StageEvent } from "../../machines/protocol.ts";
import type { RunCreation } from "../../persistence/store.ts";
import { createdData } from "../created-data.ts";
import type { Draft } from "../draft.ts";
import { childRunId } from "./child-id.ts";
import { type ParentLink, parentLink } from "./parent-link.ts";
import { type ChildPin, heldPins, pinsOfChild } from "./pins.ts";

type EffectOf<T extends Effect["type"]> = Extract<Effect, { type: T }>;
type Unstamped<T> = T extends unknown ? Omit<T, "atMs" | "runMs" | "baseSeq"> : never;
export type ChildEvent = Unstamped<
  Extract<StageEvent, { type: "CHILD_STARTED" | "CHILD_OBSERVED" | "SETTLED" | `CHILD_${string}` }>
>;

/** A child that a turn starts. */
export interface ChildStart {
  readonly runId: string;
  readonly pin: ChildPin;
  readonly inputs: Readonly<Record<string, JsonValue>>;
  readonly parent: ParentLink;
}

/** Notes the child, and answers its stage: it is there with this turn, or cannot be. */
export function engageChild(draft: Draft, { stage, node: id }: EffectOf<"effect.child.start">): ChildEvent {
  const { held } = draft;
  const node = held.index.node(id);
  const pin = heldPins(draft)?.[id];
  assert(node && pin, "the pipeline of a child run was pinned when its parent was created", { node: id });
  const depth = (parentLink(draft)?.depth ?? 0) + 1;
  if (depth > BRANCH_DEPTH_MAX) {
    const failureReason = `child runs are nested ${BRANCH_DEPTH_MAX} deep, which is the limit`;
    return { type: "SETTLED", outcome: { status: "fail", failureReason }, code: "max_depth" };
  }
  const branch = stage.slice(0, stage.lastIndexOf("/"));
  const runId = childRunId(held.runId, stage);
  draft.record({ type: "child.started", branch, stage, data: { child: runId, pipeline: pin.name } });
  const seq = held.seq + draft.entries.length;
  const parent: ParentLink = { runId: held.runId, seq, stage, depth, outputs: outputsOf(node) };
  draft.childStarts.push({ runId, pin, inputs: inputsOf(draft, node, branch), parent });
  return { type: "CHILD_STARTED", run: runId };
}

const INPUT = "inputs.";

/** Those of the parent, and above them the node's `inputs.<name>`, filled in from its context. */
function inputsOf({ held, scopes }: Draft, node: GraphNode, branch: string): Record<string, JsonValue> {
  const goal = held.graph.attributes["goal"];
  const scope: VariableScope = {
    goal: typeof goal === "string" ? goal : undefined,
    inputs: held.inputs,
    read: (key) => scopes.read(branch, key),
  };
  const own = Object.entries(node.attributes).filter(([name]) => name.startsWith(INPUT));
  const filled = own.map(([name, value]) => [name.slice(INPUT.length), inputOf(value, scope)] as const);
  return { ...held.inputs, ...Object.fromEntries(filled) };
}

/** A text that is one variable is that variable's value, whatever it is; other texts are filled in. */
function inputOf(value: JsonValue, scope: VariableScope): JsonValue {
  if (typeof value !== "string") return value;
  const variable = variableAt(value.trim(), 0);
  const whole = variable?.end === value.trim().length ? readVariables(scope)(variable.name) : undefined;
  return whole ?? expandText(value, scope);
}

function outputsOf({ attributes }: GraphNode): readonly string[] {
  const named = attributes["outputs"];
  return typeof named === "string" ? named.split(/[\s,]+/).filter(Boolean) : [];
}

/** What a child is created with: unowned and queued, to be taken up at once by whoever drives its parent. */
export function creationOf(draft: Draft, graph: Graph, start: ChildStart) {
  const { held } = draft;
  const { runId, pin, inputs, parent } = start;
  const create: RunCreation = {
    runId,
    status: "queued",
    pipelineName: pin.name,
    pipelineHash: pin.hash,
    labels: held.row.labels,
    inputs,
    createdAtMs: draft.atMs,
    parentRun: parent.runId,
    parentSeq: parent.seq,
  };
  const pins = pinsOfChild(heldPins(draft) ?? {}, pin.hash);
  return { create, created: createdData({ graph, hash: pin.hash }, { inputs, pins, parent }) };
}
