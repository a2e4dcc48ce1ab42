/** Bytes a stage writes, and bytes it leaves. */
import { join } from "node:path";
import { timeManyRuns } from "../many-runs.ts";
import type { Measurement } from "../measurement.ts";
import { timeOneRun } from "../one-run.ts";
import { chain, cycle } from "../pipelines.ts";
import type { Part, Scenario } from "../scenario.ts";
import { bytesWritten, databaseBytes, payloadBytes } from "../written-bytes.ts";

interface Work {
  readonly path: string;
  readonly stages: number;
  readonly run: () => Promise<unknown>;
}

/** Closing the store moves the rest of the log into the file: all of it is counted. */
async function count({ path, stages, run }: Work): Promise<Measurement[]> {
  const before = bytesWritten();
  await run();
  const after = bytesWritten();
  const measurements: Measurement[] = [
    { what: "database, rows and indexes, a stage", value: payloadBytes(path) / stages, unit: "B" },
    { what: "database, pages, a stage", value: databaseBytes(path) / stages, unit: "B" },
  ];
  if (before === undefined || after === undefined) return measurements;
  return [{ what: "written a stage, log and database", value: (after - before) / stages, unit: "B" }, ...measurements];
}

function ofOneRun(pipelineOf: (stages: number) => string): Part {
  return ({ sizes, folder }) => {
    const stages = sizes.longRun;
    const run = () => timeOneRun({ folder, name: "run", synchronous: "FULL", pipeline: pipelineOf(stages), stages });
    return count({ path: join(folder, "run.db"), stages, run });
  };
}

const ofManyRuns: Part = ({ sizes, folder }) => {
  const { runs, stagesPerRun } = sizes;
  const pipeline = chain(stagesPerRun);
  const run = () => timeManyRuns({ folder, name: "runs", synchronous: "FULL", pipeline, runs, stagesPerRun });
  return count({ path: join(folder, "runs.db"), stages: runs * stagesPerRun, run });
};

export const bytes: Scenario = {
  about: "bytes a stage writes and leaves",
  parts: {
    "one run, cycle": ofOneRun((stages) => cycle(4, stages)),
    "one run, chain": ofOneRun(chain),
    "many runs": ofManyRuns,
  },
};
