/** Forking: a new run that goes on from a point of another one's history, which is left as it is. Source: 03 §9. */
import type { StageInputs } from "../../actors/stage-inputs.ts";
import { SafepointError } from "../../errors.ts";
import type { Graph } from "../../graph/index.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { RunRow, Store } from "../../persistence/store.ts";
import type { ForkOptions } from "../api.ts";
import { findRun } from "../queries/find-run.ts";
import { stateAt } from "../queries/state-at.ts";
import { forkPoint } from "./fork-point.ts";
import { forkTurn } from "./fork-turn.ts";

export interface ForkDeps {
  readonly store: Store;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly graphOf: (run: RunRow) => Promise<Graph>;
  readonly stageInputsOf: (graph: Graph) => StageInputs;
  readonly maxRestartsOf: (graph: Graph) => number;
}

/**
 * Stores the fork, queued and driven by nobody; answers with its id.
 * *Throws* `run_not_found`, `run_exists`, `usage`, `run_finished` when nothing is left to go on with at that point.
 */
export async function forkRun(deps: ForkDeps, from: string, options: ForkOptions): Promise<string> {
  const { store } = deps;
  const run = await findRun(store, from);
  const at = await forkPoint(store, run, options.at);
  const base = await stateAt(store, from, at);
  if (isFinalStatus(base.status)) {
    throw new SafepointError(
      "run_finished",
      `at seq ${at} run ${from} is ${base.status}: nothing is left to go on with`,
      {
        details: { runId: from, at, hint: "say an earlier seq, or the address of a stage" },
      },
    );
  }
  const graph = await deps.graphOf(run);
  const runId = options.runId ?? deps.newId();
  const turn = await forkTurn({
    store,
    run,
    graph,
    base,
    runId,
    atMs: deps.nowMs(),
    context: options.context ?? {},
    labels: options.labels ?? run.labels,
    stageInputs: deps.stageInputsOf(graph),
    maxRestarts: deps.maxRestartsOf(graph),
  });
  const [result] = await store.commit([turn]);
  if (result?.ok) return runId;
  const code = result?.code === "run_exists" ? "run_exists" : "internal";
  throw new SafepointError(code, `run ${from} was not forked: ${result?.message ?? "the store gave no answer"}`, {
    details: { runId, from },
  });
}
