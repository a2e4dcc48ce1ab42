/**
 * How long a command takes until it is acknowledged, which is until it is stored that nothing more starts: given here, to
 * another process, to many runs at once. Each live run has one stage in flight, and FULL waits for the disk.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { WATCH_INTERVAL_MS } from "../../src/limits.ts";
import type { RunStatus } from "../../src/persistence/store.ts";
import type { ControlResult, Run, Runtime } from "../../src/runtime/api.ts";
import { openLiveRuns } from "../live-runs.ts";
import { type Elsewhere, withRunsElsewhere } from "../live-runs-elsewhere.ts";
import { summarise, summariseLatency } from "../measurement.ts";
import type { Part, Scenario } from "../scenario.ts";

const HERE_P99_MS_MAX = 20;
const ELSEWHERE_P99_MS_MAX = 150;
const BULK_MS_MAX = 2_000;
/** Commands before those that count. */
const WARM_UPS = 20;
/** Its multiples, without their whole part, spread evenly. */
const GOLDEN_RATIO = 1.618_033_988_75;
const BIN = fileURLToPath(new URL("../../dist/cli/bin.js", import.meta.url));

/** The ms until a pause is acknowledged. The stage goes on, so the run is pausing from then on. */
async function timePause(run: Run): Promise<number> {
  const started = performance.now();
  const result = await run.pause();
  const elapsedMs = performance.now() - started;
  expectAfter(result, "pausing");
  return elapsedMs;
}

/** Paused and continued, again and again. Only the pauses are timed. */
async function timePauses(run: Run, times: number): Promise<number[]> {
  const samples: number[] = [];
  for (let time = -Math.min(WARM_UPS, times); time < times; time++) {
    // Stores look at what other processes wrote at intervals: commands have to come at any moment of these.
    await setTimeout(((time + WARM_UPS) * GOLDEN_RATIO * WATCH_INTERVAL_MS) % WATCH_INTERVAL_MS);
    const ms = await timePause(run);
    if (time >= 0) samples.push(ms);
    expectAfter(await run.continue(), "running");
  }
  return samples;
}

function expectAfter(result: ControlResult, after: string): void {
  if (result.accepted !== true || result.after !== after)
    throw new Error(`expected a run that is ${after}, found ${JSON.stringify(result)}`);
}

const here: Part = async ({ sizes, folder }) => {
  const live = await openLiveRuns({ path: join(folder, "here.db"), count: sizes.liveRuns });
  try {
    const [one, ...others] = live.runs as [Run, ...Run[]];
    const again = await timePauses(one, sizes.commands);
    const each: number[] = [];
    for (const run of others) each.push(await timePause(run));
    await continueAll(live.runtime);
    const { acknowledgedMs } = await timeBulk(live.runtime, sizes.liveRuns);
    return [
      ...summariseLatency("a pause of one run, again and again", again, HERE_P99_MS_MAX),
      ...summariseLatency("a pause of each of the others, one after the other", each, HERE_P99_MS_MAX),
      { what: `one command for ${sizes.liveRuns.toLocaleString("en-US")} runs`, value: acknowledgedMs, unit: "ms" },
    ];
  } finally {
    await live.close();
  }
};

const elsewhere: Part = ({ sizes, folder }) =>
  withRunsElsewhere({ path: join(folder, "elsewhere.db"), count: sizes.liveRuns }, async ({ runtime, runIds }) => {
    const samples = await timePauses(await runtime.get(runIds[0] as string), sizes.commandsElsewhere);
    return summariseLatency("a pause of one run, again and again", samples, ELSEWHERE_P99_MS_MAX);
  });

interface Bulk {
  /** Until every run has acknowledged the command. */
  readonly acknowledgedMs: number;
  /** Until all are stored as paused. */
  readonly pausedMs: number;
}

/** One command for all runs, which cuts their stages off: then they come to rest without anybody's help. */
async function timeBulk(runtime: Runtime, count: number): Promise<Bulk> {
  const started = performance.now();
  const results = await runtime.control({ all: true }, "pause", { mode: "interrupt" });
  const acknowledgedMs = performance.now() - started;
  if (results.length !== count) throw new Error(`expected ${count} results, found ${results.length}`);
  for (const result of results) expectAfter(result, "pausing");
  await allHave(runtime, "paused", count);
  return { acknowledgedMs, pausedMs: performance.now() - started };
}

async function continueAll(runtime: Runtime): Promise<void> {
  await runtime.control({ all: true }, "continue");
}

/** Resolves when so many runs are stored with a status. */
async function allHave({ store }: Runtime, status: RunStatus, count: number): Promise<void> {
  for (;;) {
    const changed = Promise.withResolvers<void>();
    const unwatch = store.watch(changed.resolve);
    try {
      const rows = await store.read("runs", { status: [status], limit: count });
      if (rows.length === count) return;
      await changed.promise;
    } finally {
      unwatch();
    }
  }
}

const bulkElsewhere: Part = ({ sizes, folder }) => {
  const count = sizes.bulkRuns;
  return withRunsElsewhere({ path: join(folder, "bulk.db"), count }, async ({ runtime }) => {
    const rounds: Bulk[] = [];
    // The first is the warm-up.
    for (let round = 0; round <= sizes.rounds; round++) {
      const bulk = await timeBulk(runtime, count);
      if (round > 0) rounds.push(bulk);
      await goOn(runtime, count);
    }
    const acknowledged = rounds.map(({ acknowledgedMs }) => acknowledgedMs);
    const paused = rounds.map(({ pausedMs }) => pausedMs);
    const form = { unit: "ms", target: { atMost: BULK_MS_MAX } };
    return [
      summarise("until all have acknowledged", acknowledged, form),
      summarise("until all are paused", paused, form),
    ];
  });
};

async function goOn(runtime: Runtime, count: number): Promise<void> {
  await continueAll(runtime);
  await allHave(runtime, "running", count);
}

const byCommandLine: Part = ({ sizes, folder }) => {
  if (!existsSync(BIN)) throw new Error(`${BIN} is missing: npm run build`);
  const count = sizes.bulkRuns;
  return withRunsElsewhere({ path: join(folder, "command-line.db"), count }, async (place) => {
    const samples: number[] = [];
    for (let round = 0; round <= sizes.rounds; round++) {
      const ms = await timeCommandLine(place);
      if (round > 0) samples.push(ms);
      await goOn(place.runtime, count);
    }
    const target = { atMost: BULK_MS_MAX };
    return [summarise("safepoint pause --all --mode interrupt, until all are paused", samples, { unit: "ms", target })];
  });
};

/** From starting the program, which is most of it, until every run is stored as paused. */
async function timeCommandLine({ runtime, path, runIds }: Elsewhere): Promise<number> {
  const started = performance.now();
  const words = [BIN, "pause", "--all", "--mode", "interrupt", "--json", "--store", path];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  await allHave(runtime, "paused", runIds.length);
  const elapsedMs = performance.now() - started;
  const lines = stdout.trim().split("\n");
  if (lines.length !== runIds.length) throw new Error(`expected ${runIds.length} results, found ${lines.length}`);
  for (const line of lines) expectAfter(JSON.parse(line) as ControlResult, "pausing");
  return elapsedMs;
}

export const control: Scenario = {
  about: "how soon a pause is acknowledged, here, by another process, by many runs",
  parts: {
    "1,000 live runs, here": here,
    "1,000 live runs of another process": elsewhere,
    "500 runs of another process, one command": bulkElsewhere,
    "500 runs of another process, from the command line": byCommandLine,
  },
};
