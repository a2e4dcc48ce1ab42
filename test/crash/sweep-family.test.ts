/** Parent and child runs in one process that dies at any point: what one of them says to the other is never lost. */
import { describe, expect, it } from "vitest";
import type { HandlerInput, Outcome, Run } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { verifyRunWhole } from "../../src/runtime/verify-run.ts";
import { EagerClock } from "../runtime/eager-clock.ts";
import { folderWith } from "../runtime/family.ts";
import { entryOf } from "../runtime/fixtures.ts";
import { type FamilyWorld, liveAsFamily, PARENT_ID } from "./family-life.ts";
import { withoutCheckpoints } from "./rebuilt-checkpoints.ts";
import { type Summary, summarize } from "./summary.ts";

const PATIENCE = { timeout: 120_000 };

const digraph = (name: string, body: string) => `digraph ${name} {
  node [type=step]
  start [shape=Mdiamond, type=start]
  exit [shape=Msquare, type=exit]
  ${body}
}`;

/** A child with a child, one in a branch, and one that fails and is mended. */
const SOURCE = digraph(
  "parent",
  `deep [type=pipeline, child="deep.dot", outputs="done"]
  fan [type=parallel]
  left [type=pipeline, child="leaf.dot"]
  right
  meet
  bad [type=pipeline, child="bad.dot"]
  mend
  start -> deep -> fan
  fan -> left -> meet
  fan -> right -> meet
  meet -> bad -> exit
  bad -> mend [condition="outcome=fail"]
  mend -> exit`,
);
const FILES = {
  "deep.dot": digraph(
    "deep",
    'first\n leaf [type=pipeline, child="leaf.dot", outputs="done"]\n start -> first -> leaf -> exit',
  ),
  "leaf.dot": digraph("leaf", "work\n start -> work -> exit"),
  "bad.dot": digraph("bad", "fails\n start -> fails -> exit"),
};

function work({ node, runId }: HandlerInput): Outcome {
  if (node.id === "fails") return { status: "fail", failureReason: "as ever" };
  return { status: "success", contextUpdates: node.id === "work" ? { done: runId } : {} };
}

type Result = Readonly<Record<string, Summary>>;

async function newWorld(store: Store, more: Partial<FamilyWorld> = {}): Promise<FamilyWorld> {
  const baseDir = await folderWith(FILES);
  return { store, clock: new EagerClock(), baseDir, source: SOURCE, work, effects: [], ...more };
}

