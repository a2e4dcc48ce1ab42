/** Runs that each stand in one stage, whose handler goes on until it is told to stop: what commands are given to. */
import { createRuntime } from "../src/index.ts";
import { sqliteStore } from "../src/persistence/sqlite/index.ts";
import type { Run, Runtime } from "../src/runtime/api.ts";
import { chain, NOOP_TYPE } from "./pipelines.ts";

export interface LiveRuns {
  readonly runtime: Runtime;
  readonly runs: readonly Run[];
  close(): Promise<void>;
}

/** Resolves when the handler of every run has been called. */
export async function openLiveRuns({
  path,
  count,
}: {
  readonly path: string;
  readonly count: number;
}): Promise<LiveRuns> {
  const store = sqliteStore({ path, synchronous: "FULL" });
  const allCalled = Promise.withResolvers<void>();
  let calls = 0;
  const runtime = await createRuntime({
    store,
    maxConcurrentRuns: count,
    handlers: {
      [NOOP_TYPE]: ({ signal }) => {
        calls += 1;
        if (calls === count) allCalled.resolve();
        return new Promise<never>((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        });
      },
    },
  });
  const pipeline = chain(1);
  const runs = await Promise.all(Array.from({ length: count }, () => runtime.start(pipeline)));
  await allCalled.promise;
  return {
    runtime,
    runs,
    close: async () => {
      await runtime.stop({ graceMs: 0 });
      await store.close();
    },
  };
}
