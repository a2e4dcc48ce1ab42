/**
 * The kill sweep: real processes, killed with SIGKILL at every point of both reference pipelines, once and twice in a
 * row.
 *
 * Usage: node test/crash/sweep.ts [--slice] [--jobs n] [--of line|regions] [--at k[,m…]] [--keep]
 * --slice: a fixed part of the cases, for every change; --of: one of the pipelines; --at: one of its cases again;
 * --keep: the files of failed cases stay.
 */
import { parseArgs } from "node:util";
import { killAndResume, liveThrough, makePlace, removePlace } from "./kill-case.ts";
import { REFERENCE_NAMES, type ReferenceName, referenceOf } from "./references.ts";
import type { Summary } from "./summary.ts";

interface Case {
  readonly of: ReferenceName;
  readonly crashes: readonly number[];
  readonly name: string;
  readonly group: string;
}

const { values } = parseArgs({
  options: {
    slice: { type: "boolean", default: false },
    jobs: { type: "string", default: "2" },
    of: { type: "string" },
    at: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});

/** Second kills go through the first points after a resume: claim, ended processes, first commit, first effects. */
const SECOND_POINTS = 11;
const SLICE_OF_COMMITS = 4;
const SLICE_OF_OTHERS = 6;
const SLICE_OF_TWICE = 16;
/** Of the pipeline with regions: odd, so that points before and after, and kills once and twice, are in it. */
const SLICE_OF_REGIONS = 25;
const SLICE_OF_REGIONS_FROM = 12;
const PROGRESS_EVERY = 50;
/** Points side by side that a killed run did not come to: more of them, and the sweep proves little. */
const MISSED_MAX = 0.1;

function listCases(of: ReferenceName, points: readonly string[]): Case[] {
  const once = points.map((point, index) => ({
    of,
    crashes: [index + 1],
    name: `${index + 1} ${point}`,
    group: groupOf(point),
  }));
  const twice = points.map((point, index) => {
    const second = 1 + (index % SECOND_POINTS);
    return { of, crashes: [index + 1, second], name: `${index + 1} ${point}, then ${second}`, group: "twice in a row" };
  });
  return [...once, ...twice];
}

/** The kind of a point, without what execution it is of. */
function groupOf(point: string): string {
  const [moment, what] = point.split(" ");
  if (point.includes("main/writer@")) return `${moment} ${what} of the tool that goes on writing`;
  return what === "start" || what === "end" ? `${moment} ${what} of an execution` : `${moment} ${what}`;
}

/** Each kind of point is in it, and those of the tool that goes on writing all are. */
function sliceOf(of: ReferenceName, cases: readonly Case[]): Case[] {
  if (!referenceOf(of).isSequential)
    return cases.filter((_, index) => index % SLICE_OF_REGIONS === SLICE_OF_REGIONS_FROM);
  const counts = new Map<string, number>();
  return cases.filter(({ group, crashes }) => {
    const count = counts.get(group) ?? 0;
    counts.set(group, count + 1);
    if (group.endsWith("goes on writing")) return true;
    if (crashes.length > 1) return count % SLICE_OF_TWICE === 0;
    return count % (group.endsWith("commit") ? SLICE_OF_COMMITS : SLICE_OF_OTHERS) === 0;
  });
}

function chosenCases(of: ReferenceName, points: readonly string[]): Case[] {
  if (values.at !== undefined) {
    const crashes = values.at.split(",").map(Number);
    return [{ of, crashes, name: `${values.at} ${points[(crashes[0] ?? 0) - 1] ?? ""}`, group: "asked for" }];
  }
  const cases = listCases(of, points);
  return values.slice ? sliceOf(of, cases) : cases;
}

interface Counts {
  passed: number;
  failed: number;
  /** Passed, but the run had ended before the point came. */
  missed: number;
}

async function runCases(cases: readonly Case[], summary: Summary): Promise<Map<string, Counts>> {
  const tally = new Map<string, Counts>();
  const waiting = [...cases];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (waiting.length > 0 && waiting.length % PROGRESS_EVERY === 0) console.log(`${waiting.length} cases to go`);
      const place = makePlace(next.of);
      const { problems, kills } = await killAndResume(place, next.crashes, summary);
      const counts = tally.get(next.group) ?? { passed: 0, failed: 0, missed: 0 };
      tally.set(next.group, counts);
      if (kills === 0) counts.missed += 1;
      if (problems.length === 0) counts.passed += 1;
      else {
        counts.failed += 1;
        printFailure(next, problems);
        if (values.keep) console.log(`  files: ${place.folder}`);
      }
      if (problems.length === 0 || !values.keep) removePlace(place);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work));
  return tally;
}

function printFailure({ of, name, crashes }: Case, problems: readonly string[]): void {
  console.log(`FAILED at ${name}`);
  for (const problem of problems) console.log(`  ${problem}`);
  console.log(`  again: node test/crash/sweep.ts --of ${of} --at ${crashes.join(",")} --keep`);
}

function printTally(tally: ReadonlyMap<string, Counts>): void {
  const width = Math.max(...[...tally.keys()].map((group) => group.length));
  console.log(`${"killed".padEnd(width)}  passed  failed`);
  for (const [group, { passed, failed }] of tally) {
    console.log(`${group.padEnd(width)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}`);
  }
}

/** Passed and failed cases of one of the pipelines. */
async function sweep(of: ReferenceName): Promise<{ readonly passed: number; readonly failed: number }> {
  const { points, summary } = await liveThrough(of);
  const cases = chosenCases(of, points);
  console.log(`${of}: ${points.length} points in an uninterrupted run; ${cases.length} cases`);
  const tally = await runCases(cases, summary);
  printTally(tally);
  const sum = (part: keyof Counts) => [...tally.values()].reduce((total, counts) => total + counts[part], 0);
  const [passed, failed, missed] = [sum("passed"), sum("failed"), sum("missed")];
  if (missed > 0) console.log(`${missed} of the points did not come`);
  return { passed, failed: failed + (missed > cases.length * MISSED_MAX ? 1 : 0) };
}

const startedAt = Date.now();
const totals = { passed: 0, failed: 0 };
for (const of of REFERENCE_NAMES.filter((name) => values.of === undefined || values.of === name)) {
  const { passed, failed } = await sweep(of);
  totals.passed += passed;
  totals.failed += failed;
}
console.log(`${Math.round((Date.now() - startedAt) / 1000)} s`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;
