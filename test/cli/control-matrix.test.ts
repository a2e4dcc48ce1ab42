/** The table of commands through the command line, over a store that another store object drives, or that nobody does. */
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/actors/clock.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { RunRow } from "../../src/persistence/store.ts";
import type { Run, Runtime } from "../../src/runtime/api.ts";
import { createWorld, type World } from "../runtime/control-world.ts";
import { run as safepoint, tempDir } from "./fake-io.ts";

const PIPELINE = `digraph m {
  start [shape=Mdiamond]
  ask [shape=hexagon, label="Go on?"]
  work [prompt="work", stubborn=true]
  exit [shape=Msquare]
  start -> ask
  ask -> work [label=Yes]
  ask -> exit [label=No]
  work -> exit
}`;
const GATE = "main/ask@1";

const STATES = ["queued", "running", "pausing", "paused", "cancelling", "completed", "failed", "cancelled"] as const;
const COMMANDS = ["pause", "continue", "cancel", "cancel --force", "answer", "steer"] as const;
type State = (typeof STATES)[number];
type Command = (typeof COMMANDS)[number];
type Driver = "lives" | "died";

/**
 * As 03 §2: a refusal's code; or `→` and where an accepted command leads at once; `same`: accepted, nothing changed;
 * `recorded`: accepted and kept, the status stays. While pausing, the gate is answered: its answer led to what drains.
 */
