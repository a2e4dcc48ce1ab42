import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JournalEntry, NewEntry } from "../../src/journal/entry.ts";
import { readContext } from "../../src/journal/fold/context.ts";
import { type FoldState, fold, foldFromJson, foldToJson } from "../../src/journal/fold.ts";
import { parseEntry } from "../../src/journal/parse-entry.ts";
import { branchMachine } from "../../src/machines/branch.machine.ts";
import { type RebuildFacts, rebuildSnapshots } from "../../src/machines/rebuild.ts";
import { runMachine } from "../../src/machines/run.machine.ts";
import { stageMachine } from "../../src/machines/stage.machine.ts";
import { type AnyStateMachine, persist, restore } from "../../src/machines/xstate.ts";
import { handMade } from "../graph/hand-made.ts";
import { applyCommand, commands, type ProgramCommand, twistingGraph } from "./programs.ts";
import { MAX_RESTARTS, regionsOf, World } from "./world.ts";

const graph = twistingGraph();

const pause = (world: World) =>
  world.command("pause", { type: "PAUSE", mode: "drain", source: "own", draining: [...world.open.keys()] });
const done =
  (status: string, again = false) =>
  (world: World) =>
    world.turn(() => {
      const [execution, stage] = [...world.open][0] ?? [];
      const outcome = { status, contextUpdates: { again } };
      world.send(`stage:${stage}`, { type: "EXECUTION_ENDED", execution, end: { outcome: { status } }, outcome });
    });

function told(state: FoldState, world: Pick<World, "stageInput">, of: RebuildFacts["graph"] = graph) {
  const checkpoints = rebuildSnapshots(state, {
    graph: of,
    stageInput: (node) => world.stageInput(node),
    read: (branch, key) => readContext(state, branch, key) as never,
    maxRestarts: MAX_RESTARTS,
  });
  return new Map(
    [...checkpoints].map(([address, { machine, snapshot }]) => [
      address,
      persist(restore(chartOf(address), machine, snapshot)),
    ]),
  );
}

function chartOf(address: string): AnyStateMachine {
  return address === "run" ? runMachine : address.startsWith("branch:") ? branchMachine : stageMachine;
}

function plain(checkpoints: Iterable<readonly [string, string]>): Record<string, unknown> {
  return Object.fromEntries([...checkpoints].map(([address, text]) => [address, JSON.parse(text)]));
}

function play(program: readonly ProgramCommand[], world: World, seen: Set<string>): void {
  for (const command of program) {
    if (!world.isLive) return;
    world.nowMs += command.afterMs;
    const before = plain(world.checkpoints());
    const entries = applyCommand(world, command);
    const after = plain(world.checkpoints());
    if (entries.length === 0) expect(after, "a turn without entries changes nothing").toEqual(before);
    expect(plain(told(world.fold, world))).toEqual(after);
    for (const [address, snapshot] of world.actors) {
      const { control, execution } = regionsOf(snapshot);
      seen.add(`${address.replace(/:.*/, "")} ${control}/${execution}`);
    }
  }
}

describe("checkpoints rebuilt from the journal", () => {
  it("are those the charts have, after every turn of any program, in every place they rest in", () => {
    const seen = new Set<string>();
    const programs = fc.array(commands, { minLength: 10, maxLength: 70 });
    fc.assert(
      fc.property(programs, fc.boolean(), fc.nat({ max: 1 }), (program, slot, restarts) => {
        const world = new World(graph, restarts);
        world.create(slot);
        expect(plain(told(world.fold, world))).toEqual(plain(world.checkpoints()));
        play(program, world, seen);
      }),
      { numRuns: 400 },
    );
    expect([...seen]).toEqual(expect.arrayContaining(places));
  });

  it.each([
    ["restarting", [done("success"), pause, done("success", true)]],
    ["failing", [done("odd"), pause, done("success")]],
  ] as const)("are those of a branch that is held %s", (execution, program) => {
    const world = new World(graph);
    world.create(true);
    for (const command of program) command(world);
    const live = plain(world.checkpoints());
    expect(live["branch:main"]).toMatchObject({ value: { control: "paused", execution } });
    expect(plain(told(world.fold, world))).toEqual(live);
  });

  it("are those of a run whose cancel was forced", () => {
    const world = new World(graph);
    world.create(true);
    const cancel = { type: "CANCEL", graceMs: 5_000, force: false };
    world.command("cancel", { ...cancel, reason: "wrong" });
    world.nowMs += 300;
    world.command("cancel", { ...cancel, force: true });
    const live = plain(world.checkpoints());
    expect(live["run"]).toMatchObject({
      context: { cancel: { force: true, deadlineMs: world.nowMs, reason: "wrong" } },
    });
    expect(plain(told(world.fold, world))).toEqual(live);
  });

  it("are the same from a folded state that was written and read back", () => {
    const programs = fc.array(commands, { minLength: 20, maxLength: 40 });
    fc.assert(
      fc.property(programs, (program) => {
        const world = new World(graph);
        world.create(true);
        for (const command of program) if (world.isLive) applyCommand(world, command);
        const readBack = foldFromJson(JSON.parse(JSON.stringify(foldToJson(world.fold))));
        expect(plain(told(readBack, world))).toEqual(plain(told(world.fold, world)));
      }),
      { numRuns: 60 },
    );
  });

  it("are none for a run that has ended", () => {
    const world = new World(handMade({ edges: [["start", "exit"]] }));
    world.create(true);
    expect(world.fold.status).toBe("completed");
    expect(told(world.fold, world, world.graph).size).toBe(0);
  });

  it("are those of a run that was created and told nothing", () => {
    const created = journal([
      { type: "run.created", data: { pipeline: { name: "p", hash: "h" }, inputs: {}, labels: {}, context: {} } },
    ]);
    expect(plain(told(fold(created), new World(graph)))).toMatchObject({
      run: { value: { control: "arriving", execution: "waiting" }, context: { createdAtMs: 2_000, pausedMs: 0 } },
    });
  });
});

