/** The pipelines of a run's child runs, at hand when a turn starts one. */
import { assert } from "../../errors.ts";
import type { Graph } from "../../graph/index.ts";
import type { RunRow } from "../../persistence/store.ts";
import { type ChildPins, ownPins } from "./pins.ts";

export type ChildGraphs = (hash: string) => Graph;
export type GraphOf = (run: Pick<RunRow, "runId" | "pipelineHash">) => Promise<Graph>;

/** *Throws* what the store does; `store_corrupt` for a pipeline that is missing. */
export async function readChildGraphs(graphOf: GraphOf, runId: string, pins: ChildPins = {}): Promise<ChildGraphs> {
  const graphs = new Map<string, Graph>();
  for (const { hash } of ownPins(pins)) graphs.set(hash, await graphOf({ runId, pipelineHash: hash }));
  return (hash) => {
    const graph = graphs.get(hash);
    assert(graph, "the pipeline of a child run is one that its parent has pinned", { hash });
    return graph;
  };
}
