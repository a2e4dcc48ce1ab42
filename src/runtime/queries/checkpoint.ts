import { SafepointError } from "../../errors.ts";
import type { JsonValue } from "../../graph/index.ts";
import type { GateRow, RunImage, RunStatus, Store, TimerRow } from "../../persistence/store.ts";
import { contextOf } from "./context.ts";
import { findRun } from "./find-run.ts";
import { journalPages } from "./journal-pages.ts";
import { createNodeProgress, NODE_PROGRESS_TYPES } from "./progress-of-nodes.ts";
import { instant } from "./runs.ts";

/** Everything a run would go on from, as one document; with the names of the Attractor specification beside ours. */
export interface Checkpoint {
  readonly runId: string;
  readonly pipeline: { readonly name: string; readonly hash: string };
  readonly status: RunStatus;
  readonly seq: number;
  /** Seq that ends the last complete turn; equals `seq`, because turns are stored whole. */
  readonly turn: number;
  /** When that turn was stored. */
  readonly timestamp: string;
  readonly resumeEpoch: number;
  /** Live actors with their persisted XState snapshots. */
  readonly actors: readonly {
    readonly actor: string;
    readonly machine: string;
    readonly seq: number;
    readonly snapshot: JsonValue;
  }[];
  /** Snapshots of users' machines, by stage. */
  readonly handlerSnapshots: Readonly<Record<string, JsonValue>>;
  /** Of the main branch. */
  readonly context: Readonly<Record<string, JsonValue>>;
  readonly timers: readonly TimerRow[];
  readonly gates: readonly GateRow[];
  readonly visits: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly current_node: string | null;
  readonly completed_nodes: readonly string[];
  readonly node_retries: Readonly<Record<string, number>>;
}

/**
 * The checkpoint of a run as it stands. Reads again when a turn was stored in the meantime, so that its parts are of one
 * moment. *Throws* `run_not_found`; `store_busy` when the run moves on faster than it can be read.
 */
export async function checkpointOf(store: Store, runId: string): Promise<Checkpoint> {
  await findRun(store, runId);
  for (let tries = 0; tries < READS_MAX; tries += 1) {
    const image = await store.load(runId);
    const checkpoint = image && (await readCheckpoint(store, image));
    if (checkpoint && (await findRun(store, runId)).seq === checkpoint.seq) return checkpoint;
  }
  throw new SafepointError("store_busy", `run "${runId}" moved on each time its checkpoint was read`, {
    details: { runId, hint: "pause it first, or try again" },
  });
}

const READS_MAX = 50;

async function readCheckpoint(store: Store, image: RunImage): Promise<Checkpoint> {
  const { run } = image;
  const nodes = createNodeProgress();
  const pages = journalPages(store, { runId: run.runId, until: run.seq, types: NODE_PROGRESS_TYPES });
  for await (const page of pages) for (const entry of page) nodes.add(entry);
  const [last] = await store.read("journal", { runId: run.runId, after: run.seq - 1, until: run.seq });
  const progress = nodes.progress();
  return {
    runId: run.runId,
    pipeline: { name: run.pipelineName, hash: run.pipelineHash },
    status: run.status,
    seq: run.seq,
    turn: last?.turn ?? run.seq,
    timestamp: instant(last?.at ?? run.createdAtMs),
    resumeEpoch: run.resumeEpoch,
    actors: image.actors.map(({ actor, machine, seq, snapshot }) => {
      return { actor, machine, seq, snapshot: JSON.parse(snapshot) as JsonValue };
    }),
    handlerSnapshots: Object.fromEntries(
      image.handlerSnapshots.map(({ stage, snapshot }) => [stage, JSON.parse(snapshot) as JsonValue]),
    ),
    context: await contextOf(store, run.runId, { at: run.seq }),
    timers: image.timers,
    gates: image.gates,
    visits: progress.visits,
    current_node: progress.currentNode,
    completed_nodes: progress.completedNodes,
    node_retries: progress.nodeRetries,
  };
}
