import { SafepointError } from "../../errors.ts";
import type { ArtifactRow, Store } from "../../persistence/store.ts";
import { findRun } from "./find-run.ts";
import { blobBytes } from "./stored-value.ts";

/** What the stages of a run left behind. *Throws* `run_not_found`. */
export async function artifactsOf(store: Store, runId: string): Promise<readonly ArtifactRow[]> {
  await findRun(store, runId);
  return store.read("artifacts", { runId });
}

export interface Artifact {
  readonly row: ArtifactRow;
  readonly bytes: Uint8Array;
}

/** One artifact whole. *Throws* `run_not_found`, `artifact_not_found`, `store_corrupt`. */
export async function artifactBytes(store: Store, runId: string, id: string): Promise<Artifact> {
  await findRun(store, runId);
  const [row] = await store.read("artifacts", { runId, artifact: id });
  if (!row) {
    throw new SafepointError("artifact_not_found", `run "${runId}" has no artifact "${id}"`, {
      details: { runId, artifact: id, hint: `\`safepoint artifacts ${runId}\` lists them` },
    });
  }
  return { row, bytes: await blobBytes(store, row.hash) };
}
