import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/graph/index.ts";
import { createRuntime } from "../../src/index.ts";
import { foldToJson } from "../../src/journal/fold/json.ts";
import { fold } from "../../src/journal/fold.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { verifyRun } from "../../src/persistence/verify.ts";
import { foldEqualsHeads } from "../../src/runtime/verify-run.ts";
import { crashAfter, crashBefore, faultAtCommit, faultStore } from "../../src/testing/fault-store.ts";
import { type Summary, summarize } from "../crash/summary.ts";
import { EagerClock, mortalClock } from "./eager-clock.ts";
import { type Program, program } from "./random-program.ts";

interface Moment {
  readonly seq: number;
  /** The folded state as it was right after the turn's commit. */
  readonly state: JsonValue;
}

/** Looks at the run after every turn that is committed. */
function watched(store: Store, moments: Moment[], problems: string[]): Store {
  const commit: Store["commit"] = async (turns) => {
    const results = await store.commit(turns);
    for (const { runId } of turns) {
      const found = await verifyRun(store, runId, foldEqualsHeads);
      problems.push(...found.map(({ message }) => message));
      const entries = await store.read("journal", { runId });
      moments.push({ seq: entries.length, state: foldToJson(fold(entries)) });
    }
    return results;
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === "commit") return commit;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function runThrough({ source, outcomeOf }: Program) {
  const store = memoryStore();
  const moments: Moment[] = [];
  const problems: string[] = [];
  const handlers = { step: outcomeOf };
  const runtime = await createRuntime({ store: watched(store, moments, problems), clock: new EagerClock(), handlers });
  const run = await runtime.start(source, { runId: "r" });
  const view = await run.finished();
  return { runtime, store, moments, problems, view };
}

describe("random pipelines with random outcomes", () => {
  it("have a store that is what their journal says after every turn, and a past that stays as it was", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (given) => {
        const { runtime, moments, problems } = await runThrough(given);
        expect(problems).toEqual([]);
        for (const { seq, state } of moments) expect(foldToJson(await runtime.stateAt("r", seq))).toEqual(state);
        await runtime.stop();
      }),
      { numRuns: 60 },
    );
  });

  it("never end well with a stage that failed and was routed nowhere", async () => {
    await fc.assert(
      fc.asyncProperty(program, async (given) => {
        const { runtime, store, view } = await runThrough(given);
        await runtime.stop();
        if (view.status !== "completed") return;
        const entries = await store.read("journal", { runId: "r" });
        for (const failed of entries.filter(({ type }) => type === "stage.failed")) {
          const hop = entries.find(
            ({ type, stage, seq }) => type === "edge.selected" && stage === failed.stage && seq > failed.seq,
          );
          const { rule } = (hop?.data ?? {}) as { rule?: string };
          expect([
            "condition",
            "fail_to_conditional",
            "retry_target",
            "fallback_retry_target",
            "graph_retry_target",
          ]).toContain(rule);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("come to the same end when their process dies at any commit", async () => {
    await fc.assert(
      fc.asyncProperty(program, fc.nat(40), fc.boolean(), async (given, at, isBefore) => {
        const oracle = await runThrough(given);
        const expected = await summarize(oracle.store, "r");
        await oracle.runtime.stop();
        const n = 1 + (at % oracle.moments.length);
        expect(await crashOnce(given, n, isBefore), `crash ${isBefore ? "before" : "after"} commit ${n}`).toEqual(
          expected,
        );
      }),
      { numRuns: 60 },
    );
  });
});

async function crashOnce({ source, outcomeOf }: Program, n: number, isBefore: boolean): Promise<Summary> {
  const inner = memoryStore();
  const clock = new EagerClock();
  const death = Promise.withResolvers<void>();
  const plan = faultAtCommit(n, isBefore ? crashBefore : crashAfter);
  const store = faultStore(inner, { ...plan, onCrash: () => death.resolve() });
  const handlers = { step: outcomeOf };
  const doomed = await createRuntime({ store, clock: mortalClock(clock, () => store.isCrashed), handlers });
  doomed.start(source, { runId: "r" }).catch(() => {});
  await death.promise;
  const next = await createRuntime({ store: inner, clock, handlers });
  const [known] = await inner.read("run", { runId: "r" });
  const isLive = known !== undefined && known.status === "running";
  if (!known) await (await next.start(source, { runId: "r" })).finished();
  else if (isLive) await (await next.resume("r")).finished();
  expect((await next.verify("r")).problems).toEqual([]);
  await next.stop();
  return summarize(inner, "r");
}
