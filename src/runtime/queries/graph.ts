import { SafepointError } from "../../errors.ts";
import type { Graph } from "../../graph/index.ts";
import { parsePipeline } from "../../graph/parser.ts";
import type { Store } from "../../persistence/store.ts";
import { findRun } from "./find-run.ts";

/** The pipeline a run is pinned to. *Throws* `run_not_found`, `store_corrupt` when its text is gone. */
export async function graphOf(store: Store, runId: string): Promise<Graph> {
  const run = await findRun(store, runId);
  const [pipeline] = await store.read("pipelines", { hash: run.pipelineHash });
  if (!pipeline) {
    throw new SafepointError("store_corrupt", `the pipeline of run "${runId}" (${run.pipelineHash}) is not stored`, {
      details: { runId, pipelineHash: run.pipelineHash },
    });
  }
  return parsePipeline(pipeline.source, { file: pipeline.name });
}
