/** What a new run is created with, beside its row. */
import type { Graph, JsonValue } from "../graph/index.ts";
import { RESTARTS_MAX_DEFAULT } from "../limits.ts";
import type { ParentLink } from "./children/parent-link.ts";
import type { ChildPins } from "./children/pins.ts";

export interface CreatedData {
  readonly pipeline: { readonly name: string; readonly hash: string };
  readonly context: Readonly<Record<string, JsonValue>>;
  readonly rootRunId?: string;
  readonly restarts?: number;
  readonly maxRestarts?: number;
  /** Pipelines of the runs that its nodes start. */
  readonly children?: ChildPins;
  /** Of a child run. */
  readonly parent?: ParentLink;
}

/** Of a run of this pipeline with these inputs, from its start. */
export function createdData(
  { graph, hash }: { readonly graph: Graph; readonly hash: string },
  more: {
    readonly inputs: Readonly<Record<string, JsonValue>>;
    readonly pins: ChildPins | undefined;
    readonly parent?: ParentLink;
  },
): CreatedData {
  const { inputs, pins = {}, parent } = more;
  return {
    pipeline: { name: graph.name, hash },
    context: firstContext(graph, inputs),
    maxRestarts: maxRestartsOf(graph),
    ...(Object.keys(pins).length === 0 ? {} : { children: pins }),
    ...(parent === undefined ? {} : { parent }),
  };
}

/** What the main scope starts with: the graph's goal and label, and the inputs under `inputs.`. */
function firstContext(graph: Graph, inputs: Readonly<Record<string, JsonValue>>): Record<string, JsonValue> {
  const context: Record<string, JsonValue> = {};
  for (const key of ["goal", "label"]) {
    const value = graph.attributes[key];
    if (value !== undefined && value !== "") context[`graph.${key}`] = value;
  }
  for (const [key, value] of Object.entries(inputs)) context[`inputs.${key}`] = value;
  return context;
}

export function maxRestartsOf(graph: Graph): number {
  const limit = Number(graph.attributes["max_restarts"]);
  return graph.attributes["max_restarts"] !== undefined && Number.isInteger(limit) ? limit : RESTARTS_MAX_DEFAULT;
}
