/** Whether stage 10,000 costs what stage 100 did: two runs of one pipeline, one early and one late, take turns. */
import { join } from "node:path";
import { type Measurement, median, summarise } from "../measurement.ts";
import { ParkedRun } from "../parked-run.ts";
import { chain, cycle } from "../pipelines.ts";
import type { Part, Place, Scenario } from "../scenario.ts";
import { bytesWritten, databaseBytes } from "../written-bytes.ts";

const RATIO_MAX = 1.3;
const SLICES = 20;
const ROUNDS_MAX = 3;
const CYCLE_NODES = 4;

interface Slice {
  readonly ms: number;
  readonly cpuMs: number;
  readonly written: number;
}

interface Window {
  readonly slices: Slice[];
  readonly growth: number;
}

interface Round {
  readonly early: Window;
  readonly late: Window;
}

interface Walker {
  readonly run: ParkedRun;
  readonly path: string;
  at: number;
}

function flat(pipelineOf: (stages: number) => string): Part {
  return async (place) => {
    const rounds: Round[] = [];
    const count = Math.min(place.sizes.rounds, ROUNDS_MAX);
    for (let round = 0; round < count; round++)
      rounds.push(await compare(place, pipelineOf(place.sizes.longRun + 1), round));
    return report(rounds, place);
  };
}

/** The late run comes first, and warms the process for both. */
async function compare({ sizes, folder }: Place, pipeline: string, round: number): Promise<Round> {
  const warmUp = sizes.shortRun;
  const late = await walk(pipeline, {
    path: join(folder, `late-${round}.db`),
    to: sizes.longRun - sizes.window,
    warmUp,
  });
  const early = await walk(pipeline, { path: join(folder, `early-${round}.db`), to: sizes.windowFrom, warmUp });
  const before = { early: databaseBytes(early.path), late: databaseBytes(late.path) };
  const step = sizes.window / Math.min(SLICES, sizes.window);
  const slices: { early: Slice[]; late: Slice[] } = { early: [], late: [] };
  for (let done = 0; done < sizes.window; done += step) {
    // Who goes first changes: what is left to the disk by one is waited for by the other.
    const lateFirst = slices.late.length % 2 === 1 ? await slice(late, step) : undefined;
    slices.early.push(await slice(early, step));
    slices.late.push(lateFirst ?? (await slice(late, step)));
  }
  const windows = {
    early: { slices: slices.early, growth: (databaseBytes(early.path) - before.early) / sizes.window },
    late: { slices: slices.late, growth: (databaseBytes(late.path) - before.late) / sizes.window },
  };
  await early.run.leave();
  await late.run.leave();
  return windows;
}

/** After a run of its own, or the early one would be the only one whose log still grows. */
async function walk(
  pipeline: string,
  { path, to, warmUp }: { readonly path: string; readonly to: number; readonly warmUp: number },
): Promise<Walker> {
  const run = new ParkedRun({ path, synchronous: "FULL" });
  await run.warmUp(chain(warmUp), warmUp);
  await run.start(pipeline);
  await run.advanceTo(to);
  return { run, path, at: to };
}

async function slice(walker: Walker, stages: number): Promise<Slice> {
  const written = bytesWritten() ?? Number.NaN;
  const cpu = process.cpuUsage();
  const started = performance.now();
  walker.at += stages;
  await walker.run.advanceTo(walker.at);
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return {
    ms: ms / stages,
    cpuMs: (user + system) / 1000 / stages,
    written: ((bytesWritten() ?? Number.NaN) - written) / stages,
  };
}

interface Measure {
  readonly what: string;
  readonly unit: string;
  readonly of: (window: Window) => number;
  readonly ratio: (round: Round) => number;
}

/** Of what is timed, the ratio is the median of those of neighbouring slices: they met the same machine. */
function timed(what: string, pick: (slice: Slice) => number): Measure {
  return {
    what,
    unit: "µs",
    of: ({ slices }) => median(slices.map(pick)),
    ratio: ({ early, late }) =>
      median(late.slices.map((slice, index) => pick(slice) / pick(early.slices[index] as Slice))),
  };
}

function counted(what: string, of: (window: Window) => number): Measure {
  return { what, unit: "B", of, ratio: ({ early, late }) => of(late) / of(early) };
}

const MEASURES: readonly Measure[] = [
  timed("wall time a stage", ({ ms }) => ms * 1000),
  timed("CPU time a stage", ({ cpuMs }) => cpuMs * 1000),
  counted(
    "bytes written a stage",
    ({ slices }) => slices.reduce((sum, { written }) => sum + written, 0) / slices.length,
  ),
  counted("growth of the database a stage", ({ growth }) => growth),
];

function report(rounds: readonly Round[], { sizes }: Place): Measurement[] {
  const early = `stages ${sizes.windowFrom}–${sizes.windowFrom + sizes.window}`;
  const late = `stages ${sizes.longRun - sizes.window}–${sizes.longRun}`;
  const target = { atMost: RATIO_MAX };
  return MEASURES.filter(({ of }) => rounds.every((round) => Number.isFinite(of(round.early)))).flatMap(
    ({ what, unit, of, ratio }) => [
      summarise(
        `${what}, ${early}`,
        rounds.map((round) => of(round.early)),
        { unit },
      ),
      summarise(
        `${what}, ${late}`,
        rounds.map((round) => of(round.late)),
        { unit },
      ),
      summarise(`${what}, late to early`, rounds.map(ratio), { unit: "×", target }),
    ],
  );
}

export const flatness: Scenario = {
  about: "time and bytes of a late stage against an early one",
  parts: {
    "cycle of four nodes": flat((stages) => cycle(CYCLE_NODES, stages)),
    "distinct nodes": flat(chain),
  },
};
