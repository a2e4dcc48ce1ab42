/** What regions have in common: the same questions of a parallel node and of a foreach. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Synchronous } from "../engine.ts";
import { type Measurement, summarise, type Target } from "../measurement.ts";
import { type OneRegion, type OneRegionResult, type Stretch, timeOneRegion } from "../one-region.ts";
import { RawCommits } from "../raw-commits.ts";
import type { Part } from "../scenario.ts";
import type { Sizes } from "../sizes.ts";

/** How much slower the last stages may be than the first: tenths of a long run, thirds of a short one. */
const LATE_TO_EARLY_MAX = 1.5;
const MB = 1e6;

export interface RegionCase {
  readonly synchronous: Synchronous;
  readonly region: (sizes: Sizes) => Pick<OneRegion, "pipeline" | "stages" | "atOnce" | "context">;
  /** Times as many rounds that count as usual: more of short ones, and one alone of very long ones. */
  readonly rounds: number;
  readonly perSecond?: Target;
  readonly peakMegabytes?: Target;
}

interface Round extends OneRegionResult {
  /** The most the process held until the run had ended: what raw rows take afterwards is not its. Bytes. */
  readonly peak: number;
  /** Rows a second, as many bytes and as many to a commit as the stages had. */
  readonly raw: number;
}

export function regionPart({ synchronous, region, rounds: times, perSecond, peakMegabytes }: RegionCase): Part {
  return async ({ sizes, folder }) => {
    await timeOneRegion({ folder, name: "warm", synchronous, ...region({ ...sizes, ...WARM }) });
    const measured = region(sizes);
    const rounds: Round[] = [];
    for (let round = 0; round < Math.max(1, Math.round(sizes.rounds * times)); round++) {
      const result = await timeOneRegion({ folder, name: `run-${round}`, synchronous, ...measured });
      const peak = process.resourceUsage().maxRSS * 1024;
      rounds.push({ ...result, peak, raw: rawRows(result, { folder, synchronous, round }) });
      rmSync(result.path);
    }
    return report(rounds, { perSecond, peakMegabytes });
  };
}

/** The warm-up is small in all cases: its garbage would count among the most that the process held. */
const WARM = { branches: 20, stagesPerBranch: 10, manyBranches: 100, items: 300, manyItems: 300 };

function rawRows(
  { whole, turns, payloadPerStage }: OneRegionResult,
  {
    folder,
    synchronous,
    round,
  }: { readonly folder: string; readonly synchronous: Synchronous; readonly round: number },
): number {
  const path = join(folder, `raw-${round}.db`);
  const raw = new RawCommits({ path, synchronous, bytes: payloadPerStage });
  const rows = Math.min(whole.stages, RAW_ROWS_MAX);
  const ms = raw.write({ rows, rowsPerCommit: Math.max(1, Math.round(whole.stages / turns)) });
  raw.close();
  rmSync(path);
  return (rows * 1000) / ms;
}

const RAW_ROWS_MAX = 5000;

function report(
  rounds: readonly Round[],
  { perSecond, peakMegabytes }: { readonly perSecond: Target | undefined; readonly peakMegabytes: Target | undefined },
): Measurement[] {
  const of = (what: string, pick: (round: Round) => number, form: { unit: string; target?: Target }) =>
    summarise(what, rounds.map(pick), form);
  return [
    of("stages", ({ whole }) => rateOf(whole), { unit: "/s", ...(perSecond ? { target: perSecond } : {}) }),
    of("raw rows of the same bytes, as many to a commit", ({ raw }) => raw, { unit: "/s" }),
    of("stages to those", ({ whole, raw }) => rateOf(whole) / raw, { unit: "×" }),
    of("stages a turn", ({ whole, turns }) => whole.stages / turns, { unit: "" }),
    of("CPU time a stage", ({ whole }) => cpuOf(whole), { unit: "µs" }),
    of("rows and indexes a stage", ({ payloadPerStage }) => payloadPerStage, { unit: "B" }),
    ...reportEnds(rounds.flatMap(({ ends }) => (ends ? [ends] : []))),
    {
      what: "RSS, the most it was",
      value: Math.max(...rounds.map(({ peak }) => peak)) / MB,
      unit: "MB",
      ...(peakMegabytes ? { target: peakMegabytes } : {}),
    },
  ];
}

function reportEnds(ends: readonly NonNullable<Round["ends"]>[]): Measurement[] {
  if (ends.length === 0) return [];
  const of = (what: string, pick: (stretch: Stretch) => number, unit: string) => [
    summarise(
      `${what}, early`,
      ends.map(({ first }) => pick(first)),
      { unit },
    ),
    summarise(
      `${what}, late`,
      ends.map(({ last }) => pick(last)),
      { unit },
    ),
  ];
  const slower = (what: string, pick: (stretch: Stretch) => number) =>
    summarise(
      `${what}, late to early`,
      ends.map(({ first, last }) => pick(last) / pick(first)),
      {
        unit: "×",
        target: { atMost: LATE_TO_EARLY_MAX },
      },
    );
  const timeOf = ({ stages, ms }: Stretch) => (ms * 1000) / stages;
  return [
    ...of("stages", rateOf, "/s"),
    slower("wall time a stage", timeOf),
    slower("CPU time a stage", cpuOf),
    ...of("growth of the database a stage", ({ stages, bytes }) => bytes / stages, "B"),
  ];
}

function rateOf({ stages, ms }: Stretch): number {
  return (stages * 1000) / ms;
}

/** Microseconds of the process, per stage. */
function cpuOf({ stages, cpuMs }: Stretch): number {
  return (cpuMs * 1000) / stages;
}
