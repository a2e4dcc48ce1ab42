/** The n-th commit is refused by the medium while other runs' handlers are in flight: the runs go on by themselves. */
import { describe, expect, it } from "vitest";
import { createRuntime, type HandlerInput } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { type Fault, failAfter, failBefore, faultStore } from "../../src/testing/fault-store.ts";
import { EagerClock } from "../runtime/eager-clock.ts";
import { checkEffects, type EffectLine } from "./effects.ts";
import { createFakeTool, createStep, REFERENCE } from "./reference.ts";
import { type Summary, summarize } from "./summary.ts";

const RUNS = ["one", "two", "three"] as const;

interface Finish {
  readonly commits: number;
  readonly summaries: readonly Summary[];
}

/** Three runs at once, over a store that does as the plan says with its n-th commit. */
async function runThree(faultAt: (n: number) => Fault | undefined): Promise<Finish> {
  const inner = memoryStore();
  const effects = new Map<string, EffectLine[]>(RUNS.map((runId) => [runId, []]));
  const leave = (kind: "start" | "end", { runId, execution }: HandlerInput) =>
    void effects.get(runId)?.push({ kind, execution });
  const store = faultStore(inner, { faultAt: (n, operation) => (operation === "commit" ? faultAt(n) : undefined) });
  const runtime = await createRuntime({
    store,
    clock: new EagerClock(),
    handlers: { step: createStep(leave), tool: createFakeTool(leave) },
  });
  const runs = await Promise.all(RUNS.map((runId) => runtime.start(REFERENCE, { runId })));
  await Promise.all(runs.map((run) => run.finished()));
  for (const runId of RUNS) {
    expect(await runtime.verify(runId)).toMatchObject({ ok: true, problems: [] });
    const journal = await inner.read("journal", { runId });
    expect(checkEffects(effects.get(runId) ?? [], journal)).toEqual([]);
    // Nothing was interrupted: what ran while the commit failed was taken over as it was.
    expect(journal.filter(({ type }) => type === "stage.interrupted" || type === "run.resumed")).toEqual([]);
  }
  await runtime.stop();
  const summaries = await Promise.all(RUNS.map((runId) => summarize(inner, runId)));
  return { commits: store.count("commit"), summaries };
}

/** Commits that create the runs are the caller's to repeat. */
const FIRST = 2;

describe("a commit that fails while handlers are in flight", () => {
  it("is made again, whichever it is, and nothing runs twice", async () => {
    const oracle = await runThree(() => undefined);
    expect(oracle.summaries.map(({ status }) => status)).toEqual(["completed", "completed", "completed"]);
    for (let n = FIRST; n <= oracle.commits; n += 1) {
      const { summaries } = await runThree((at) => (at === n ? failBefore() : undefined));
      expect(summaries, `commit ${n} failed`).toEqual(oracle.summaries);
    }
  });

  it("is made again when it took effect and only its answer was lost", async () => {
    const oracle = await runThree(() => undefined);
    for (let n = FIRST; n <= oracle.commits; n += 1) {
      const { summaries } = await runThree((at) => (at === n ? failAfter() : undefined));
      expect(summaries, `the answer of commit ${n} was lost`).toEqual(oracle.summaries);
    }
  });

  it("may fail again and again: full, busy, unreachable", async () => {
    const oracle = await runThree(() => undefined);
    const codes = ["store_full", "store_busy", "store_unavailable"] as const;
    const { summaries } = await runThree((n) =>
      n >= FIRST && n % 4 !== 0 ? failBefore(codes[n % codes.length] ?? "store_full") : undefined,
    );
    expect(summaries).toEqual(oracle.summaries);
  });
});
