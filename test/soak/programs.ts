/**
 * Thousands of random programs of nested regions, each with pauses, cancels and crashes of its own, held against the
 * oracle: `npm run test:soak -- programs [--seeds n] [--from n]`, or one of them in full: `--seed n [--steps n] [--depth n]`.
 * With `--database` each has a SQLite database instead of a store in memory.
 */
import { parseArgs } from "node:util";
import { type PlayOptions, type ProgramResult, playProgram, repeatCommand } from "../runtime/programs-play.ts";

const SEEDS_DEFAULT = 10_000;
/** Failures after which it is known that something is wrong. */
const FAILURES_MAX = 5;
const PROGRESS_EVERY = 1_000;
/** Smaller programs of the same seed that a failure is looked for in. */
const STEPS_MAX = 12;
const DEPTH_MAX = 4;

export async function soak(args: readonly string[]): Promise<boolean> {
  const number = { type: "string" } as const;
  const options = { seeds: number, from: number, seed: number, steps: number, depth: number };
  const { values } = parseArgs({ args: [...args], options: { ...options, database: { type: "boolean" } } });
  const place = { isInDatabase: values.database === true };
  if (values.seed !== undefined) {
    return showOne(Number(values.seed), {
      ...(values.steps === undefined ? {} : { steps: Number(values.steps) }),
      ...(values.depth === undefined ? {} : { depthMax: Number(values.depth) }),
      ...place,
    });
  }
  const first = Number(values.from ?? 1);
  const count = Number(values.seeds ?? SEEDS_DEFAULT);
  const statuses = new Map<string, number>();
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  let failures = 0;
  for (let seed = first; seed < first + count && failures < FAILURES_MAX; seed += 1) {
    const result = await playProgram(seed, place);
    statuses.set(result.status, (statuses.get(result.status) ?? 0) + 1);
    if ((seed - first + 1) % PROGRESS_EVERY === 0) console.log(`${seed - first + 1} programs in ${seconds()}`);
    if (result.problems.length === 0) continue;
    failures += 1;
    report(result, place);
    await reportSmaller(result, place);
  }
  console.log(`${JSON.stringify(Object.fromEntries(statuses))} in ${seconds()}, ${failures} failed`);
  return failures === 0;
}

function report({ seed, problems }: ProgramResult, options: PlayOptions = {}): void {
  console.log(`seed ${seed}: ${problems.length} problems\n  ${problems.slice(0, 5).join("\n  ")}`);
  console.log(`  again: ${repeatCommand(seed, options)}`);
}

/** The same seed makes a smaller program where it may have fewer steps; one of those may fail as well. */
async function reportSmaller({ seed }: ProgramResult, place: PlayOptions): Promise<void> {
  for (let steps = 1; steps <= STEPS_MAX; steps += 1) {
    for (let depthMax = 1; depthMax <= DEPTH_MAX; depthMax += 1) {
      const smaller = { ...place, steps, depthMax };
      const { problems } = await playProgram(seed, smaller);
      if (problems.length === 0) continue;
      console.log(`  smaller: ${repeatCommand(seed, smaller)}\n    ${problems[0]}`);
      return;
    }
  }
}

async function showOne(seed: number, options: PlayOptions): Promise<boolean> {
  const result = await playProgram(seed, options);
  const { source, deeds, steps, journal } = result;
  console.log([source, deeds.join("\n"), steps.join("\n"), journal, ""].join("\n\n"));
  report(result, options);
  return result.problems.length === 0;
}
