/**
 * Runs a pipeline once undisturbed, then again and again with a pause after each of its turns, and holds the outcomes
 * against each other: a pipeline and its handlers that can be stopped anywhere come to the same end each time.
 */
import type { Handler } from "../actors/handler.ts";
import type { Graph } from "../graph/index.ts";
import { isFinalStatus } from "../journal/status.ts";
import { compareSummaries, type RunSummary } from "./run-summary.ts";
import { RunWorld, type RunWorldOptions } from "./run-world.ts";

/** `drain`, `interrupt`: one pause. `twice`: another one a turn later. `crash…`: the process dies while paused, while pausing. */
export type PauseWay = "drain" | "interrupt" | "twice" | "crash_paused" | "crash_pausing";

export const PAUSE_WAYS: readonly PauseWay[] = ["drain", "interrupt", "twice", "crash_paused", "crash_pausing"];

export interface PauseAnywhereOptions
  extends Omit<RunWorldOptions, "pipeline" | "handlers" | "seed" | "store" | "onStep"> {
  /** By node type; or what makes them, anew for each run, when they remember something. */
  readonly handlers?: Handlers | (() => Handlers);
  /** Default: all. */
  readonly ways?: readonly PauseWay[];
  /** How long each pause lasts. Virtual ms. Default a minute. */
  readonly pausedForMs?: number;
  /** The turns to pause after, from 1. Default: every turn of the undisturbed run. */
  readonly boundaries?: readonly number[];
}

type Handlers = Readonly<Record<string, Handler>>;

export interface PauseFailure {
  /** The turn after which the run was paused. */
  readonly boundary: number;
  readonly way: PauseWay;
  /** One sentence a problem. */
  readonly problems: readonly string[];
}

export interface PauseReport {
  readonly ok: boolean;
  readonly failures: readonly PauseFailure[];
  /** Turns of the undisturbed run. */
  readonly boundaries: number;
  /** Runs that were paused. */
  readonly runs: number;
  /** What the undisturbed run came to. */
  readonly undisturbed: RunSummary;
}

const PAUSED_FOR_MS = 60_000;

/**
 * Pauses a pipeline anywhere. Handlers run for real, in virtual time and over a store in memory: hand in such as do no
 * harm when they are called a thousand times. Rejects when the undisturbed run does not come to an end by itself.
 */
export async function pauseAnywhere(
  pipeline: Graph | string,
  options: PauseAnywhereOptions = {},
): Promise<PauseReport> {
  const { ways = PAUSE_WAYS, pausedForMs = PAUSED_FOR_MS, boundaries, handlers = {}, ...rest } = options;
  const open = () =>
    new RunWorld({ ...rest, pipeline, handlers: typeof handlers === "function" ? handlers() : handlers });
  const oracle = open();
  await oracle.do(() => runToEnd(oracle));
  const undisturbed = await oracle.summary();
  const places = boundaries ?? Array.from({ length: oracle.turns - 1 }, (_, index) => index + 1);
  const failures: PauseFailure[] = [];
  const first = await oracle.problems();
  if (first.length > 0) failures.push({ boundary: 0, way: "drain", problems: first });
  for (const boundary of places) {
    for (const way of ways) {
      const problems = await pauseOnce(open(), { boundary, way, pausedForMs, undisturbed });
      if (problems.length > 0) failures.push({ boundary, way, problems });
    }
  }
  return {
    ok: failures.length === 0,
    failures,
    boundaries: oracle.turns,
    runs: places.length * ways.length,
    undisturbed,
  };
}

interface Case {
  readonly boundary: number;
  readonly way: PauseWay;
  readonly pausedForMs: number;
  readonly undisturbed: RunSummary;
}

async function pauseOnce(world: RunWorld, one: Case): Promise<readonly string[]> {
  try {
    const seen = await world.do(() => play(world, one));
    return [...seen, ...(await world.problems()), ...compareSummaries(one.undisturbed, await world.summary())];
  } catch (error) {
    return [String(error), ...world.watch.problems];
  }
}

async function play(world: RunWorld, { boundary, way, pausedForMs }: Case): Promise<readonly string[]> {
  const problems: string[] = [];
  const booted = world.boot();
  await world.when(() => world.turns >= boundary || world.isFinished);
  await booted;
  const isPaused = await pause(world, way, problems);
  if (isPaused) {
    await stayPaused(world, { way, pausedForMs, problems });
    if (way === "twice") {
      const { turns } = world;
      await world.when(() => world.turns > turns || world.isFinished);
      if (await pause(world, way, problems)) await stayPaused(world, { way, pausedForMs, problems });
    }
  }
  await world.when(() => world.isFinished);
  return problems;
}

/** False when the run had ended before. */
async function pause(world: RunWorld, way: PauseWay, problems: string[]): Promise<boolean> {
  if (world.isFinished) return false;
  const mode = way === "interrupt" ? "interrupt" : "drain";
  const result = await (await world.run()).pause({ mode, reason: "paused by the test" });
  // Started over in the very turn before: the run that goes on is another one.
  if (result.code === "run_restarted") return pause(world, way, problems);
  if (!result.accepted) {
    if (!isFinalStatus(world.status)) problems.push(`the pause was refused: ${result.code}, ${result.hint}`);
    return false;
  }
  if (way === "crash_pausing") await rebootOf(world);
  await world.when(() => world.status === "paused" || world.isFinished);
  if (world.isFinished) problems.push(`the pause was accepted, and the run ended ${world.status}`);
  return !world.isFinished;
}

async function stayPaused(
  world: RunWorld,
  { way, pausedForMs, problems }: { readonly way: PauseWay; readonly pausedForMs: number; readonly problems: string[] },
): Promise<void> {
  const { view } = await world.run();
  const { status, control } = await view();
  if (status !== "paused") problems.push(`the view of a paused run says ${status}`);
  if (control.draining.length > 0) problems.push("the view of a paused run says that something drains");
  if (way === "crash_paused") await rebootOf(world);
  await world.scheduler.clock.sleep(pausedForMs);
  if (world.status !== "paused") problems.push(`paused, and by itself it became ${world.status}`);
  const result = await (await world.run()).continue({ reason: "continued by the test" });
  if (!result.accepted) problems.push(`continue was refused: ${result.code}, ${result.hint}`);
}

async function rebootOf(world: RunWorld): Promise<void> {
  world.kill();
  await world.boot();
}

async function runToEnd(world: RunWorld): Promise<void> {
  await world.boot();
  await world.when(() => world.isFinished);
}
