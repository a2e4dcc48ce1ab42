/** Many runs at once, timed whole: starting and ending them is what many runs do. */
import { join } from "node:path";
import { openEngine, type Synchronous } from "./engine.ts";

export interface ManyRuns {
  readonly folder: string;
  /** Names the database file; each is used once. */
  readonly name: string;
  readonly synchronous: Synchronous;
  readonly pipeline: string;
  readonly runs: number;
  readonly stagesPerRun: number;
}

export interface ManyRunsResult {
  readonly path: string;
  readonly stagesPerSecond: number;
  /** User and system time of the process, per stage. */
  readonly cpuMicroseconds: number;
  readonly turnsPerTransaction: number;
}

export async function timeManyRuns(options: ManyRuns): Promise<ManyRunsResult> {
  const { synchronous, pipeline, runs, stagesPerRun } = options;
  const path = join(options.folder, `${options.name}.db`);
  const engine = await openEngine({ path, synchronous });
  const cpu = process.cpuUsage();
  const started = performance.now();
  await Promise.all(Array.from({ length: runs }, () => engine.runtime.start(pipeline)));
  await engine.ended(runs);
  const elapsedMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const { turns, transactions } = engine.commits;
  await engine.close();
  const stages = runs * stagesPerRun;
  return {
    path,
    stagesPerSecond: (stages * 1000) / elapsedMs,
    cpuMicroseconds: (user + system) / stages,
    turnsPerTransaction: turns / transactions,
  };
}