async function resultOf(store: Store): Promise<Result> {
  const runs = await store.read("runs", {});
  const summaries = runs.map(async ({ runId }) => [runId, await summarize(store, runId)] as const);
  return Object.fromEntries((await Promise.all(summaries)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Every run sound, nothing done twice that was stored, nothing left in an inbox. */
async function expectSound({ store, effects }: FamilyWorld, what: string): Promise<void> {
  for (const { runId } of await store.read("runs", {})) {
    expect((await verifyRunWhole(store, runId)).problems, `${what}: ${runId}`).toEqual([]);
  }
  expect(await store.check(), what).toEqual([]);
  const started = effects.filter(({ kind }) => kind === "start").map(({ of }) => of);
  expect(started.length, `${what}: no execution begins twice`).toBe(new Set(started).size);
}

async function sweep(open: () => Store, more: Partial<FamilyWorld> = {}): Promise<number> {
  const calm = await newWorld(open(), more);
  const { points } = await liveAsFamily(calm);
  const oracle = await resultOf(calm.store);
  let crashes = 0;
  for (let point = 1; ; point += 1) {
    const world = await newWorld(open(), more);
    const what = `a crash at ${point} (${points[point - 1] ?? "?"})`;
    const { finished } = await liveAsFamily(world, point);
    await expectSound(world, what);
    if (finished) break;
    crashes += 1;
    expect((await liveAsFamily(world)).finished, what).toBe(true);
    await expectSound(world, what);
    expect(await resultOf(world.store), what).toEqual(oracle);
    expect(await world.store.read("commands", { pending: true }), what).toEqual([]);
  }
  return crashes;
}

describe("a crash between a parent's and its child's news", () => {
  it("at whatever point, leaves a family that ends as if nothing had happened", PATIENCE, async () => {
    expect(await sweep(() => memoryStore())).toBeGreaterThan(60);
  });

  it("over SQLite", PATIENCE, async () => {
    expect(await sweep(() => sqliteStore(":memory:"))).toBeGreaterThan(60);
  });

  it("goes on from the journals alone, where checkpoints are lost", PATIENCE, async () => {
    const stores: { readonly rebuilt: number }[] = [];
    const open = () => {
      const store = withoutCheckpoints(memoryStore());
      stores.push(store);
      return store;
    };
    expect(await sweep(open)).toBeGreaterThan(60);
    expect(stores.filter(({ rebuilt }) => rebuilt > 0).length).toBeGreaterThan(60);
  });

  it("with a pause that goes down to the children, settles and is taken back", PATIENCE, async () => {
    const during = async (run: Run) => {
      const { status } = await run.view();
      if (status === "running" && (await isYoung(run))) await run.pause({ commandId: "pause" });
      const paused = await Promise.race([run.settled("paused"), run.finished()]).catch(() => run.view());
      if (paused.status === "paused") await run.continue({ commandId: "continue" });
    };
    expect(await sweep(() => memoryStore(), { during })).toBeGreaterThan(65);
  });
});

/** Before it was ever paused: a process that comes later does not pause it again. */
async function isYoung(run: Run): Promise<boolean> {
  return (await run.view()).control.lineage.every(({ verb }) => verb !== "pause");
}

it("a cancel of the parent, and a crash at whatever point, leave all of the family cancelled", PATIENCE, async () => {
  const during = async (run: Run) => {
    await Promise.race([entryOf(run, "child.started"), run.finished()]);
    await run.cancel({ commandId: "cancel" });
  };
  let crashes = 0;
  for (let point = 1; ; point += 1) {
    const world = await newWorld(memoryStore(), { during });
    const { finished } = await liveAsFamily(world, point);
    await expectSound(world, `a crash at ${point}`);
    if (finished) break;
    crashes += 1;
    await liveAsFamily(world);
    await expectSound(world, `a crash at ${point}, resumed`);
    const statuses = (await world.store.read("runs", {})).map(({ status }) => status);
    expect(new Set(statuses), `a crash at ${point}`).toEqual(new Set(["cancelled"]));
  }
  expect(crashes).toBeGreaterThan(10);
});

const WATCHED = digraph(
  "watched",
  `told [type="stack.manager_loop", child="told.dot", "manager.poll_interval"="1s", "manager.actions"="observe,steer", prompt="go"]
  cut [type="stack.manager_loop", child="told.dot", "manager.poll_interval"="1s", "manager.stop_condition"="stack.child.cycle=2"]
  start -> told -> cut -> exit`,
);
const TOLD = digraph(
  "told",
  `wander
  rest [type=wait, duration="400ms"]
  aim
  start -> wander
  wander -> aim [condition="steer.message"]
  wander -> rest -> wander
  aim -> exit`,
);

it(
  "a supervisor and a crash at whatever point: it says what it has to say, and stops what it has to stop",
  PATIENCE,
  async () => {
    const baseDir = await folderWith({ "told.dot": TOLD });
    let crashes = 0;
    for (let point = 1; ; point += 1) {
      const world = await newWorld(memoryStore(), { source: WATCHED, baseDir });
      const what = `a crash at ${point}`;
      const { finished } = await liveAsFamily(world, point);
      await expectSound(world, what);
      if (finished) break;
      crashes += 1;
      await liveAsFamily(world);
      await expectSound(world, what);
      const statuses = (await world.store.read("runs", {})).map(({ runId, status }) => `${runId} ${status}`).sort();
      expect(statuses, what).toEqual(["p completed", "p~cut@1.0 cancelled", "p~told@1.0 completed"]);
      const said = await world.store.read("journal", { runId: "p~told@1.0", types: ["run.steered"] });
      expect(said.length, `${what}: it is told once`).toBe(1);
      const looks = await world.store.read("journal", {
        runId: PARENT_ID,
        types: ["child.observed"],
        stage: "main/cut@1",
      });
      expect(
        looks.map(({ data }) => (data as { cycle: number }).cycle),
        what,
      ).toEqual([1, 2]);
    }
    expect(crashes).toBeGreaterThan(60);
  },
);
