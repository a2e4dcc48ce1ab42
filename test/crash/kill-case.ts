/** One case of the kill sweep: processes that are killed one after another, then one that lives, and what must hold. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { verifyRunWhole } from "../../src/runtime/verify-run.ts";
import { checkEffects, parseEffects } from "./effects.ts";
import { RUN_ID } from "./reference.ts";
import { type ReferenceName, referenceOf } from "./references.ts";
import { type Summary, summarize } from "./summary.ts";

const CHILD = new URL("child.ts", import.meta.url).pathname;
/** A process of the reference pipeline takes about a second. */
const PATIENCE_MS = 60_000;

/** A folder with what outlives the processes of a case. */
export interface Place {
  readonly reference: ReferenceName;
  readonly folder: string;
  readonly database: string;
  readonly effects: string;
}

export function makePlace(reference: ReferenceName): Place {
  const folder = mkdtempSync(join(tmpdir(), "safepoint-crash-"));
  const place = { reference, folder, database: join(folder, "runs.db"), effects: join(folder, "effects") };
  writeFileSync(place.effects, "");
  return place;
}

export function removePlace({ folder }: Place): void {
  // In a case that failed, a tool may still be writing there.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
}

export interface Life {
  readonly killed: boolean;
  /** The points that the process passed, in order. */
  readonly points: readonly string[];
}

/** Runs the child until it ends or kills itself. Rejects when it fails in another way, with what it said. */
export async function live({ reference, folder, database, effects }: Place, crashAt = 0): Promise<Life> {
  const points = join(folder, `points-${crypto.randomUUID()}`);
  writeFileSync(points, "");
  const env = { ...process.env, CRASH_EFFECTS: effects, CRASH_POINTS: points, CRASH_AT: String(crashAt) };
  const child = spawn(process.execPath, [CHILD, database, reference], { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  const patience = setTimeout(() => {
    said += `\nit did not end within ${PATIENCE_MS} ms`;
    child.kill("SIGTERM");
  }, PATIENCE_MS);
  const [exitCode, signal] = (await once(child, "exit")) as [number | null, string | null];
  clearTimeout(patience);
  const passed = readFileSync(points, "utf8").split("\n").slice(0, -1);
  if (signal !== "SIGKILL" && exitCode !== 0) throw new Error(`the process ended with ${signal ?? exitCode}: ${said}`);
  return { killed: signal === "SIGKILL", points: passed };
}

export interface CaseResult {
  /** One sentence a fault. */
  readonly problems: readonly string[];
  /** Which of the kills took place; later points may not exist when the run ended before. */
  readonly kills: number;
}

/** Kills at the given points, then lets the run end, and holds everything against the uninterrupted run. */
export async function killAndResume(place: Place, crashes: readonly number[], oracle: Summary): Promise<CaseResult> {
  const problems: string[] = [];
  let kills = 0;
  try {
    for (const crashAt of crashes) {
      if (!(await live(place, crashAt)).killed) break;
      kills += 1;
      problems.push(...(await findProblems(place)).map((problem) => `after kill ${kills}: ${problem}`));
    }
    if ((await live(place)).killed) problems.push("the last process was killed, too");
    problems.push(...(await findProblems(place, oracle)));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  // Side by side, a run may share more commits than the uninterrupted one, and have ended before the point.
  if (kills === 0 && referenceOf(place.reference).isSequential) problems.push(`there is no point ${crashes[0]}`);
  return { problems, kills };
}

async function findProblems({ reference, database, effects }: Place, oracle?: Summary): Promise<string[]> {
  // Killed before it had a store, the process left nothing.
  if (!existsSync(database)) return [];
  const lines = parseEffects(readFileSync(effects, "utf8"));
  const store = sqliteStore({ path: database, synchronous: "NORMAL" });
  try {
    const [row] = await store.read("run", { runId: RUN_ID });
    if (!row) return lines.length === 0 ? [] : ["something was done before the run was stored"];
    const journal = await store.read("journal", { runId: RUN_ID });
    return [
      ...(await verifyRunWhole(store, RUN_ID)).problems,
      ...(await store.check()),
      ...checkEffects(lines, journal, referenceOf(reference)),
      ...(oracle === undefined ? [] : await compare(store, oracle)),
    ];
  } finally {
    await store.close();
  }
}

async function compare(store: Store, oracle: Summary): Promise<string[]> {
  const found = await summarize(store, RUN_ID);
  return (Object.keys(oracle) as (keyof Summary)[])
    .filter((part) => !isDeepStrictEqual(found[part], oracle[part]))
    .map((part) => `${part}: expected ${JSON.stringify(oracle[part])}, found ${JSON.stringify(found[part])}`);
}

/** The uninterrupted run: what must come out, and what there is to be killed at. Throws when it is not sound itself. */
export async function liveThrough(
  reference: ReferenceName,
): Promise<{ readonly summary: Summary; readonly points: readonly string[] }> {
  const place = makePlace(reference);
  try {
    const { points } = await live(place);
    const problems = await findProblems(place);
    if (problems.length > 0) throw new Error(`the uninterrupted run is not sound: ${problems.join("; ")}`);
    const store = sqliteStore({ path: place.database, synchronous: "NORMAL" });
    const summary = await summarize(store, RUN_ID);
    await store.close();
    if (summary.status !== "completed") throw new Error(`the uninterrupted run is ${summary.status}`);
    return { summary, points };
  } finally {
    removePlace(place);
  }
}
