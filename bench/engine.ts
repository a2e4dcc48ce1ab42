/** A runtime over a SQLite file, whose store tells when runs have ended: nothing is read for that, and nothing polled. */
import type { Outcome } from "../src/graph/outcome.ts";
import { createRuntime } from "../src/index.ts";
import { sqliteStore } from "../src/persistence/sqlite/index.ts";
import type { Store } from "../src/persistence/store.ts";
import type { Runtime } from "../src/runtime/api.ts";
import { NOOP_TYPE } from "./pipelines.ts";

export type Synchronous = "FULL" | "NORMAL";

export interface Engine {
  readonly runtime: Runtime;
  readonly commits: CommitCounts;
  /** Resolves when as many runs of this engine are stored as ended. Rejects when one of them failed. */
  ended(runs: number): Promise<void>;
  close(): Promise<void>;
}

export interface CommitCounts {
  transactions: number;
  turns: number;
  entries: number;
}

export interface EngineOptions {
  readonly path: string;
  readonly synchronous: Synchronous;
  /** Called as the handler of each stage with its number among those of this engine, from 1. */
  readonly onStage?: (count: number, signal: AbortSignal) => Outcome | undefined | Promise<Outcome | undefined>;
}

export async function openEngine({ path, synchronous, onStage }: EngineOptions): Promise<Engine> {
  const store = sqliteStore({ path, synchronous });
  const meter = meterCommits(store);
  let stages = 0;
  const runtime = await createRuntime({
    store: meter.store,
    handlers: {
      [NOOP_TYPE]: ({ signal }) => {
        stages += 1;
        return onStage?.(stages, signal);
      },
    },
  });
  return {
    runtime,
    commits: meter.counts,
    ended: meter.ended,
    close: async () => {
      await runtime.stop({ graceMs: 0 });
      await store.close();
    },
  };
}

/** The store, counting what it commits. */
function meterCommits(store: Store) {
  const counts: CommitCounts = { transactions: 0, turns: 0, entries: 0 };
  let endedRuns = 0;
  let waiting: { runs: number; resolve(): void; reject(error: Error): void } | undefined;
  const commit: Store["commit"] = async (turns) => {
    const results = await store.commit(turns);
    counts.transactions += 1;
    counts.turns += turns.length;
    for (const { entries, run, runId } of turns) {
      counts.entries += entries.length;
      if (run?.status === "completed") endedRuns += 1;
      if (run?.status === "failed" || run?.status === "cancelled")
        waiting?.reject(new Error(`run ${runId} ended ${run.status}: ${JSON.stringify(entries.at(-1))}`));
    }
    if (waiting !== undefined && endedRuns >= waiting.runs) waiting.resolve();
    return results;
  };
  const metered = new Proxy(store, {
    get: (target, name) => {
      if (name === "commit") return commit;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  const ended = (runs: number) =>
    new Promise<void>((resolve, reject) => {
      waiting = { runs, resolve, reject };
      if (endedRuns >= runs) resolve();
    });
  return { store: metered, counts, ended };
}