describe("a parallel branch", () => {
  const fanned = handMade({
    nodes: { fan: { type: "parallel" } },
    edges: [
      ["start", "fan"],
      ["fan", "leaf"],
    ],
  });
  const path = "main/fan@1/0";
  const leaf = { branch: path, stage: `${path}/leaf@1` };
  const execution = { ...leaf, attempt: 1, execution: `${path}/leaf@1#1.1` };
  const begun: readonly NewEntry[] = [
    { type: "run.created", data: { pipeline: { name: "p", hash: "h" }, inputs: {}, labels: {}, context: {} } },
    { type: "run.started", data: {} },
    { type: "stage.entered", branch: "main", stage: "main/fan@1", data: { kind: "parallel" } },
    {
      type: "parallel.started",
      stage: "main/fan@1",
      data: {
        activation: "main/fan@1",
        joinRule: "none",
        policy: "wait_all",
        errorPolicy: "continue",
        need: 1,
        branches: [{ path, head: "leaf" }],
        maxParallel: 1,
      },
    },
    {
      type: "branch.started",
      branch: path,
      data: { activation: "main/fan@1", index: 0, head: "leaf", branchRunId: "b" },
    },
    { type: "stage.started", ...execution, data: {} },
  ];
  const pausing: NewEntry = {
    type: "run.pausing",
    data: { mode: "drain", source: "own", draining: [execution.execution], runTimeMs: 0 },
  };
  const ended: NewEntry = { type: "stage.succeeded", ...execution, data: { outcome: { status: "success" } } };

  it("waits at its end while the run is paused", () => {
    const state = fold(journal([...begun, pausing, ended, { type: "run.paused", data: { runTimeMs: 0 } }]));
    const branch = plain(told(state, new World(fanned), fanned))[`branch:${path}`];
    expect(branch).toMatchObject({
      value: { control: "paused", execution: "ending" },
      context: { end: { node: "leaf", exit: false }, by: leaf.stage, outcome: { status: "success" } },
    });
  });

  it("asks for its check where the run goes on", () => {
    const branch = plain(told(fold(journal([...begun, ended])), new World(fanned), fanned))[`branch:${path}`];
    expect(branch).toMatchObject({ value: { control: "running", execution: "checking" } });
  });

  it("that is cancelled by itself is asked to stop, and nothing else is", () => {
    const cancelled: NewEntry = {
      type: "control.accepted",
      branch: path,
      data: { verb: "cancel", before: "running", after: "running", changed: true },
    };
    const rebuilt = plain(told(fold(journal([...begun, cancelled])), new World(fanned), fanned));
    expect(rebuilt[`stage:${leaf.stage}`]).toMatchObject({
      value: { control: "cancelling", execution: "executing" },
      context: { abort: "cancel" },
    });
    expect(rebuilt["branch:main"]).toMatchObject({ value: { control: "running" } });
  });
});

function journal(entries: readonly NewEntry[]): JournalEntry[] {
  return entries.map((entry, at) =>
    parseEntry({ runId: "r", seq: at + 1, gseq: at + 1, turn: at + 1, at: 2_000, v: 1, ...entry }),
  );
}

const places = [
  "branch cancelling/visiting",
  "branch paused/visiting",
  "branch pausing/visiting",
  "branch running/visiting",
  "run cancelling/active",
  "run paused/active",
  "run paused/waiting",
  "run pausing/active",
  "run queued/active",
  "run queued/waiting",
  "run running/active",
  "stage cancelling/executing",
  "stage paused/answered",
  "stage paused/asking",
  "stage paused/backing_off",
  "stage paused/interrupted",
  "stage paused/ready",
  "stage paused/waiting",
  "stage pausing/executing",
  "stage running/asking",
  "stage running/backing_off",
  "stage running/executing",
  "stage running/interrupted",
  "stage running/waiting",
];
