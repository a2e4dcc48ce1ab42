/** Where a run is inside nested containers, by its journal and by its charts. Source: 03 §6. */
import { expect, it } from "vitest";
import type { HandlerInput, HandlerResult } from "../../src/index.ts";
import { formatStage, readBranchAddress, readStageAddress } from "../../src/journal/address.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { type Frame, framesOf } from "../../src/journal/fold/queries.ts";
import { createFold, emptyFold } from "../../src/journal/fold.ts";
import type { RegionContext } from "../../src/machines/stage/region.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { delegateStore } from "../../src/runtime/delegate-store.ts";
import { entryOf, gate, openRuntime, pipeline } from "./fixtures.ts";

/** Three containers within one another, the outer two with several iterations at once or one after the other. */
const NESTED = pipeline(`start -> outer -> exit
  outer [type=foreach, items="[1, 2, 3]", body=one, max_parallel=2]
  subgraph one { head -> middle; middle [type=loop, body=two, until="context.rounds=2"] }
  subgraph two { inner [type=foreach, items="[7, 8, 9]", body=three, max_parallel=2]; inner -> count }
  subgraph three { leaf -> last }`);

/** Where each pause comes: the stage is at work when it is asked for, and ends while the run drains. */
const HELD = [
  "main/outer@1/0/middle@1/0/inner@1/1/leaf@1",
  "main/outer@1/1/middle@1/1/inner@1/2/last@1",
  "main/outer@1/2/middle@1/1/inner@1/0/leaf@1",
];

it.each([1, 2, 3])("is one stack after every entry, three containers deep, over %i pauses", async (pauses) => {
  const gates = new Map(HELD.slice(0, pauses).map((stage) => [stage, gate()]));
  const step = async ({ stage, node, context }: HandlerInput): Promise<HandlerResult> => {
    await gates.get(stage)?.promise;
    const rounds = Number(context.get("rounds") ?? 0) + 1;
    return { status: "success", contextUpdates: node.id === "count" ? { rounds } : {} };
  };
  const probe = watchFrames(memoryStore());
  const runtime = await openRuntime({ store: probe.store, handlers: { step } });
  const run = await runtime.start(NESTED, { runId: "r" });
  for (const [stage, { resolve }] of gates) {
    await entryOf(run, "stage.started", stage);
    await run.pause();
    resolve();
    await run.settled("paused");
    await run.continue();
  }
  expect((await run.finished()).status).toBe("completed");
  expect(probe.problems).toEqual([]);
  expect(probe.deepest).toBe(3);
  expect(probe.compared).toBeGreaterThan(300);
});

/** Compares, after every entry and with every live branch, what the journal says with what its charts are in. */
function watchFrames(inner: Store) {
  const folding = createFold(emptyFold("r"));
  const entries: JournalEntry[] = [];
  const probe = { problems: [] as string[], deepest: 0, compared: 0 };
  const compare = (what: string, told: unknown, truth: unknown) => {
    probe.compared += 1;
    const [left, right] = [told, truth].map((frames) => JSON.stringify(frames));
    if (left !== right) probe.problems.push(`seq ${entries.length}, ${what}: ${left}, and it is ${right}`);
  };
  const store: Store = {
    ...delegateStore(inner),
    async commit(turns) {
      const results = await inner.commit(turns);
      for (const entry of await inner.read("journal", { runId: "r", after: entries.length })) {
        entries.push(entry);
        folding.push(entry);
        const state = folding.state();
        for (const path of state.branches.keys())
          compare(path, placesOf(framesOf(state, path)), placesIn(entries, path));
      }
      const charts = await readCharts(inner);
      const state = folding.state();
      for (const path of charts.branches) {
        const frames = framesOf(state, path);
        probe.deepest = Math.max(probe.deepest, frames.length);
        compare(
          path,
          frames.map((frame) => (charts.hasBegun(frame) ? frame : { ...frame, stage: undefined })),
          charts.framesOf(path),
        );
      }
      return results;
    },
  };
  return Object.assign(probe, { store });
}

const placesOf = (frames: readonly Frame[]) =>
  frames.map(({ activation, iteration, completed }) => [activation, iteration, completed]);

/** Counted from the entries alone. */
function placesIn(entries: readonly JournalEntry[], path: string) {
  const places: [string, number, number][] = [];
  for (let at = readBranchAddress(path); at; at = readBranchAddress(readStageAddress(at.activation)?.branch ?? "")) {
    const { activation, index } = at;
    const ended = entries.filter(
      ({ type, data }) =>
        /^iteration\.(succeeded|failed|cancelled)$/.test(type) &&
        (data as { activation: string }).activation === activation,
    );
    places.unshift([activation, index, ended.length]);
  }
  return places;
}

interface Chart {
  readonly value: { readonly execution: string };
  readonly context: { readonly node: string | null; readonly visit: number; readonly region?: RegionContext };
}

/** The frames that the stored charts are in. A stage that has not begun is none yet. */
async function readCharts(store: Store) {
  const image = await store.load("r");
  const charts = new Map((image?.actors ?? []).map(({ actor, snapshot }) => [actor, JSON.parse(snapshot) as Chart]));
  const stageOf = (branch: string): string | undefined => {
    const { node = null, visit = 0 } = charts.get(`branch:${branch}`)?.context ?? {};
    const stage = node === null ? undefined : formatStage({ branch, node, visit });
    return charts.get(`stage:${stage}`)?.value.execution === "ready" ? undefined : stage;
  };
  const framesOf = (path: string): Frame[] => {
    const frames: Frame[] = [];
    for (let inner = path, at = readBranchAddress(path); at; at = readBranchAddress(inner)) {
      const { node = "", branch = "" } = readStageAddress(at.activation) ?? {};
      const { next = 0, inFlight = [] } = charts.get(`stage:${at.activation}`)?.context.region ?? {};
      const stage = stageOf(inner);
      const { activation, index: iteration } = at;
      const completed = next - inFlight.length;
      frames.unshift({ container: node, activation, iteration, ...(stage ? { stage } : {}), completed });
      inner = branch;
    }
    return frames;
  };
  const branches = [...charts.keys()].flatMap((actor) =>
    actor.startsWith("branch:") ? actor.slice("branch:".length) : [],
  );
  const hasBegun = ({ activation, iteration }: Frame) => stageOf(`${activation}/${iteration}`) !== undefined;
  return { branches, framesOf, hasBegun };
}
