/** The part of a runtime that only reads: each a question to the store, whoever drives the run. */
import type { Graph } from "../graph/index.ts";
import type { RunRow, Store } from "../persistence/store.ts";
import type { Question, Runtime } from "./api.ts";
import { artifactBytes, artifactsOf } from "./queries/artifacts.ts";
import { checkpointOf } from "./queries/checkpoint.ts";
import { findRun } from "./queries/find-run.ts";
import { lineageOf } from "./queries/lineage.ts";
import { branchesOf } from "./queries/regions/branches.ts";
import { joinsOf } from "./queries/regions/joins.ts";
import { provenanceOf } from "./queries/regions/provenance.ts";
import { listRuns } from "./queries/runs.ts";
import { stateAt } from "./queries/state-at.ts";
import { viewOf } from "./queries/view.ts";
import { verifyRunWhole } from "./verify-run.ts";

type Readers = Pick<
  Runtime,
  | "list"
  | "entries"
  | "view"
  | "stateAt"
  | "pipeline"
  | "branches"
  | "joins"
  | "provenance"
  | "artifacts"
  | "artifact"
  | "checkpoint"
  | "lineage"
  | "verify"
  | "questions"
>;

export function createReaders(store: Store, graphOf: (run: RunRow) => Promise<Graph>): Readers {
  return {
    list: (query = {}) => listRuns(store, query),
    entries: (runId, query = {}) => store.read("journal", { runId, ...query }),
    view: async (runId, options = {}) => (await viewOf(store, runId, options)).view,
    stateAt: (runId, seq) => stateAt(store, runId, seq),
    pipeline: async (runId) => graphOf(await findRun(store, runId)),
    branches: (runId, query = {}) => branchesOf(store, runId, query),
    joins: (runId, query = {}) => joinsOf(store, runId, query),
    provenance: (runId, key, query = {}) => provenanceOf(store, runId, { ...query, key }),
    artifacts: (runId) => artifactsOf(store, runId),
    artifact: (runId, id) => artifactBytes(store, runId, id),
    checkpoint: (runId) => checkpointOf(store, runId),
    lineage: (runId) => lineageOf(store, runId),
    verify: (runId) => verifyRunWhole(store, runId),
    questions: async () => (await store.read("gates", { open: true })) as readonly Question[],
  };
}
