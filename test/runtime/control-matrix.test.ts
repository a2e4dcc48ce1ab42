/** The table of commands through the library: whoever drives the run, and with a crash between request and effect. */
import { describe, expect, it } from "vitest";
import type { ControlResult, Run, Runtime } from "../../src/runtime/api.ts";
import { readSource } from "../tidy/sources.ts";
import { tableRows } from "../tidy/tables.ts";
import { createWorld, type World } from "./control-world.ts";

const PIPELINE = `digraph m {
  start [shape=Mdiamond]
  ask [shape=hexagon, label="Go on?"]
  work [prompt="work"]
  exit [shape=Msquare]
  start -> ask
  ask -> work [label=Yes]
  ask -> exit [label=No]
  work -> exit
}`;
const GATE = "main/ask@1";

const STATES = ["queued", "running", "pausing", "paused", "cancelling", "completed", "failed", "cancelled"] as const;
const VERBS = ["pause", "continue", "cancel", "answer", "steer"] as const;
type State = (typeof STATES)[number];
type Verb = (typeof VERBS)[number];

/** A refusal's code, or where the run is after it was accepted; `same`: accepted, and nothing changed. */
const CELLS: Readonly<Record<Verb, Readonly<Record<State, string>>>> = {
  pause: {
    queued: "paused",
    running: "pausing",
    pausing: "same",
    paused: "same",
    cancelling: "run_cancelling",
    completed: "run_finished",
    failed: "run_finished",
    cancelled: "run_cancelled",
  },
  continue: {
    queued: "not_paused",
    running: "not_paused",
    pausing: "running",
    paused: "running",
    cancelling: "run_cancelling",
    completed: "run_finished",
    failed: "run_finished",
    cancelled: "run_cancelled_new_run_required",
  },
  cancel: {
    queued: "cancelled",
    running: "cancelling",
    pausing: "cancelling",
    paused: "cancelling",
    cancelling: "same",
    completed: "run_finished",
    failed: "run_finished",
    cancelled: "same",
  },
  answer: {
    queued: "gate_not_found",
    running: "gate_answered",
    pausing: "gate_answered",
    paused: "recorded",
    cancelling: "run_cancelling",
    completed: "run_finished",
    failed: "run_finished",
    cancelled: "run_cancelled",
  },
  steer: {
    queued: "recorded",
    running: "recorded",
    pausing: "recorded",
    paused: "recorded",
    cancelling: "run_cancelling",
    completed: "run_finished",
    failed: "run_finished",
    cancelled: "run_cancelled",
  },
};

/** Brings a run into a state. In all with work in flight it is that of `work`, behind the answered gate. */
async function bring(world: World, runtime: Runtime, state: State): Promise<Run> {
  if (state === "queued") {
    // Another run has the only slot.
    await runtime.start(PIPELINE, { runId: "first" });
    return runtime.start(PIPELINE, { runId: "m" });
  }
  // Cancelling has to last until it is looked at.
  const run = await runtime.start(state === "cancelling" ? STUBBORN : PIPELINE, { runId: "m" });
  await world.rest();
  if (state === "paused") {
    await run.pause();
    await run.settled("paused");
    return run;
  }
  if (state === "cancelled") {
    await run.cancel();
    await run.settled("cancelled");
    return run;
  }
  await run.answer(GATE, state === "completed" ? "No" : "Yes");
  if (state === "completed") await run.settled("completed");
  else await inWork(world, run, state);
  return run;
}

async function inWork(world: World, run: Run, state: State): Promise<void> {
  const call = await world.call("work");
  if (state === "pausing") await run.pause();
  if (state === "cancelling") await run.cancel({ graceMs: 3_600_000 });
  if (state === "failed") {
    call.end("fail");
    await run.settled("failed");
  }
}

function give(run: Run, verb: Verb, commandId = "c"): Promise<ControlResult> {
  if (verb === "answer") return run.answer(GATE, "Yes", { commandId });
  return verb === "steer" ? run.steer("left", { commandId }) : run[verb]({ commandId });
}

const STUBBORN = PIPELINE.replace('work [prompt="work"]', 'work [prompt="work", stubborn=true]');

async function check(world: World, run: Run, cell: { verb: Verb; state: State; result: ControlResult }): Promise<void> {
  const { verb, state, result } = cell;
  const expected = CELLS[verb][state];
  const isRefusal = !["same", "recorded", "running", "pausing", "paused", "cancelling", "cancelled"].includes(expected);
  if (isRefusal) expect(result).toMatchObject({ accepted: false, changed: false, code: expected, before: state });
  else if (expected === "same") expect(result).toMatchObject({ accepted: true, changed: false, before: state });
  else expect(result).toMatchObject({ accepted: true, changed: true, before: state });
  const entries = await world.store.read("journal", { runId: run.id });
  const audit = entries.filter(({ type, cause }) => type.startsWith("control.") && cause?.commandId === "c");
  expect(audit.map(({ type }) => type)).toEqual([isRefusal ? "control.rejected" : "control.accepted"]);
  if (isRefusal) expect(audit[0]?.data).toMatchObject({ verb, code: expected, state, hint: expect.any(String) });
  const [stored] = await world.store.read("commands", { runId: run.id, commandId: "c" });
  expect(stored?.result).toEqual(result);
}

const cells = VERBS.flatMap((verb) => STATES.map((state) => [verb, state, CELLS[verb][state]] as const));

