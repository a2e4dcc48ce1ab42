/** One run of no-op stages, with raw commits between its stages: both meet the same minute of the same machine. */
import { join } from "node:path";
import { openEngine, type Synchronous } from "./engine.ts";
import { WAY_OUT } from "./pipelines.ts";
import { RawCommits } from "./raw-commits.ts";
import { bytesWritten, databaseBytes, payloadBytes } from "./written-bytes.ts";

export interface OneRun {
  readonly folder: string;
  /** Names the database files; each is used once. */
  readonly name: string;
  readonly synchronous: Synchronous;
  readonly pipeline: string;
  readonly stages: number;
  /** Stages, then as many raw commits, then stages again. Absent: no raw commits. */
  readonly raw?: {
    readonly slice: number;
    /** Of a row that holds what a stage leaves in the database. */
    readonly bytes: number;
    /** Of a row whose commit writes as much to the log as a stage's does. */
    readonly logBytes: number;
  };
}

/** So many stages, and as many raw commits between them. */
export interface Group {
  readonly stages: number;
  readonly ms: number;
  /** User and system time of the process. */
  readonly cpuMs: number;
  readonly rawMs: number;
  readonly rawLogMs: number;
}

export interface OneRunResult {
  readonly path: string;
  readonly groups: readonly Group[];
  /** From handing in the pipeline until the run is stored: parsed, checked and pinned. */
  readonly startMs: number;
  /** What a stage adds to the database: rows and their indexes, without free space. */
  readonly payloadPerStage: number;
  /** Handed to write calls: log frames, and pages moved from the log into the file. */
  readonly writtenPerStage: number;
  readonly databasePerStage: number;
  readonly entriesPerStage: number;
}

/** Slices in a group: long enough for the log to be moved into the file about once. */
const SLICES_PER_GROUP = 10;

export async function timeOneRun(options: OneRun): Promise<OneRunResult> {
  const { folder, name, synchronous, pipeline, stages } = options;
  const path = join(folder, `${name}.db`);
  const slices = sliceStages(options);
  const engine = await openEngine({
    path,
    synchronous,
    onStage: (count) => {
      slices.onStage(count);
      return count === stages ? { status: "success", preferredLabel: WAY_OUT } : undefined;
    },
  });
  const opened = performance.now();
  await engine.runtime.start(pipeline);
  const startMs = performance.now() - opened;
  const written = bytesWritten() ?? 0;
  await engine.ended(1);
  slices.close();
  const writtenPerStage = ((bytesWritten() ?? 0) - written) / stages;
  const { entries } = engine.commits;
  await engine.close();
  return {
    path,
    groups: slices.groups,
    startMs,
    payloadPerStage: payloadBytes(path) / stages,
    writtenPerStage,
    databasePerStage: databaseBytes(path) / stages,
    entriesPerStage: entries / stages,
  };
}

/** Stops the clock every `slice` stages, commits as many raw rows, and goes on. */
function sliceStages({ folder, name, synchronous, raw, stages }: OneRun) {
  const slice = raw?.slice ?? stages - 1;
  const writer = raw && new RawCommits({ path: join(folder, `${name}-raw.db`), synchronous, bytes: raw.bytes });
  const log = raw && new RawCommits({ path: join(folder, `${name}-log.db`), synchronous, bytes: raw.logBytes });
  const groups: Group[] = [];
  let sum = { stages: 0, ms: 0, cpuMs: 0, rawMs: 0, rawLogMs: 0 };
  let slices = 0;
  let mark = 0;
  let cpu = process.cpuUsage();
  return {
    groups,
    onStage(count: number) {
      if (count % slice !== 1) return;
      if (count > 1) {
        const ms = performance.now() - mark;
        const { user, system } = process.cpuUsage(cpu);
        const rawMs = writer?.write({ rows: slice }) ?? 0;
        sum = {
          stages: sum.stages + slice,
          ms: sum.ms + ms,
          cpuMs: sum.cpuMs + (user + system) / 1000,
          rawMs: sum.rawMs + rawMs,
          rawLogMs: sum.rawLogMs + (log?.write({ rows: slice }) ?? 0),
        };
        slices += 1;
        if (slices % SLICES_PER_GROUP === 0 || slices * slice + slice >= stages) {
          groups.push(sum);
          sum = { stages: 0, ms: 0, cpuMs: 0, rawMs: 0, rawLogMs: 0 };
        }
      }
      cpu = process.cpuUsage();
      mark = performance.now();
    },
    close() {
      writer?.close();
      log?.close();
    },
  };
}
