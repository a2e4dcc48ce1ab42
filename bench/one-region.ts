/** One run that is mostly a parallel node or a foreach: whole, and its first stages against its last. */
import { join } from "node:path";
import type { JsonValue } from "../src/graph/index.ts";
import { TURN_ENDS_MAX } from "../src/limits.ts";
import { openEngine, type Synchronous } from "./engine.ts";
import { databaseBytes, payloadBytes } from "./written-bytes.ts";

export interface OneRegion {
  readonly folder: string;
  /** Names the database file; each is used once. */
  readonly name: string;
  readonly synchronous: Synchronous;
  readonly pipeline: string;
  /** Of the branches or iterations together. */
  readonly stages: number;
  /** Stages that begin before the first one ends: what is compared comes after them. */
  readonly atOnce: number;
  /** What the stage before the region leaves in the context. Absent: there is none. */
  readonly context?: Readonly<Record<string, JsonValue>>;
}

/** From one stage's call to that of another, later one. */
export interface Stretch {
  readonly stages: number;
  readonly ms: number;
  /** User and system time of the process. */
  readonly cpuMs: number;
  /** By which the database grew. */
  readonly bytes: number;
}

export interface OneRegionResult {
  readonly path: string;
  /** Until the run is stored as ended. */
  readonly whole: Stretch;
  /** Of the stages that begin as others end. Absent where all begin at once. */
  readonly ends?: { readonly first: Stretch; readonly last: Stretch };
  readonly turns: number;
  /** What a stage leaves in the database: rows and their indexes, without free space. */
  readonly payloadPerStage: number;
}

/** Of a run this long a tenth is compared with a tenth; of a shorter one, whose tenth is a few turns, a third. */
const LONG_STAGES = 5000;

interface Mark {
  readonly stages: number;
  readonly atMs: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

export async function timeOneRegion(options: OneRegion): Promise<OneRegionResult> {
  const { folder, name, synchronous, pipeline, stages, atOnce, context } = options;
  const path = join(folder, `${name}.db`);
  const before = context ? 1 : 0;
  const length = Math.floor((stages - atOnce) / (stages < LONG_STAGES ? 3 : 10));
  const first = [atOnce + 1, atOnce + 1 + length] as const;
  // The last stages begin in a turn in which branches end already.
  const end = stages - Math.min(atOnce, TURN_ENDS_MAX);
  const last = [end - length, end] as const;
  const places = new Set([1, ...first, ...last]);
  const marks = new Map<number, Mark>();
  const engine = await openEngine({
    path,
    synchronous,
    onStage: (count) => {
      if (context && count === 1) return { status: "success", contextUpdates: { ...context } };
      const stage = count - before;
      if (places.has(stage)) marks.set(stage, markAt(stage, path));
      return undefined;
    },
  });
  await engine.runtime.start(pipeline);
  await engine.ended(1);
  marks.set(stages + 1, markAt(stages + 1, path));
  const { turns } = engine.commits;
  await engine.close();
  const between = (from: number, to: number) => stretch(marks.get(from), marks.get(to));
  return {
    path,
    whole: between(1, stages + 1),
    ...(length > 0 ? { ends: { first: between(...first), last: between(...last) } } : {}),
    turns,
    payloadPerStage: payloadBytes(path) / stages,
  };
}

function markAt(stages: number, path: string): Mark {
  const { user, system } = process.cpuUsage();
  return { stages, atMs: performance.now(), cpuMs: (user + system) / 1000, bytes: databaseBytes(path) };
}

function stretch(from: Mark | undefined, to: Mark | undefined): Stretch {
  if (!from || !to) throw new Error("a region did not come to all of its stages");
  return {
    stages: to.stages - from.stages,
    ms: to.atMs - from.atMs,
    cpuMs: to.cpuMs - from.cpuMs,
    bytes: to.bytes - from.bytes,
  };
}
