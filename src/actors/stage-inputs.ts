/** What a stage's chart is given of its node: how it works and its limits. Computed once per node. */

import { assert } from "../errors.ts";
import { type Graph, indexGraph, type OnInterrupt, parseDuration, stageSettings } from "../graph/index.ts";
import { managerSettings } from "../graph/manager-settings.ts";
import type { StageKind, StageLimits } from "../machines/protocol.ts";
import type { StageInput } from "../machines/stage.machine.ts";
import type { HandlerDefinition } from "./handler.ts";

export type StageInputs = (
  node: string,
) => Pick<StageInput, "kind" | "type" | "limits" | "timeoutMs" | "durationMs" | "pollMs">;

const KINDS: Readonly<Record<string, StageKind>> = {
  start: "instant",
  exit: "instant",
  conditional: "instant",
  wait: "wait",
  "wait.human": "gate",
  parallel: "parallel",
  foreach: "foreach",
  loop: "loop",
  pipeline: "child",
  "stack.manager_loop": "child",
};

/** Node types that the driver does itself, without a handler. */
export const DRIVER_TYPES: ReadonlySet<string> = new Set(Object.keys(KINDS));

/** The inputs for the nodes of a graph; `handlerPolicy` says what a handler wants after a crash where the graph is silent. */
export function stageInputsOf(graph: Graph, handlerPolicy: (type: string) => OnInterrupt | undefined): StageInputs {
  const known = new Map<string, ReturnType<StageInputs>>();
  return (id) => {
    let inputs = known.get(id);
    if (!inputs) {
      inputs = compute(graph, id, handlerPolicy);
      known.set(id, inputs);
    }
    return inputs;
  };
}

function compute(
  graph: Graph,
  id: string,
  handlerPolicy: (type: string) => OnInterrupt | undefined,
): ReturnType<StageInputs> {
  const node = indexGraph(graph).node(id);
  assert(node, `node ${id} is in the pipeline`);
  const settings = stageSettings(graph, node);
  const limits: StageLimits = {
    attempts: settings.maxAttempts,
    ...(settings.maxAttempts > 1 ? { backoff: settings.backoff } : {}),
    ...(settings.retryOnFail ? { retryOnFail: true } : {}),
    ...(settings.retryIsWord ? { retryIsWord: true } : {}),
    ...(settings.allowPartial ? { allowPartial: true } : {}),
    onInterrupt: settings.onInterrupt ?? handlerPolicy(node.type) ?? idempotencePolicy(node.attributes["idempotent"]),
  };
  const duration = node.attributes["duration"];
  const durationMs = duration === undefined || typeof duration === "boolean" ? undefined : parseDuration(duration);
  return {
    kind: KINDS[node.type] ?? "execution",
    type: node.type,
    limits,
    ...(settings.timeoutMs === undefined ? {} : { timeoutMs: settings.timeoutMs }),
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(node.type === "stack.manager_loop" ? { pollMs: managerSettings(node).pollMs } : {}),
  };
}

/** What a handler itself wants after a crash. */
export function policyOf(definition: HandlerDefinition | undefined): OnInterrupt | undefined {
  return definition?.onInterrupt ?? (definition?.idempotent === false ? "ask" : undefined);
}

function idempotencePolicy(idempotent: unknown): OnInterrupt {
  return idempotent === false || idempotent === "false" ? "ask" : "retry";
}
