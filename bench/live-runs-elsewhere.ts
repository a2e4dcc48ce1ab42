/** Live runs of another process, and a runtime here that drives nothing: it only gives commands. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createRuntime } from "../src/index.ts";
import { sqliteStore } from "../src/persistence/sqlite/index.ts";
import type { Runtime } from "../src/runtime/api.ts";

const CHILD = fileURLToPath(new URL("live-runs-child.ts", import.meta.url));

export interface Elsewhere {
  /** Over a store object of its own. */
  readonly runtime: Runtime;
  readonly path: string;
  readonly runIds: readonly string[];
}

/** The other process is ended in any case, by its id, and waited for. */
export async function withRunsElsewhere<T>(
  { path, count }: { readonly path: string; readonly count: number },
  work: (elsewhere: Elsewhere) => Promise<T>,
): Promise<T> {
  const child = fork(CHILD, [path, String(count)]);
  const exited = once(child, "exit");
  try {
    await ready(child);
    const store = sqliteStore({ path, synchronous: "FULL" });
    const runtime = await createRuntime({ store });
    try {
      const rows = await store.read("runs", { status: ["running"], limit: count });
      if (rows.length !== count) throw new Error(`expected ${count} live runs, found ${rows.length}`);
      return await work({ runtime, path, runIds: rows.map(({ runId }) => runId) });
    } finally {
      await runtime.stop();
      await store.close();
    }
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
}

async function ready(child: ChildProcess): Promise<void> {
  const early = once(child, "exit").then(([code, signal]) => {
    throw new Error(`the process with the runs ended too early, with ${signal ?? `code ${code}`}`);
  });
  await Promise.race([once(child, "message"), early]);
  early.catch(() => {});
}
