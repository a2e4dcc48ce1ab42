import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { lowWatermark } from "../../src/journal/fold/containers.ts";
import { framesOf } from "../../src/journal/fold/queries.ts";
import {
  createFold,
  emptyFold,
  type FoldState,
  fold,
  foldEntry,
  foldFromJson,
  foldToJson,
  isFinalStatus,
} from "../../src/journal/fold.ts";
import { runView, runViewSchema } from "../../src/journal/run-view.ts";
import { garbage, perform, program } from "./generate.ts";

const journal = program.map(perform).filter((entries) => entries.length < 3_000);
const anyJournal = fc.oneof(
  journal,
  garbage,
  fc.tuple(journal, garbage).map(([entries, more]) => [...entries, ...more]),
  journal.chain((entries) => fc.shuffledSubarray([...entries].slice(0, 200))),
);
const runs = { numRuns: 150 };

function view(entries: readonly JournalEntry[]) {
  const run = { runId: "r", pipelineName: "p", pipelineHash: "h", labels: {}, inputs: {}, seq: 1, createdAtMs: 0 };
  return runView({ run, entries });
}

describe("the fold", () => {
  it("may stop and go on anywhere: the parts fold to what the whole does", () => {
    fc.assert(
      fc.property(journal, fc.nat(), (entries, cut) => {
        const at = cut % (entries.length + 1);
        const whole = fold(entries);
        const first = fold(entries.slice(0, at));
        const before = JSON.stringify(foldToJson(first));
        let oneByOne = entries[at - 1] ? first : emptyFold("run-1");
        for (const entry of entries.slice(at, at + 50)) oneByOne = foldEntry(oneByOne, entry);
        oneByOne = fold(entries.slice(at + 50), oneByOne);
        expect(oneByOne).toEqual(whole);
        // Nothing that was handed out has moved.
        expect(JSON.stringify(foldToJson(first))).toBe(before);
      }),
      runs,
    );
  });

  it("goes on from its JSON as from itself", () => {
    fc.assert(
      fc.property(anyJournal, fc.nat(), (entries, cut) => {
        const at = cut % (entries.length + 1);
        const state = fold(entries.slice(0, at));
        const json = JSON.parse(JSON.stringify(foldToJson(state)));
        const revived = foldFromJson(json);
        expect(revived).toEqual(state);
        expect(foldToJson(revived)).toEqual(json);
        expect(fold(entries.slice(at), revived)).toEqual(fold(entries.slice(at), state));
      }),
      runs,
    );
  });

  it("is total, and so is the view: any entries that fit their schemas, in any order, at every prefix", () => {
    fc.assert(
      fc.property(anyJournal, (entries) => {
        const folding = createFold(emptyFold("r"));
        for (const entry of entries) {
          folding.push(entry);
          checkReferences(folding.state());
        }
        for (const at of [0, entries.length >> 1, entries.length]) {
          const made = view(entries.slice(0, at));
          expect(runViewSchema.safeParse(JSON.parse(JSON.stringify(made)))).toMatchObject({ success: true });
        }
      }),
      runs,
    );
  });

  it("does not move once the run has ended", () => {
    fc.assert(
      fc.property(journal, anyJournal, (entries, later) => {
        const state = fold(entries);
        fc.pre(isFinalStatus(state.status));
        const { seq, turn, atMs } = state;
        expect({ ...fold(later, state), seq, turn, atMs }).toEqual(state);
      }),
      runs,
    );
  });

  it("counts as one would by hand", () => {
    fc.assert(
      fc.property(journal, (entries) => {
        const { counts, stages, branches } = fold(entries);
        const named = (types: RegExp) => entries.filter(({ type }) => types.test(type));
        const begun = new Set(named(/^stage\.(started|entered)$/).map(({ stage }) => stage));
        const { begun: stagesBegun, ...stagesEnded } = counts.stages;
        expect(stagesBegun).toBe(begun.size);
        expect(sum(stagesEnded) + stages.size).toBe(stagesBegun);
        expect(stagesEnded.failed).toBe(named(/^stage\.failed$/).length);
        expect(stagesEnded.skipped).toBe(named(/^stage\.skipped$/).length);
        const { begun: branchesBegun, ...branchesEnded } = counts.branches;
        expect(branchesBegun).toBe(1 + named(/^(branch|iteration)\.started$/).length);
        expect(sum(branchesEnded) + branches.size).toBe(branchesBegun);
        expect(counts.executions).toBe(named(/^stage\.started$/).length);
        expect(counts.retries).toBe(named(/^stage\.retry_scheduled$/).length);
        expect(counts.interruptions).toBe(named(/^stage\.interrupted$/).length);
      }),
      runs,
    );
  });

  it("moves a container's position at ends alone, after any number of pauses and crashes, and never back", () => {
    fc.assert(
      fc.property(journal, (entries) => {
        const folding = createFold(emptyFold("run-1"));
        let before = folding.state();
        for (const entry of entries) {
          folding.push(entry);
          const after = folding.state();
          checkPositions(before, after, entry);
          before = after;
        }
      }),
      runs,
    );
  });

  it("says of a frame what the journal says", () => {
    fc.assert(
      fc.property(journal, fc.nat(), (entries, cut) => {
        const prefix = entries.slice(0, cut % (entries.length + 1));
        const state = fold(prefix);
        for (const path of state.branches.keys()) {
          const frames = framesOf(state, path);
          // One frame for each container on the path: those are the activations that iterations name.
          expect(frames.map(({ activation, iteration }) => `${activation}/${iteration}`)).toEqual(
            iterationsOn(path, prefix),
          );
          for (const frame of frames) expect(frame.completed).toBe(endedIterations(frame.activation, prefix));
        }
      }),
      runs,
    );
  });
});

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** What is live refers only to what is live. */
function checkReferences(state: FoldState): void {
  for (const stage of state.stages.values()) {
    expect(state.branches.get(stage.branch)?.stage).toBe(stage.address);
    expect(stage.status === "running").toBe(stage.execution !== undefined);
  }
  for (const scope of [...state.containers.keys(), ...state.parallels.keys()])
    expect(state.stages.has(scope)).toBe(true);
  for (const branch of state.branches.values()) expect(state.context.has(branch.path)).toBe(true);
  if (isFinalStatus(state.status)) expect(state.branches.size + state.stages.size + state.gates.size).toBe(0);
}

