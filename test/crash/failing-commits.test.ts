/** The n-th commit is refused by the medium while other runs' handlers are in flight: the runs go on by themselves. */
import { describe, expect, it } from "vitest";
import { createRuntime, type HandlerInput } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { type Fault, failAfter, failBefore, faultStore } from "../../src/testing/fault-store.ts";
import { EagerClock } from "../runtime/eager-clock.ts";
import { SWEEP_PATIENCE_MS } from "./crash-case.ts";
import { checkEffects, type EffectLine } from "./effects.ts";
import { createFakeTool, createStep, LINE, type Reference } from "./reference.ts";
import { REGIONS } from "./regions.ts";
import { type Summary, summarize } from "./summary.ts";

const RUNS = ["one", "two"] as const;

interface Finish {
  readonly commits: number;
  readonly summaries: readonly Summary[];
}

/** Two runs at once, over a store that does as the plan says with its n-th commit. */
async function runBoth(faultAt: (n: number) => Fault | undefined, reference: Reference = LINE): Promise<Finish> {
  const inner = memoryStore();
  const effects = new Map<string, EffectLine[]>(RUNS.map((runId) => [runId, []]));
  const leave = (kind: "start" | "end", { runId, execution }: HandlerInput) =>
    void effects.get(runId)?.push({ kind, execution });
  const store = faultStore(inner, { faultAt: (n, operation) => (operation === "commit" ? faultAt(n) : undefined) });
  const runtime = await createRuntime({
    store,
    clock: new EagerClock(),
    handlers: { step: createStep(leave, reference), tool: createFakeTool(leave) },
  });
  const runs = await Promise.all(RUNS.map((runId) => runtime.start(reference.source, { runId })));
  await Promise.all(runs.map((run) => run.finished()));
  for (const runId of RUNS) {
    expect(await runtime.verify(runId)).toMatchObject({ ok: true, problems: [] });
    const journal = await inner.read("journal", { runId });
    expect(checkEffects(effects.get(runId) ?? [], journal, reference)).toEqual([]);
    // Nothing was interrupted: what ran while the commit failed was taken over as it was.
    expect(journal.filter(({ type }) => type === "stage.interrupted" || type === "run.resumed")).toEqual([]);
  }
  await runtime.stop();
  const summaries = await Promise.all(RUNS.map((runId) => summarize(inner, runId)));
  return { commits: store.count("commit"), summaries };
}

describe("a write beside the turns that fails", () => {
  it("costs no stage its result: output, artifacts, large values and process records are written again", async () => {
    const inner = memoryStore();
    const failures = new Map<string, number>();
    const store = faultStore(inner, {
      faultAt: (n, operation) => {
        if ((operation !== "putBlob" && operation !== "writeSide") || n % 3 === 0) return undefined;
        failures.set(operation, (failures.get(operation) ?? 0) + 1);
        return n % 2 === 0 ? failBefore("store_full") : failAfter("store_busy");
      },
    });
    const runtime = await createRuntime({
      store,
      handlers: {
        async step({ artifacts }) {
          await artifacts.write("note.txt", "kept");
          return { status: "success", contextUpdates: { big: "x".repeat(200_000) } };
        },
      },
    });
    const source = `digraph { start [shape=Mdiamond]; exit [shape=Msquare]; a [type=step];
      t [shape=parallelogram, tool_command="echo said"]; start -> a -> t -> exit }`;
    const run = await runtime.start(source, { runId: "r" });
    expect((await run.finished()).status).toBe("completed");
    expect(await run.context()).toMatchObject({ big: "x".repeat(200_000), "tool.output": "said" });
    const artifacts = await runtime.artifacts("r");
    expect(artifacts.map(({ name }) => name).sort()).toEqual(["note.txt", "stderr", "stdout"]);
    const output = await inner.read("output", { runId: "r", execution: "main/t@1#1.1", stream: "stdout" });
    expect(Buffer.concat(output.map(({ bytes }) => bytes)).toString()).toBe("said\n");
    expect(failures.size).toBe(2);
    expect((await runtime.verify("r")).problems).toEqual([]);
    await runtime.stop();
  });
});

/** Commits that create the runs are the caller's to repeat. */
const FIRST = 2;

describe.each([
  ["one after another", LINE],
  ["side by side", REGIONS],
] as const)("a commit that fails while handlers are in flight, stages %s", (_, reference) => {
  it("is made again, whichever it is, and nothing runs twice", { timeout: SWEEP_PATIENCE_MS }, async () => {
    const oracle = await runBoth(() => undefined, reference);
    expect(oracle.summaries.map(({ status }) => status)).toEqual(["completed", "completed"]);
    for (let n = FIRST; n <= oracle.commits; n += 1) {
      const { summaries } = await runBoth((at) => (at === n ? failBefore() : undefined), reference);
      expect(summaries, `commit ${n} failed`).toEqual(oracle.summaries);
    }
  });

  it("is made again when it took effect and only its answer was lost", { timeout: SWEEP_PATIENCE_MS }, async () => {
    const oracle = await runBoth(() => undefined, reference);
    for (let n = FIRST; n <= oracle.commits; n += 1) {
      const { summaries } = await runBoth((at) => (at === n ? failAfter() : undefined), reference);
      expect(summaries, `the answer of commit ${n} was lost`).toEqual(oracle.summaries);
    }
  });

  it("may fail again and again: full, busy, unreachable", async () => {
    const oracle = await runBoth(() => undefined, reference);
    const codes = ["store_full", "store_busy", "store_unavailable"] as const;
    const { summaries } = await runBoth(
      (n) => (n >= FIRST && n % 4 !== 0 ? failBefore(codes[n % codes.length] ?? "store_full") : undefined),
      reference,
    );
    expect(summaries).toEqual(oracle.summaries);
  });
});

describe("a commit that can never be made", () => {
  it("is not made again where the store says that it never will be: the run is let go, as it was committed last", async () => {
    for (const code of ["store_read_only", "store_corrupt"] as const) {
      let isBroken = false;
      const inner = memoryStore();
      const store = faultStore(inner, {
        faultAt: (_n, operation) => (isBroken && operation === "commit" ? failBefore(code) : undefined),
      });
      const doomed = await createRuntime({
        store,
        clock: new EagerClock(),
        handlers: {
          step: ({ node }) => {
            isBroken = node.id === "round";
          },
        },
      });
      const source =
        "digraph { node [type=step]; start [shape=Mdiamond, type=start]; exit [shape=Msquare, type=exit]; start -> plan -> round -> exit }";
      const run = await doomed.start(source, { runId: "r" });
      await expect(run.finished()).rejects.toMatchObject({ code });
      await doomed.stop();
      expect((await inner.read("journal", { runId: "r" })).at(-1)).toMatchObject({ type: "stage.started" });
      const next = await createRuntime({ store: inner, clock: new EagerClock(), handlers: { step: () => {} } });
      expect((await (await next.resume("r")).finished()).status).toBe("completed");
      await next.stop();
    }
  });
});
