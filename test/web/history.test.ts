/** What the dashboard makes of a journal is what the run's own view says, at every turn. */
import { createRuntime, type HandlerFunction } from "safepoint";
import { memoryStore } from "safepoint/memory";
import { describe, expect, it, onTestFinished } from "vitest";
import { outsideEntry } from "../../src/runtime/queries/entry-outside.ts";
import { viewOf } from "../../src/runtime/queries/view.ts";
import type { Entry } from "../../src/web/api/answers.ts";
import { History } from "../../src/web/model/history.ts";
import { nodesAt, timesTaken } from "../../src/web/model/node-states.ts";
import { attemptStatusAt, branchStatusAt, isEnded, stateAt } from "../../src/web/model/tracks.ts";
import { EACH, FLAKY, LOOPS, REVIEW } from "./pipelines.ts";

const step: HandlerFunction = async () => ({ status: "success" });
const broken: HandlerFunction = async () => ({ status: "fail", failureReason: "broken" });
const handlers = {
  step,
  work: step,
  practise: (async ({ context }) => {
    return { status: "success", contextUpdates: { practised: Number(context.get("work.index")) + 1 } };
  }) as HandlerFunction,
  hold: step,
  say: step,
  broken,
  item: (async ({ context }) => ({
    status: Number(context.get("work.index")) % 3 === 1 ? "fail" : "success",
  })) as HandlerFunction,
  flaky: (async ({ attempt }) => ({ status: attempt < 3 ? "retry" : "partial_success" })) as HandlerFunction,
};

async function run(pipeline: string, inputs = {}) {
  const store = memoryStore();
  const runtime = await createRuntime({ store, handlers });
  onTestFinished(() => runtime.stop());
  const { id } = await runtime.start(pipeline, { inputs }).then(async (started) => {
    await started.finished();
    return started;
  });
  const entries = (await runtime.store.read("journal", { runId: id })).map(outsideEntry) as unknown as Entry[];
  return { id, entries, store: runtime.store };
}

function historyOf(entries: readonly Entry[]): History {
  const history = new History();
  for (const entry of entries) expect(history.push(entry)).toBe(true);
  return history;
}

describe("the history of a run", () => {
  it.each([
    ["a quorum", REVIEW, {}],
    ["a foreach with failures", EACH, { items: [0, 1, 2, 3, 4, 5, 6, 7] }],
    ["loops within a foreach", LOOPS, {}],
    ["retries", FLAKY, {}],
  ])("agrees with the view at every turn: %s", async (_, pipeline, inputs) => {
    const { id, entries, store } = await run(pipeline, inputs);
    const history = historyOf(entries);
    for (const seq of new Set(entries.map(({ turn }) => turn))) {
      const { view } = await viewOf(store, id, { at: seq });
      expect(history.statusAt(seq), `status at ${seq}`).toBe(view.status);
      for (const { address, status, attempts } of view.stages) {
        const track = history.stages.get(address);
        const state = stateAt(track?.marks ?? [], seq);
        // Starts, exits and conditionals do nothing: the drawing has them done when they are entered.
        if (status !== "entered") expect(state, `${address} at ${seq}`).toBe(status);
        const told = track?.attempts.filter((attempt) => attempt.fromSeq <= seq);
        expect(told?.map((attempt) => attemptStatusAt(attempt, seq))).toEqual(
          attempts.map((attempt) => attempt.status),
        );
      }
      for (const { path, status } of view.branches) {
        const activation = path.slice(0, path.lastIndexOf("/"));
        const branch = history.activations.get(activation)?.branches[Number(path.slice(path.lastIndexOf("/") + 1))];
        if (path !== "main") expect(branchStatusAt(branch, seq), `${path} at ${seq}`).toBe(status);
      }
    }
  });

  it("takes an entry once, and none whose elders are missing", async () => {
    const { entries } = await run(FLAKY);
    const history = historyOf(entries.slice(0, 5));
    expect(history.push(entries[3] as Entry)).toBe(true);
    expect(history.push(entries[6] as Entry)).toBe(false);
    expect(history.seq).toBe(5);
    expect(history.push(entries[5] as Entry)).toBe(true);
    expect(history.entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("tells of whole turns only", async () => {
    const { entries } = await run(FLAKY);
    const history = historyOf(entries);
    const inside = entries.find(({ seq, turn }) => seq !== turn && seq > (entries[0]?.turn ?? 0)) as Entry;
    expect(history.turnAt(inside.turn)).toBe(inside.turn);
    expect(history.turnAt(inside.seq)).toBeLessThan(inside.seq);
    expect(history.turnAt(1)).toBe(entries[0]?.turn);
  });

  it("counts branches at a node, and how often edges were taken", async () => {
    const { entries } = await run(EACH, { items: [0, 1, 2, 3, 4, 5] });
    const history = historyOf(entries);
    expect(nodesAt(history, history.seq).get("item")?.counts).toEqual({ done: 4, failed: 2, running: 0 });
    expect(nodesAt(history, 1).size).toBe(0);
    const edge = { index: 0, from: "start", to: "all", isConditional: false };
    expect(timesTaken(history, edge, history.seq)).toBe(1);
    expect(timesTaken(history, edge, 1)).toBe(0);
    expect([...nodesAt(history, history.seq).values()].every(({ state }) => isEnded(state) || state === "failed")).toBe(
      true,
    );
  });
});
