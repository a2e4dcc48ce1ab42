/**
 * Thousands of seeded schedules of pause, continue, cancel, answers and crashes over random pipelines:
 * `npm run test:soak -- control [--seeds n] [--from n]`, or one of them in full: `--seed n`.
 */
import { parseArgs } from "node:util";
import { playSchedule, repeatCommand, type ScheduleResult } from "../control/schedule.ts";

const SEEDS_DEFAULT = 10_000;
/** Failures after which it is known that something is wrong. */
const FAILURES_MAX = 5;

export async function soak(args: readonly string[]): Promise<boolean> {
  const options = { seeds: { type: "string" }, from: { type: "string" }, seed: { type: "string" } } as const;
  const { values } = parseArgs({ args: [...args], options });
  if (values.seed !== undefined) return showOne(Number(values.seed));
  const first = Number(values.from ?? 1);
  const count = Number(values.seeds ?? SEEDS_DEFAULT);
  const statuses = new Map<string, number>();
  const began = performance.now();
  let failures = 0;
  for (let seed = first; seed < first + count && failures < FAILURES_MAX; seed += 1) {
    const result = await playSchedule(seed);
    statuses.set(result.status, (statuses.get(result.status) ?? 0) + 1);
    if (result.problems.length === 0) continue;
    failures += 1;
    report(result);
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${JSON.stringify(Object.fromEntries(statuses))} in ${seconds} s, ${failures} failed`);
  return failures === 0;
}

function report({ seed, problems }: ScheduleResult): void {
  console.log(`seed ${seed}: ${problems.length} problems\n  ${problems.slice(0, 5).join("\n  ")}`);
  console.log(`  again: ${repeatCommand(seed)}`);
}

async function showOne(seed: number): Promise<boolean> {
  const result = await playSchedule(seed);
  const { source, deeds, steps, journal } = result;
  console.log([source, deeds.join("\n"), steps.join("\n"), journal, ""].join("\n\n"));
  report(result);
  return result.problems.length === 0;
}
