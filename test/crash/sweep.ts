/**
 * The kill sweep: real processes, killed with SIGKILL at every point of the reference pipeline, once and twice in a row.
 *
 * Usage: node test/crash/sweep.ts [--slice] [--jobs n] [--at k[,m…]] [--keep]
 * --slice: a fixed part of the cases, for every change; --at: one case again; --keep: the files of failed cases stay.
 */
import { parseArgs } from "node:util";
import { killAndResume, liveThrough, makePlace, removePlace } from "./kill-case.ts";

interface Case {
  readonly crashes: readonly number[];
  readonly name: string;
  readonly group: string;
}

const { values } = parseArgs({
  options: {
    slice: { type: "boolean", default: false },
    jobs: { type: "string", default: "2" },
    at: { type: "string" },
    keep: { type: "boolean", default: false },
  },
});

/** Second kills go through the first points after a resume: claim, ended processes, first commit, first effects. */
const SECOND_POINTS = 11;
const SLICE_OF_COMMITS = 4;
const SLICE_OF_OTHERS = 6;
const SLICE_OF_TWICE = 16;
const PROGRESS_EVERY = 50;

function listCases(points: readonly string[]): Case[] {
  const once = points.map((point, index) => ({
    crashes: [index + 1],
    name: `${index + 1} ${point}`,
    group: groupOf(point),
  }));
  const twice = points.map((point, index) => {
    const second = 1 + (index % SECOND_POINTS);
    return { crashes: [index + 1, second], name: `${index + 1} ${point}, then ${second}`, group: "twice in a row" };
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
function sliceOf(cases: readonly Case[]): Case[] {
  const counts = new Map<string, number>();
  return cases.filter(({ group, crashes }) => {
    const count = counts.get(group) ?? 0;
    counts.set(group, count + 1);
    if (group.endsWith("goes on writing")) return true;
    if (crashes.length > 1) return count % SLICE_OF_TWICE === 0;
    return count % (group.endsWith("commit") ? SLICE_OF_COMMITS : SLICE_OF_OTHERS) === 0;
  });
}

function chosenCases(points: readonly string[]): Case[] {
  if (values.at !== undefined) {
    const crashes = values.at.split(",").map(Number);
    return [{ crashes, name: `${values.at} ${points[(crashes[0] ?? 0) - 1] ?? ""}`, group: "asked for" }];
  }
  const cases = listCases(points);
  return values.slice ? sliceOf(cases) : cases;
}

/** passed, failed and without a second kill, by kind. */
type Tally = Map<string, { passed: number; failed: number }>;

async function runCases(cases: readonly Case[], summary: Awaited<ReturnType<typeof liveThrough>>["summary"]) {
  const tally: Tally = new Map();
  const waiting = [...cases];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (waiting.length > 0 && waiting.length % PROGRESS_EVERY === 0) console.log(`${waiting.length} cases to go`);
      const place = makePlace();
      const { problems } = await killAndResume(place, next.crashes, summary);
      const counts = tally.get(next.group) ?? { passed: 0, failed: 0 };
      tally.set(next.group, counts);
      if (problems.length === 0) counts.passed += 1;
      else {
        counts.failed += 1;
        console.log(`FAILED at ${next.name}`);
        for (const problem of problems) console.log(`  ${problem}`);
        console.log(`  again: node test/crash/sweep.ts --at ${next.crashes.join(",")} --keep`);
        if (values.keep) console.log(`  files: ${place.folder}`);
      }
      if (problems.length === 0 || !values.keep) removePlace(place);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work));
  return tally;
}

function printTally(tally: Tally): void {
  const width = Math.max(...[...tally.keys()].map((group) => group.length));
  console.log(`${"killed".padEnd(width)}  passed  failed`);
  for (const [group, { passed, failed }] of tally) {
    console.log(`${group.padEnd(width)}  ${String(passed).padStart(6)}  ${String(failed).padStart(6)}`);
  }
}

const startedAt = Date.now();
const { points, summary } = await liveThrough();
const cases = chosenCases(points);
console.log(`${points.length} points in an uninterrupted run; ${cases.length} cases`);
const tally = await runCases(cases, summary);
printTally(tally);
const sum = (part: "passed" | "failed") => [...tally.values()].reduce((total, counts) => total + counts[part], 0);
console.log(`${Math.round((Date.now() - startedAt) / 1000)} s`);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