describe("a command to a run that is driven here", () => {
  it.each(cells)("%s when %s: %s", async (verb, state, expected) => {
    const world = createWorld();
    const runtime = await world.runtime({ maxConcurrentRuns: 1 });
    const run = await bring(world, runtime, state);
    const result = await give(run, verb);
    await check(world, run, { verb, state, result });
    if (["running", "pausing", "paused", "cancelling", "cancelled"].includes(expected))
      expect(result.after).toBe(expected === "cancelling" && state === "paused" ? "cancelled" : expected);
    expect(await give(run, verb), "the same id again repeats the result").toEqual(result);
    const other = verb === "pause" ? "cancel" : "pause";
    await expect(give(run, other)).rejects.toMatchObject({ code: "command_id_reused" });
    expect(await runtime.verify(run.id)).toMatchObject({ problems: [] });
  });
});

describe("a command to a run that another runtime drives", () => {
  it.each(cells)("%s when %s: %s", async (verb, state) => {
    const world = createWorld();
    const runtime = await world.runtime({ maxConcurrentRuns: 1 });
    const elsewhere = await world.runtime();
    await bring(world, runtime, state);
    const run = await elsewhere.get("m");
    const result = await world.clock.runUntil(give(run, verb));
    await check(world, run, { verb, state, result });
    if (CELLS[verb][state] === "same") expect(result.after).toBe(state);
    expect(await give(run, verb)).toEqual(result);
    const [row] = await world.store.read("run", { runId: "m" });
    if (!["completed", "failed", "cancelled"].includes(row?.status ?? ""))
      expect(row?.owner, "it keeps its driver").toBeDefined();
    expect(await runtime.verify(run.id)).toMatchObject({ problems: [] });
  });
});

describe("a command to a run whose driver has died", () => {
  it.each(cells)("%s when %s: %s, and it is so when the run is taken up", async (verb, state, expected) => {
    const world = createWorld();
    const { runtime, die } = await world.mortal({ maxConcurrentRuns: 1 });
    await bring(world, runtime, state);
    die();
    const other = await world.runtime();
    const run = await other.get("m");
    const result = await world.clock.runUntil(give(run, verb));
    // What was in flight was lost before the command: a pause finds nothing to wait for, a cancel nothing to stop.
    const before = result.before as State;
    expect(["pausing", "paused"].includes(before) || before === state || before === "cancelled").toBe(true);
    await check(world, run, { verb, state: before, result: { ...result } });
    expect(world.open(), "nothing is started by whoever gives the command").toEqual([]);
    if (result.accepted && (verb === "continue" || verb === "answer")) expect(result.needs).toBe("resume");
    expect(await other.verify(run.id)).toMatchObject({ problems: [] });
    const { status } = await run.view();
    if (["completed", "failed", "cancelled"].includes(status)) return;
    await other.resume("m");
    await world.rest();
    const after = (await run.view()).status;
    if (verb === "pause" && expected !== "run_cancelling") expect(after).toBe("paused");
    if (verb === "cancel") expect(after).toBe("cancelled");
    if (verb === "continue" && result.accepted) expect(after).toBe("running");
    expect(await other.verify(run.id)).toMatchObject({ problems: [] });
  });
});

describe("resume", () => {
  it.each([
    ["queued", "running"],
    ["running", "running"],
    ["pausing", "paused"],
    ["paused", "paused"],
    ["cancelling", "cancelled"],
  ] as const)("takes one that was %s when its process died: %s", async (state, after) => {
    const world = createWorld();
    const { runtime, die } = await world.mortal({ maxConcurrentRuns: 1 });
    await bring(world, runtime, state);
    die();
    const other = await world.runtime();
    const run = await other.resume("m");
    await world.rest();
    expect((await run.view()).status).toBe(after);
    expect(await other.verify("m")).toMatchObject({ problems: [] });
  });

  it.each([
    ["running", "run_owned"],
    ["paused", "run_owned"],
    ["completed", "run_finished"],
    ["failed", "run_finished"],
    ["cancelled", "run_cancelled_new_run_required"],
  ] as const)("of one that is %s and driven, or has ended, is refused: %s", async (state, code) => {
    const world = createWorld();
    const runtime = await world.runtime();
    await bring(world, runtime, state);
    const other = await world.runtime();
    await expect(other.resume("m")).rejects.toMatchObject({ code });
    const [row] = await world.store.read("run", { runId: "m" });
    if (code === "run_owned") expect(row?.token).toBe(1);
  });
});

it("cancelling lasts as long as what is in flight ignores it", async () => {
  const world = createWorld();
  const runtime = await world.runtime();
  const run = await runtime.start(STUBBORN, { runId: "m" });
  await world.rest();
  await run.answer(GATE, "Yes");
  await world.call("work");
  expect(await run.cancel()).toMatchObject({ after: "cancelling", draining: ["main/work@1#1.1"] });
  expect(await run.pause()).toMatchObject({ code: "run_cancelling" });
  expect(await run.continue()).toMatchObject({ code: "run_cancelling" });
  expect(await run.answer(GATE, "Yes")).toMatchObject({ code: "run_cancelling" });
});

describe("the reference", () => {
  const shown = (cell: string) => {
    if (cell === "same") return "no change";
    return (STATES as readonly string[]).includes(cell) ? `→ ${cell}` : cell;
  };
  const rows = new Map(tableRows(readSource("docs/reference/control.md").text).map(([verb, ...rest]) => [verb, rest]));

  it.each(VERBS)("says of %s what the library does", (verb) => {
    const documented = (rows.get(verb) ?? []).map((cell) => cell.replaceAll("`", ""));
    // Its gate is answered before the work begins, in the cells that are tried here.
    const cells = STATES.map((state) => shown(CELLS[verb][state]).replace("gate_answered", "recorded"));
    expect(documented).toEqual(cells);
  });
});
