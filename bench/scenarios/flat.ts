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

interface Walker {
  readonly run: ParkedRun;
  readonly path: string;
  at: number;
}

function flat(pipelineOf: (stages: number) => string): Part {
  return async (place) => {
    const rounds: { early: Window; late: Window }[] = [];
    const count = Math.min(place.sizes.rounds, ROUNDS_MAX);
    for (let round = 0; round < count; round++)
      rounds.push(await compare(place, pipelineOf(place.sizes.longRun + 1), round));
    return report(rounds, place);
  };
}

/** The late run comes first, and warms the process for both. */
async function compare({ sizes, folder }: Place, pipeline: string, round: number) {
  const late = await walk(pipeline, { path: join(folder, `late-${round}.db`), to: sizes.longRun - sizes.window });
  const early = await walk(pipeline, { path: join(folder, `early-${round}.db`), to: sizes.windowFrom });
  const before = { early: databaseBytes(early.path), late: databaseBytes(late.path) };
  const step = sizes.window / Math.min(SLICES, sizes.window);
  const slices: { early: Slice[]; late: Slice[] } = { early: [], late: [] };
  for (let done = 0; done < sizes.window; done += step) {
    slices.early.push(await slice(early, step));
    slices.late.push(await slice(late, step));
  }
  const windows = {
    early: { slices: slices.early, growth: (databaseBytes(early.path) - before.early) / sizes.window },
    late: { slices: slices.late, growth: (databaseBytes(late.path) - before.late) / sizes.window },
  };
  await early.run.leave();
  await late.run.leave();
  return windows;
}

async function walk(pipeline: string, { path, to }: { path: string; to: number }): Promise<Walker> {
  const run = new ParkedRun({ path, synchronous: "FULL" });
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

function report(rounds: readonly { early: Window; late: Window }[], { sizes }: Place): Measurement[] {
  const early = `stages ${sizes.windowFrom}–${sizes.windowFrom + sizes.window}`;
  const late = `stages ${sizes.longRun - sizes.window}–${sizes.longRun}`;
  const inWindow = (window: Window, pick: (slice: Slice) => number) => median(window.slices.map(pick));
  const meanWritten = ({ slices }: Window) => slices.reduce((sum, { written }) => sum + written, 0) / slices.length;
  const measures: [string, string, (window: Window) => number][] = [
    ["wall time a stage", "µs", (window) => inWindow(window, ({ ms }) => ms * 1000)],
    ["CPU time a stage", "µs", (window) => inWindow(window, ({ cpuMs }) => cpuMs * 1000)],
    ["bytes written a stage", "B", meanWritten],
    ["growth of the database a stage", "B", ({ growth }) => growth],
  ];
  return measures
    .filter(([, , of]) => Number.isFinite(rounds[0] && of(rounds[0].early)))
    .flatMap(([what, unit, of]) => [
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
      summarise(
        `${what}, late to early`,
        rounds.map((round) => of(round.late) / of(round.early)),
        {
          unit: "×",
          target: { atMost: RATIO_MAX },
        },
      ),
    ]);
}

export const flatness: Scenario = {
  about: "time and bytes of a late stage against an early one",
  parts: {
    "cycle of four nodes": flat((stages) => cycle(CYCLE_NODES, stages)),
    "distinct nodes": flat(chain),
  },
};
