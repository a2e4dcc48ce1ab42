/** Memory after work is done: what the process holds, and what of it is still in use. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { timeManyRuns } from "../many-runs.ts";
import type { Measurement } from "../measurement.ts";
import { timeOneRun } from "../one-run.ts";
import { chain, cycle } from "../pipelines.ts";
import type { Part, Scenario } from "../scenario.ts";

const MIB = 1024 * 1024;

async function around(work: () => Promise<unknown>): Promise<Measurement[]> {
  const collect = garbageCollector();
  collect();
  const before = process.memoryUsage();
  await work();
  const after = process.memoryUsage();
  collect();
  const kept = process.memoryUsage().heapUsed;
  return [
    { what: "RSS", value: after.rss / MIB, unit: "MiB" },
    { what: "RSS, more than before", value: (after.rss - before.rss) / MIB, unit: "MiB" },
    { what: "heap still in use, more than before", value: (kept - before.heapUsed) / MIB, unit: "MiB" },
  ];
}

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

function afterOneRun(pipelineOf: (stages: number) => string): Part {
  return ({ sizes, folder }) =>
    around(() => {
      const stages = sizes.longRun;
      return timeOneRun({ folder, name: "run", synchronous: "NORMAL", pipeline: pipelineOf(stages), stages });
    });
}

const afterManyRuns: Part = ({ sizes, folder }) =>
  around(() => {
    const { runs, stagesPerRun } = sizes;
    const pipeline = chain(stagesPerRun);
    return timeManyRuns({ folder, name: "runs", synchronous: "NORMAL", pipeline, runs, stagesPerRun });
  });

export const memory: Scenario = {
  about: "memory after a long run and after many",
  parts: {
    "after a long run, cycle": afterOneRun((stages) => cycle(4, stages)),
    "after a long run, chain": afterOneRun(chain),
    "after many runs": afterManyRuns,
  },
};
