/** Stages a second, against what the medium takes: in one process, in turns. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Synchronous } from "../engine.ts";
import { type ManyRunsResult, timeManyRuns } from "../many-runs.ts";
import { type Measurement, summarise, type Target } from "../measurement.ts";
import { type Group, timeOneRun } from "../one-run.ts";
import { chain, cycle } from "../pipelines.ts";
import { RawCommits } from "../raw-commits.ts";
import type { Part, Place, Scenario } from "../scenario.ts";

const CYCLE_NODES = 4;
/** Of the rate of raw commits, for one run under FULL. */
const RATIO_MIN = 0.35;
const MANY_PER_SECOND_MIN = 8000;
const LONG_ROUNDS_MAX = 3;

interface Form {
  readonly unit: string;
  readonly target?: Target;
}

type Shape = "chain" | "cycle";
const PIPELINES = { chain, cycle: (stages: number) => cycle(CYCLE_NODES, stages) };

function oneRun(synchronous: Synchronous, shape: Shape, length: "shortRun" | "longRun"): Part {
  return async ({ sizes, folder }) => {
    const stages = sizes[length];
    const pipeline = PIPELINES[shape](stages);
    // The warm-up: its timing is thrown away, its bytes tell how large the raw rows have to be.
    const warmStages = sizes.shortRun;
    const warm = await timeOneRun({
      folder,
      name: "warm",
      synchronous,
      pipeline: PIPELINES[shape](warmStages),
      stages: warmStages,
    });
    const raw = { slice: sizes.slice, bytes: warm.payloadPerStage, logBytes: warm.writtenPerStage };
    const groups: Group[] = [];
    const starts: number[] = [];
    const rounds = length === "shortRun" ? sizes.rounds : Math.min(sizes.rounds, LONG_ROUNDS_MAX);
    for (let round = 0; round < rounds; round++) {
      const result = await timeOneRun({ folder, name: `run-${round}`, synchronous, pipeline, stages, raw });
      groups.push(...result.groups);
      starts.push(result.startMs);
      rmSync(result.path);
    }
    const ratioTarget = synchronous === "FULL" ? { target: { atLeast: RATIO_MIN } } : {};
    return [
      ...reportGroups(groups, { unit: "×", ...ratioTarget }),
      summarise("parse, check and store the run", starts, { unit: "ms" }),
    ];
  };
}

function reportGroups(groups: readonly Group[], ratio: Form): Measurement[] {
  const of = (what: string, pick: (group: Group) => number, form: Form) => summarise(what, groups.map(pick), form);
  return [
    of("stages", ({ stages, ms }) => (stages * 1000) / ms, { unit: "/s" }),
    of("raw commits of the same bytes", ({ stages, rawMs }) => (stages * 1000) / rawMs, { unit: "/s" }),
    of("stages to raw", ({ ms, rawMs }) => rawMs / ms, ratio),
    of("raw commits that write as many bytes", ({ stages, rawLogMs }) => (stages * 1000) / rawLogMs, { unit: "/s" }),
    of("stages to those", ({ ms, rawLogMs }) => rawLogMs / ms, { unit: "×" }),
    of("wall time a stage", ({ stages, ms }) => (ms * 1000) / stages, { unit: "µs" }),
    of("CPU time a stage", ({ stages, cpuMs }) => (cpuMs * 1000) / stages, { unit: "µs" }),
  ];
}

function manyRuns(synchronous: Synchronous): Part {
  return async (place) => {
    const { runs, stagesPerRun, rounds } = place.sizes;
    const pipeline = chain(stagesPerRun);
    const { folder } = place;
    const run = (name: string) => timeManyRuns({ folder, name, synchronous, pipeline, runs, stagesPerRun });
    const bytes = (await timeOneRun({ folder, name: "bytes", synchronous, pipeline: chain(200), stages: 200 }))
      .payloadPerStage;
    await run("warm");
    const results: (ManyRunsResult & { readonly raw: number })[] = [];
    for (let round = 0; round < rounds; round++) {
      // Who goes first changes, so that neither always has the disk that the other left busy.
      const first = round % 2 === 1 ? rawBatches(place, { synchronous, bytes, round }) : undefined;
      const result = await run(`runs-${round}`);
      results.push({ ...result, raw: first ?? rawBatches(place, { synchronous, bytes, round }) });
      rmSync(result.path);
    }
    return reportRuns(results, synchronous);
  };
}

function reportRuns(
  results: readonly (ManyRunsResult & { readonly raw: number })[],
  synchronous: Synchronous,
): Measurement[] {
  const of = (what: string, pick: (result: (typeof results)[number]) => number, form: Form) =>
    summarise(what, results.map(pick), form);
  const target = synchronous === "FULL" ? { target: { atLeast: MANY_PER_SECOND_MIN } } : {};
  return [
    of("stages", ({ stagesPerSecond }) => stagesPerSecond, { unit: "/s", ...target }),
    of("raw rows of the same bytes, one a run in each commit", ({ raw }) => raw, { unit: "/s" }),
    of("wall time a stage", ({ stagesPerSecond }) => 1e6 / stagesPerSecond, { unit: "µs" }),
    of("CPU time a stage", ({ cpuMicroseconds }) => cpuMicroseconds, { unit: "µs" }),
    of("turns a transaction", ({ turnsPerTransaction }) => turnsPerTransaction, { unit: "" }),
  ];
}

/** Rows per second. */
function rawBatches(
  { folder, sizes }: Place,
  { synchronous, bytes, round }: { readonly synchronous: Synchronous; readonly bytes: number; readonly round: number },
): number {
  const raw = new RawCommits({ path: join(folder, `raw-${round}.db`), synchronous, bytes });
  const rows = sizes.runs * sizes.stagesPerRun;
  const ms = raw.write({ rows, rowsPerCommit: sizes.runs });
  raw.close();
  return (rows * 1000) / ms;
}

export const stages: Scenario = {
  about: "stages a second of one run and of many, against raw commits",
  parts: {
    "one run, chain, FULL": oneRun("FULL", "chain", "shortRun"),
    "one run, cycle, FULL": oneRun("FULL", "cycle", "shortRun"),
    "one long run, chain, FULL": oneRun("FULL", "chain", "longRun"),
    "one long run, cycle, FULL": oneRun("FULL", "cycle", "longRun"),
    "many runs, FULL": manyRuns("FULL"),
    "one run, chain, NORMAL": oneRun("NORMAL", "chain", "shortRun"),
    "one run, cycle, NORMAL": oneRun("NORMAL", "cycle", "shortRun"),
    "one long run, chain, NORMAL": oneRun("NORMAL", "chain", "longRun"),
    "one long run, cycle, NORMAL": oneRun("NORMAL", "cycle", "longRun"),
    "many runs, NORMAL": manyRuns("NORMAL"),
  },
};
