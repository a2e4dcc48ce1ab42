/** Turns as tests of stores write them: one run, one owner, entries that fit the catalogue. */
import type { NewEntry } from "../journal/entry.ts";
import type { Owner, RunCreation, Store, TurnResult, TurnWrite } from "../persistence/store.ts";

export const OWNER: Owner = { host: "host-a", bootId: "boot-1", pid: 100, processStart: "1000" };
export const RIVAL: Owner = { host: "host-a", bootId: "boot-1", pid: 200, processStart: "2000" };

export const MACHINE = "stage@1/xstate@5.33.3";

/** Entries that say nothing much, one after another. */
export function entries(count: number): readonly NewEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    type: "stage.entered" as const,
    branch: "main",
    stage: `main/node_${index}@1`,
    data: { kind: "conditional" },
  }));
}

/** The turn that creates a run; under a lease until 1,000 ms unless `owner` is null. */
export function creation(runId: string, changes: Partial<RunCreation> = {}, owner: Owner | null = OWNER): TurnWrite {
  const create: RunCreation = {
    runId,
    status: "running",
    pipelineName: "hello",
    pipelineHash: "f".repeat(64),
    labels: {},
    inputs: {},
    createdAtMs: 1,
    ...(owner === null ? {} : { owner, leaseUntilMs: 1_000 }),
    ...changes,
  };
  return {
    runId,
    token: owner === null ? 0 : 1,
    baseSeq: 0,
    atMs: 1,
    create,
    entries: [{ type: "run.started", data: {} }],
  };
}

/** A turn of a run created by {@link creation}, that writes one entry unless told more. */
export function turn(runId: string, baseSeq: number, changes: Partial<TurnWrite> = {}): TurnWrite {
  return { runId, token: 1, baseSeq, atMs: baseSeq + 1, entries: entries(1), ...changes };
}

/** Commits turns, each in a transaction of its own; throws when one is refused. */
export async function commitAll(store: Store, ...turns: readonly TurnWrite[]): Promise<void> {
  for (const write of turns) {
    const [result] = await store.commit([write]);
    if (result?.ok !== true)
      throw new Error(`the turn at ${write.runId}/${write.baseSeq} was refused: ${describeResult(result)}`);
  }
}

/** "ok" or the code of the refusal. */
export function describeResult(result: TurnResult | undefined): string {
  if (result === undefined) return "no result";
  return result.ok ? "ok" : result.code;
}

/** The code of what a promise rejects with, or "resolved". */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "resolved";
  } catch (error) {
    const { code } = error as { code?: unknown };
    return typeof code === "string" ? code : `no code: ${String(error)}`;
  }
}