function checkPositions(before: FoldState, after: FoldState, entry: JournalEntry): void {
  for (const [activation, container] of after.containers) {
    const { inFlight, next } = container;
    expect(inFlight.length).toBeLessThanOrEqual(container.maxParallel);
    expect(container.succeeded + container.failed + container.cancelled + inFlight.length).toBe(next);
    const was = before.containers.get(activation);
    if (!was) continue;
    const moved = lowWatermark(container) - lowWatermark(was);
    expect(moved).toBeGreaterThanOrEqual(0);
    if (moved > 0) expect(entry.type).toMatch(/^iteration\.(succeeded|failed|cancelled)$/);
  }
}

function iterationsOn(path: string, entries: readonly JournalEntry[]): string[] {
  const begun = entries
    .filter(({ type }) => type === "iteration.started")
    .map(({ data }) => data as { activation: string; index: number })
    .map(({ activation, index }) => `${activation}/${index}`);
  return [...new Set(begun)]
    .filter((iteration) => path === iteration || path.startsWith(`${iteration}/`))
    .sort((left, right) => left.length - right.length);
}

function endedIterations(activation: string, entries: readonly JournalEntry[]): number {
  return entries.filter(
    ({ type, data }) =>
      /^iteration\.(succeeded|failed|cancelled)$/.test(type) &&
      (data as { activation: string }).activation === activation,
  ).length;
}
