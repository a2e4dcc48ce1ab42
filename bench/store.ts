/**
 * What the store costs: a typical stage turn against raw SQLite commits of the same bytes, one by one and in batches.
 * Run directly for a table, or call the functions.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { groupCommit } from "../src/persistence/group-commit.ts";
import { sqliteStore } from "../src/persistence/sqlite/index.ts";
import type { Store, TurnWrite } from "../src/persistence/store.ts";

const OWNER = { host: "bench", bootId: "boot", pid: 1, processStart: "1" };
const SNAPSHOT = JSON.stringify({
  status: "active",
  value: { control: "running", work: { executing: "attempt" } },
  historyValue: {},
  context: {
    stage: "main/node_1@1",
    attempt: 1,
    start: 1,
    limits: { maxRetries: 0, timeoutMs: 900_000 },
    redirects: 0,
  },
  children: {},
});
const MACHINE = "stage@1/xstate@5.33.3";

export type Synchronous = "FULL" | "NORMAL";
export interface Rate {
  readonly perSecond: number;
  readonly microseconds: number;
}

/** Ends one stage, chooses the edge, starts the next: the turn of a linear run. */
export function stageTurn(runId: string, stage: number, baseSeq: number): TurnWrite {
  const address = `main/node_${stage}@1`;
  const next = `main/node_${stage + 1}@1`;
  const outcome = { status: "success", contextUpdates: { last_stage: `node_${stage}` } };
  return {
    runId,
    token: 1,
    baseSeq,
    atMs: 1_700_000_000_000 + stage,
    entries: [
      {
        type: "stage.succeeded",
        branch: "main",
        stage: address,
        attempt: 1,
        execution: `${address}#1.1`,
        data: { outcome },
      },
      {
        type: "edge.selected",
        branch: "main",
        stage: address,
        data: {
          from: `node_${stage}`,
          to: `node_${stage + 1}`,
          edge: stage,
          rule: "unconditional",
          candidates: [{ edge: stage, to: `node_${stage + 1}` }],
        },
      },
      { type: "stage.started", branch: "main", stage: next, attempt: 1, execution: `${next}#1.1`, data: {} },
    ],
    actors: [
      { actor: `stage:${address}`, ended: true },
      { actor: `stage:${next}`, machine: MACHINE, snapshot: SNAPSHOT },
      { actor: "branch:main", machine: MACHINE, snapshot: SNAPSHOT },
    ],
    context: [
      { scope: "main", key: "last_stage", value: { json: `"node_${stage}"` } },
      { scope: "main", key: "outcome", value: { json: `"success"` } },
    ],
  };
}

export function creation(runId: string): TurnWrite {
  const create = {
    runId,
    status: "running" as const,
    pipelineName: "bench",
    pipelineHash: "0".repeat(64),
    labels: {},
    inputs: {},
    createdAtMs: 0,
    owner: OWNER,
    leaseUntilMs: 1e15,
  };
  return {
    runId,
    token: 1,
    baseSeq: 0,
    atMs: 0,
    create,
    entries: [{ type: "run.started", data: {} }],
    scopes: [{ scope: "main" }],
  };
}

/** Turns of one run, each committed by itself. */
export async function singleTurns(store: Store, count: number): Promise<Rate> {
  const runId = "single";
  await store.commit([creation(runId)]);
  const turns = Array.from({ length: count }, (_, stage) => stageTurn(runId, stage, 1 + 3 * stage));
  const started = performance.now();
  for (const turn of turns) assertOk(await store.commit([turn]));
  return rate(count, started);
}

/** Turns of `runs` runs, one transaction for each round. */
export async function batchedTurns(store: Store, runs: number, rounds: number): Promise<Rate> {
  const names = Array.from({ length: runs }, (_, index) => `batch-${index}`);
  await store.commit(names.map(creation));
  const batches = Array.from({ length: rounds }, (_, stage) =>
    names.map((name) => stageTurn(name, stage, 1 + 3 * stage)),
  );
  const started = performance.now();
  for (const batch of batches) assertOk(await store.commit(batch));
  return rate(runs * rounds, started);
}

/** As drivers do it: each run awaits its turn and hands in the next. */
export async function groupedTurns(store: Store, runs: number, rounds: number): Promise<Rate> {
  const names = Array.from({ length: runs }, (_, index) => `group-${runs}-${index}`);
  await store.commit(names.map(creation));
  const group = groupCommit(store);
  const started = performance.now();
  await Promise.all(
    names.map(async (name) => {
      for (let stage = 0; stage < rounds; stage++)
        assertOk([await group.commit(stageTurn(name, stage, 1 + 3 * stage))]);
    }),
  );
  return rate(runs * rounds, started);
}

/** The same bytes in one row of a bare table: what the medium itself takes. */
export function rawCommits(file: string, synchronous: Synchronous, count: number): Rate {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; CREATE TABLE raw (body TEXT)`);
  const insert = database.prepare("INSERT INTO raw VALUES (?)");
  const body = JSON.stringify(stageTurn("raw", 1, 1));
  const started = performance.now();
  for (let index = 0; index < count; index++) insert.run(body);
  const result = rate(count, started);
  database.close();
  return result;
}

function assertOk(results: readonly { readonly ok: boolean }[]): void {
  if (results.some((result) => !result.ok)) throw new Error(`a turn was refused: ${JSON.stringify(results[0])}`);
}

function rate(count: number, started: number): Rate {
  const elapsedMs = performance.now() - started;
  return {
    perSecond: Math.round((count * 1000) / elapsedMs),
    microseconds: Math.round((elapsedMs * 10_000) / count) / 10,
  };
}

export interface StoreLoad {
  readonly turns: number;
  readonly runs: number;
}

const USUAL: StoreLoad = { turns: 3000, runs: 200 };

/** Three times as many turns of many runs as of one: they are faster. */
export async function benchStore(
  synchronous: Synchronous,
  { turns, runs }: StoreLoad = USUAL,
): Promise<Record<string, Rate>> {
  const rounds = Math.ceil((3 * turns) / runs);
  const folder = mkdtempSync(join(tmpdir(), "safepoint-bench-"));
  try {
    const open = (name: string) => sqliteStore({ path: join(folder, name), synchronous });
    const measure = async (name: string, work: (store: Store) => Promise<Rate>) => {
      const store = open(name);
      const result = await work(store);
      await store.close();
      return result;
    };
    return {
      raw: rawCommits(join(folder, "raw.db"), synchronous, turns),
      single: await measure("single.db", (store) => singleTurns(store, turns)),
      grouped1: await measure("grouped1.db", (store) => groupedTurns(store, 1, turns)),
      batched200: await measure("batch.db", (store) => batchedTurns(store, runs, rounds)),
      grouped200: await measure("group.db", (store) => groupedTurns(store, runs, rounds)),
      memory200: await measure(":memory:", (store) => batchedTurns(store, runs, rounds)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  for (const synchronous of ["FULL", "NORMAL"] as const) {
    console.log(synchronous);
    console.table(await benchStore(synchronous));
  }
}