const CELLS: Readonly<Record<Command, Readonly<Record<State, string>>>> = {
  pause: {
    queued: "→ paused",
    running: "→ pausing",
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
    pausing: "→ running",
    paused: "→ running",
    cancelling: "run_cancelling",
    completed: "run_finished",
    failed: "run_finished",
    cancelled: "run_cancelled_new_run_required",
  },
  cancel: {
    queued: "→ cancelled",
    running: "→ cancelling",
    pausing: "→ cancelling",
    paused: "→ cancelled",
    cancelling: "same",
    completed: "run_finished",
    failed: "run_finished",
    cancelled: "same",
  },
  "cancel --force": {
    queued: "→ cancelled",
    running: "→ cancelling",
    pausing: "→ cancelling",
    paused: "→ cancelled",
    cancelling: "same",
    completed: "run_finished",
    failed: "run_finished",
    cancelled: "same",
  },
  answer: {
    queued: "gate_not_found",
    running: "recorded",
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
const cells = COMMANDS.flatMap((command) => STATES.map((state) => [command, state, CELLS[command][state]] as const));

/** The whole answer of a cell: what --json prints and what the command exits with. */
function answerOf(driver: Driver, command: Command, state: State): { readonly exit: number; readonly said: object } {
  const cell = CELLS[command][state];
  const isAccepted = cell === "same" || cell === "recorded" || cell.startsWith("→");
  const changed = isAccepted && cell !== "same";
  const after = afterOf(driver, state, cell.startsWith("→ ") ? (cell.slice(2) as State) : state);
  // A driver that lives waits for what is in flight; what was in flight of one that died has ended.
  const draining = ["pausing", "cancelling"].includes(after) ? ["main/work@1#1.1"] : [];
  const needs = driver === "died" && (command === "continue" || command === "answer") && changed ? "resume" : undefined;
  const said = {
    runId: "m",
    commandId: "c",
    verb: command.split(" ")[0],
    accepted: isAccepted,
    changed,
    before: state,
  };
  const exit = isAccepted ? 0 : cell === "gate_not_found" ? 66 : 5;
  return { exit, said: { ...said, after, draining, code: isAccepted ? undefined : cell, needs } };
}

/** Nothing is in flight any more once a driver has died: whoever commands the run brings it to the end of its way. */
function afterOf(driver: Driver, before: State, after: State): State {
  if (driver === "lives") return after;
  if (after === "pausing") return "paused";
  if (after === "cancelling") return "cancelled";
  // Whoever commands it has no slot to offer.
  return before === "paused" && after === "running" ? "queued" : after;
}

/** Brings a run into a state and leaves it there for as long as nobody commands it. */
async function bring(world: World, runtime: Runtime, state: State, command: string): Promise<void> {
  if (state === "queued") await runtime.start(PIPELINE, { runId: "first" });
  const run = await runtime.start(PIPELINE, { runId: "m" });
  if (state !== "queued") {
    await untilGate(world);
    if (state === "paused") await run.pause();
    else if (state === "completed") await run.answer(GATE, "No");
    else if (state === "cancelled") await run.cancel();
    else if (state !== "running" || command !== "answer") await work(world, run, state);
  }
  if (["paused", "completed", "failed", "cancelled"].includes(state)) await run.settled(state as "paused");
  expect((await run.view()).status).toBe(state);
}

/** The state with `work` in flight, or what its end leads to. */
async function work(world: World, run: Run, state: State): Promise<void> {
  await run.answer(GATE, "Yes");
  const call = await world.call("work", "m");
  if (state === "pausing") await run.pause();
  if (state === "cancelling") await run.cancel({ graceMs: 3_600_000 });
  if (state === "failed") call.end("fail");
}

async function untilGate(world: World): Promise<void> {
  while (!(await world.types("m")).includes("gate.opened")) await world.clock.advance(1);
}

/** What a command is given behind the run. */
const WORDS: Readonly<Record<string, readonly string[]>> = { answer: [GATE, "Yes"], steer: ["left"] };

function lineOf(command: Command): string {
  const [verb, ...options] = command.split(" ");
  return [verb, "m", ...(WORDS[verb ?? ""] ?? []), ...options, "--command-id c"].join(" ");
}

interface Bench {
  readonly world: World;
  readonly runtime: Runtime;
  /** Runs a command line on the store: its exit code, and what it printed as JSON, on stderr if not on stdout. */
  give(line: string): Promise<{ readonly exit: number; readonly said: Record<string, unknown> }>;
  row(): Promise<RunRow | undefined>;
}

/** A store with the run `m` in a state. `command` is what it will be given. */
async function bench(driver: Driver, state: State, command: string): Promise<Bench> {
  const cwd = tempDir();
  const path = join(cwd, "runs.db");
  const world = createWorld(sqliteStore({ path, create: true }));
  // The virtual clock is behind that of the command line: to that one, the leases of the dead are over.
  const clock = driver === "lives" ? { clock: systemClock } : {};
  const { runtime, die } = await world.mortal({ maxConcurrentRuns: 1, abortGraceMs: 3_600_000, ...clock });
  onTestFinished(async () => {
    for (const call of world.open()) call.end();
    if (driver === "lives") await runtime.stop();
    await world.store.close();
  });
  await bring(world, runtime, state, command);
  if (driver === "died") die();
  return {
    world,
    runtime,
    async give(line) {
      const { code, stdout, stderr } = await safepoint(`${line} --store ${path} --json`, { cwd });
      const refusal = stderr.split("\n").find((each) => each.startsWith("{"));
      return { exit: code, said: JSON.parse(stdout === "" ? (refusal ?? "null") : stdout) };
    },
    row: async () => (await world.store.read("run", { runId: "m" }))[0],
  };
}

describe.each(["lives", "died"] as const)("a command to a run whose driver %s", (driver) => {
  it.each(cells)("%s when %s: %s", async (command, state, cell) => {
    const { world, give, row } = await bench(driver, state, command);
    const { exit, said } = answerOf(driver, command, state);
    const answer = await give(lineOf(command));
    const { code, needs } = answer.said;
    expect({ ...answer, said: { ...answer.said, code, needs } }).toMatchObject({ exit, said });
    expect(Object.hasOwn(answer.said, "hint")).toBe(exit !== 0);
    const { status, owner } = (await row()) ?? {};
    expect(status).toBe(answer.said["after"]);
    if (driver === "died") expect(owner, "whoever gives the command does not keep the run").toBeUndefined();
    const entries = await world.store.read("journal", { runId: "m" });
    const audit = entries.filter(({ type, cause }) => type.startsWith("control.") && cause?.commandId === "c");
    expect(audit.map(({ type }) => type)).toEqual([exit === 0 ? "control.accepted" : "control.rejected"]);
    if (exit !== 0) expect(audit[0]?.data).toMatchObject({ code: cell, state });
    expect(await give(lineOf(command)), "the same id again repeats the answer").toEqual(answer);
    expect((await give("verify m")).exit).toBe(0);
  });
});

describe("a cancel of work that ignores it", () => {
  it.each(["running", "pausing", "cancelling"] as const)(
    "when %s: --force ends the grace of an hour",
    async (state) => {
      const { give, row } = await bench("lives", state, "cancel");
      expect(await give("cancel m")).toMatchObject({ exit: 0, said: { after: "cancelling" } });
      expect((await row())?.status).toBe("cancelling");
      expect(await give("cancel m --force --wait")).toMatchObject({
        exit: 0,
        said: { after: "cancelled", draining: [] },
      });
    },
  );
});

it("continue without a free slot leads to queued", async () => {
  const { runtime, give } = await bench("lives", "paused", "continue");
  await runtime.start(PIPELINE, { runId: "other" });
  expect((await give("wait other --for running --timeout 5s")).exit).toBe(0);
  expect(await give("continue m")).toMatchObject({
    exit: 0,
    said: { accepted: true, changed: true, before: "paused", after: "queued" },
  });
});

describe("resume", () => {
  const ENDED = [
    ["completed", 5, "run_finished"],
    ["failed", 5, "run_finished"],
    ["cancelled", 5, "run_cancelled_new_run_required"],
  ] as const;

  it.each([
    ["queued", "", 75, "run_owned"],
    ["running", "", 75, "run_owned"],
    ["pausing", "", 75, "run_owned"],
    ["pausing", "--continue", 75, "run_owned"],
    // Before it looks for an owner: without --continue it would only sit beside the run.
    ["paused", "", 4, "run_paused"],
    ["paused", "--continue", 75, "run_owned"],
    ["cancelling", "", 75, "run_owned"],
    ...ENDED.map(([state, exit, code]) => [state, "", exit, code] as const),
  ] as const)("of one that is %s and driven, or has ended, %s: exit %i, %s", async (state, option, exit, code) => {
    const { give, row } = await bench("lives", state, "resume");
    expect(await give(`resume m ${option}`)).toMatchObject({ exit, said: { error: { code } } });
    expect((await row())?.status).toBe(state);
    if (code === "run_owned") expect((await row())?.token, "it keeps its driver").toBe(1);
  });

  it.each([
    ["queued", "", 4, "running"],
    ["running", "", 0, "completed"],
    ["pausing", "", 4, "paused"],
    ["pausing", "--continue", 0, "completed"],
    ["paused", "--continue", 4, "running"],
    ["cancelling", "", 3, "cancelled"],
    ["cancelling", "--continue", 3, "cancelled"],
  ] as const)("takes one that was %s when its driver died, %s: exit %i, %s", async (state, option, exit, after) => {
    const { give, row } = await bench("died", state, "resume");
    expect((await give(`resume m --no-wait-gates ${option}`)).exit).toBe(exit);
    expect(await row()).toMatchObject({ status: after, token: 2 });
    expect((await give("verify m")).exit).toBe(0);
  });

  it.each([["paused", 4, "run_paused"], ...ENDED] as const)(
    "of one left %s is refused: %i, %s",
    async (state, exit, code) => {
      const { give, row } = await bench("died", state, "resume");
      expect(await give("resume m")).toMatchObject({ exit, said: { error: { code } } });
      expect((await row())?.status).toBe(state);
    },
  );
});
