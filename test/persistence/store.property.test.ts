import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store, TurnWrite } from "../../src/persistence/store.ts";
import { verifyAll } from "../../src/persistence/verify.ts";
import { creation, entries, MACHINE, OWNER, RIVAL, turn } from "../../src/testing/store-fixtures.ts";

/** A step both stores are asked to do; what it needs to know of the run is read from the store under test. */
type Step = (store: Store) => Promise<unknown>;

const runIds = fc.constantFrom("a", "b");
const names = fc.constantFrom("x", "y", "main", "main/f@1/0", "é", "\u{1f600}", "\uffee");
const jsonText = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value));

const actorWrites = fc.array(
  fc.oneof(
    fc.record({ actor: names, machine: fc.constant(MACHINE), snapshot: jsonText }),
    fc.record({ actor: names, ended: fc.constant(true as const) }),
  ),
  { maxLength: 4 },
);
const contextWrites = fc.array(
  fc.oneof(
    fc.record({ scope: names, key: names, value: fc.record({ json: jsonText }) }),
    fc.record({ scope: names, key: names }),
  ),
  { maxLength: 4 },
);
const scopeWrites = fc.array(
  fc.oneof(
    fc.record({ scope: names }),
    fc.record({ scope: names, parent: names, parentSeq: fc.nat(9) }),
    fc.record({ scope: names, ended: fc.constant(true as const) }),
  ),
  { maxLength: 2 },
);
const timerWrites = fc.array(
  fc.oneof(
    fc.record({
      timer: names,
      actor: names,
      kind: fc.constant("backoff"),
      clock: fc.constantFrom("run" as const, "wall" as const),
      // SQLite knows one zero.
      dueMs: fc.double({ noNaN: true, noDefaultInfinity: true }).map((ms) => ms + 0),
    }),
    fc.record({ timer: names, cleared: fc.constant(true as const) }),
  ),
  { maxLength: 2 },
);
const gateWrites = fc.array(
  fc.record(
    {
      gate: names,
      stage: names,
      status: fc.constantFrom("open" as const, "answered" as const),
      question: fc.jsonValue({ maxDepth: 1 }),
      answer: fc.jsonValue({ maxDepth: 1 }),
    },
    { requiredKeys: ["gate", "stage", "status"] },
  ),
  { maxLength: 2 },
) as fc.Arbitrary<NonNullable<TurnWrite["gates"]>>;

const changes = fc.record({
  entries: fc.integer({ min: 0, max: 3 }).map(entries),
  actors: actorWrites,
  context: contextWrites,
  scopes: scopeWrites,
  timers: timerWrites,
  gates: gateWrites,
  run: fc.record(
    {
      status: fc.constantFrom("running" as const, "paused" as const, "completed" as const),
      statusReason: fc.constantFrom("why", null),
      resumeEpoch: fc.nat(5),
      finishedAtMs: fc.nat(99),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<NonNullable<TurnWrite["run"]>>,
});

const turnStep = fc
  .array(fc.record({ runId: runIds, changes, staleBy: fc.constantFrom(0, 0, 0, 0, 1), create: fc.nat(9) }), {
    minLength: 1,
    maxLength: 3,
  })
  .map(
    (plans): Step =>
      async (store) => {
        const turns: TurnWrite[] = [];
        for (const plan of plans) {
          const run = (await store.read("run", { runId: plan.runId }))[0];
          // Of two turns of one run in a transaction the second is stale: that is one of the cases.
          if (run === undefined || plan.create === 0)
            turns.push({ ...creation(plan.runId), scopes: plan.changes.scopes });
          else turns.push({ ...turn(plan.runId, run.seq + plan.staleBy, plan.changes), token: run.token });
        }
        return store.commit(turns);
      },
  );
const claimStep = fc
  .record({
    runId: runIds,
    owner: fc.constantFrom(OWNER, RIVAL),
    nowMs: fc.integer({ min: 0, max: 3_000 }),
    leaseMs: fc.nat(1_000),
  })
  .map(
    (request): Step =>
      (store) =>
        store.claim(request),
  );
const leaseStep = fc.record({ runId: runIds, token: fc.integer({ min: 1, max: 3 }), isRelease: fc.boolean() }).map(
  ({ isRelease, ...lease }): Step =>
    (store) =>
      isRelease ? store.release([lease]) : store.renew([lease], 5_000),
);
const submitStep = fc
  .record({
    runId: runIds,
    commandId: names,
    verb: fc.constantFrom("pause", "cancel"),
    body: fc.jsonValue({ maxDepth: 1 }),
  })
  .map(
    (command): Step =>
      (store) =>
        store.submit({ ...command, body: command.body as never, actor: "ann", atMs: 1 }),
  );
const steps = fc.array(fc.oneof({ weight: 6, arbitrary: turnStep }, claimStep, leaseStep, submitStep), {
  maxLength: 14,
});

/** What can be seen of a store. */
async function everything(store: Store): Promise<unknown> {
  const runs = await store.read("runs", {});
  const perRun = await Promise.all(
    runs.map(async ({ runId, seq }) => {
      const past = await Promise.all(
        Array.from({ length: seq }, async (_, index) => ({
          actors: await store.read("checkpoints", { runId, atSeq: index + 1 }),
          context: await store.read("context", { runId, scope: "main/f@1/0", atSeq: index + 1 }),
        })),
      );
      return { image: await store.load(runId), scopes: await store.read("scopes", { runId }), past };
    }),
  );
  const byBranch = await store.read("journal", { runId: "a", branch: "main", descending: true });
  return {
    // Cursors are each store's own business.
    runs: runs.map(({ cursor: _, ...row }) => row),
    perRun,
    byBranch,
    journal: await store.read("journal", {}),
    gates: await store.read("gates", {}),
    commands: await store.read("commands", {}),
  };
}

async function outcomeOf(step: Step, store: Store): Promise<unknown> {
  try {
    return await step(store);
  } catch (error) {
    return { rejected: (error as { code?: string }).code ?? String(error) };
  }
}

describe("memory and SQLite", () => {
  it("answer alike and hold the same after any sequence of writes, and stay sound", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        const memory = memoryStore();
        const sqlite = sqliteStore(":memory:");
        try {
          for (const step of program) {
            const expected = await outcomeOf(step, memory);
            expect(await outcomeOf(step, sqlite)).toEqual(expected);
          }
          expect(await everything(sqlite)).toEqual(await everything(memory));
          expect(await sqlite.check()).toEqual([]);
          const problems = (await verifyAll(sqlite)).filter((problem) => problem.what !== "leftover");
          // Programs fork scopes from seqs that do not exist yet; verify is right to say so.
          expect(problems.filter((problem) => problem.what !== "context")).toEqual([]);
        } finally {
          await sqlite.close();
          await memory.close();
        }
      }),
      { numRuns: 150, interruptAfterTimeLimit: 12_000, markInterruptAsFailure: false },
    );
  });
});
