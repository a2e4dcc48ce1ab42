import { describe, expect, it } from "vitest";
import type { Effect, RunEvent } from "../../src/machines/protocol.ts";
import { type RunContext, runMachine, runTimeMs } from "../../src/machines/run.machine.ts";
import { begin, step } from "../../src/machines/xstate.ts";

type Distribute<T> = T extends unknown ? Omit<T, "atMs" | "runMs" | "baseSeq" | "commandId" | "actor"> : never;
type Told = Distribute<RunEvent>;

const own = { type: "PAUSE", mode: "drain", source: "own", draining: [] } as const;
const inherited = { ...own, source: "inherited" } as const;
const goOn = { type: "CONTINUE", source: "own", slot: true } as const;
const goOnWithoutSlot = { ...goOn, slot: false } as const;
const parentGoesOn = { ...goOn, source: "inherited" } as const;
const cancel = { type: "CANCEL", graceMs: 5_000, force: false } as const;
const force = { ...cancel, force: true } as const;
const proceed = { type: "PROCEED" } as const;
const quiet = { type: "QUIET", abandoned: [] } as const;

/** A run that is told things one after the other, a second apart. */
function told(slot: boolean, events: readonly Told[]) {
  let { snapshot } = begin(runMachine, { runId: "r", createdAtMs: 0, slot });
  let effects: readonly Effect[] = [];
  let atMs = 0;
  for (const event of events) {
    atMs += 1_000;
    const stamped = { ...event, atMs, runMs: 0, baseSeq: 0, commandId: `c${atMs}`, actor: "ada" };
    ({ snapshot, effects } = step(runMachine, snapshot, stamped));
  }
  const replies = effects.filter((effect) => effect.type === "effect.reply");
  const entries = effects.flatMap((effect) => (effect.type === "effect.journal" ? [effect.entry] : []));
  const value = snapshot.value as { control: string; execution: string };
  return {
    control: value.control,
    execution: value.execution,
    context: snapshot.context as RunContext,
    replies,
    entries,
    effects,
    atMs,
  };
}

const at: Readonly<Record<string, readonly [slot: boolean, events: readonly Told[]]>> = {
  arriving: [true, []],
  queued: [false, [proceed]],
  "queued again": [true, [proceed, own, quiet, goOnWithoutSlot]],
  running: [true, [proceed]],
  "pausing by itself": [true, [proceed, own]],
  "pausing with its parent": [true, [proceed, inherited]],
  "pausing by both": [true, [proceed, own, inherited]],
  "paused by itself": [true, [proceed, own, quiet]],
  "paused with its parent": [true, [proceed, inherited, quiet]],
  "paused by both": [true, [proceed, own, quiet, inherited]],
  "paused before it began": [false, [proceed, own]],
  cancelling: [true, [proceed, cancel]],
  "cancelling by force": [true, [proceed, force]],
};

const verbs: Readonly<Record<string, Told>> = {
  pause: own,
  "parent pauses": inherited,
  continue: goOn,
  "continue without a slot": goOnWithoutSlot,
  "parent continues": parentGoesOn,
  cancel,
  "cancel by force": force,
};

/** A cell: the refusal, or where the run is then. `same` moves nothing. The sources that hold a pause follow a colon. */
const cells: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  arriving: {
    pause: "paused: own",
    "parent pauses": "paused: inherited",
    continue: "not_paused",
    "continue without a slot": "not_paused",
    "parent continues": "not_paused",
    cancel: "cancelled",
    "cancel by force": "cancelled",
  },
  queued: {
    pause: "paused: own",
    "parent pauses": "paused: inherited",
    continue: "not_paused",
    "continue without a slot": "not_paused",
    "parent continues": "not_paused",
    cancel: "cancelled",
    "cancel by force": "cancelled",
  },
  "queued again": {
    pause: "paused: own",
    "parent pauses": "paused: inherited",
    continue: "not_paused",
    "continue without a slot": "not_paused",
    "parent continues": "not_paused",
    // Its branches and stages have to follow first.
    cancel: "cancelling",
    "cancel by force": "cancelling",
  },
  running: {
    pause: "pausing: own",
    "parent pauses": "pausing: inherited",
    continue: "not_paused",
    "continue without a slot": "not_paused",
    "parent continues": "not_paused",
    cancel: "cancelling",
    "cancel by force": "cancelling",
  },
  "pausing by itself": {
    pause: "same",
    "parent pauses": "pausing: own inherited",
    continue: "running",
    "continue without a slot": "running",
    "parent continues": "same",
    cancel: "cancelling",
    "cancel by force": "cancelling",
  },
  "pausing with its parent": {
    pause: "pausing: own inherited",
    "parent pauses": "same",
    continue: "parent_paused",
    "continue without a slot": "parent_paused",
    "parent continues": "running",
    cancel: "cancelling",
    "cancel by force": "cancelling",
  },
  "pausing by both": {
    pause: "same",
    "parent pauses": "same",
    continue: "parent_paused",
    "continue without a slot": "parent_paused",
    "parent continues": "pausing: own",
    cancel: "cancelling",
    "cancel by force": "cancelling",
  },
  "paused by itself": {
    pause: "same",
    "parent pauses": "paused: own inherited",
    continue: "running",
    "continue without a slot": "queued",
    "parent continues": "same",
    cancel: "cancelling",
    "cancel by force": "cancelling",
  },
  "paused with its parent": {
    pause: "paused: own inherited",
    "parent pauses": "same",
    continue: "parent_paused",
    "continue without a slot": "parent_paused",
    "parent continues": "running",
    cancel: "cancelling",
    "cancel by force": "cancelling",
  },
  "paused by both": {
    pause: "same",
    "parent pauses": "same",
    continue: "parent_paused",
    "continue without a slot": "parent_paused",
    "parent continues": "paused: own",
    cancel: "cancelling",
    "cancel by force": "cancelling",
  },
  "paused before it began": {
    pause: "same",
    "parent pauses": "paused: own inherited",
    continue: "running",
    "continue without a slot": "queued",
    "parent continues": "same",
    cancel: "cancelling",
    "cancel by force": "cancelling",
  },
  cancelling: {
    pause: "run_cancelling",
    "parent pauses": "run_cancelling",
    continue: "run_cancelling",
    "continue without a slot": "run_cancelling",
    "parent continues": "run_cancelling",
    cancel: "same",
    "cancel by force": "same",
  },
  "cancelling by force": {
    pause: "run_cancelling",
    "parent pauses": "run_cancelling",
    continue: "run_cancelling",
    "continue without a slot": "run_cancelling",
    "parent continues": "run_cancelling",
    cancel: "same",
    "cancel by force": "same",
  },
};

function placeOf({ control, context }: ReturnType<typeof told>): string {
  const sources = (["own", "inherited"] as const).filter((source) => context.pause?.[source]);
  return sources.length === 0 ? control : `${control}: ${sources.join(" ")}`;
}

const table = Object.keys(at).flatMap((state) =>
  Object.keys(verbs).map((verb) => [state, verb, cells[state]?.[verb] ?? "(no cell)"] as const),
);

describe("the table of commands", () => {
  it.each(table)("%s, %s: %s", (state, verb, cell) => {
    const [slot, events] = at[state] as (typeof at)[string];
    const before = told(slot, events);
    const after = told(slot, [...events, verbs[verb] as Told]);
    const commandId = `c${after.atMs}`;
    const isRefusal = /^[a-z]+(_[a-z]+)+$/.test(cell);
    if (isRefusal) {
      expect(after.replies).toEqual([
        {
          type: "effect.reply",
          commandId,
          accepted: false,
          changed: false,
          code: cell,
          hint: expect.stringMatching(/\w/),
        },
      ]);
    } else {
      expect(after.replies).toEqual([{ type: "effect.reply", commandId, accepted: true, changed: cell !== "same" }]);
    }
    expect(placeOf(after)).toBe(isRefusal || cell === "same" ? placeOf(before) : cell);
    if (isRefusal) expect({ ...after.context }).toEqual({ ...before.context });
  });

  it("starts nothing but by `running`", () => {
    for (const [state, verb] of table) {
      const [slot, events] = at[state] as (typeof at)[string];
      const before = told(slot, events);
      const after = told(slot, [...events, verbs[verb] as Told]);
      const starts = after.effects.some(({ type }) => type === "effect.branch.spawn");
      expect(starts, `${state}, ${verb}`).toBe(after.control === "running" && before.execution === "waiting");
    }
  });
});

describe("a run", () => {
  const typesOf = (events: readonly Told[], slot = true) => told(slot, events).entries.map(({ type }) => type);

  it("is said to be paused in the step in which nothing is in flight any more", () => {
    expect(typesOf([proceed, own])).toEqual(["run.pausing"]);
    expect(typesOf([proceed, own, quiet])).toEqual(["run.paused"]);
    expect(told(true, [proceed, quiet]).entries).toEqual([]);
  });

  it("that is queued is paused at once", () => {
    expect(typesOf([proceed, own], false)).toEqual(["run.pausing", "run.paused"]);
  });

  it("that was queued again says so when it goes on, and starts nothing twice", () => {
    const { entries, effects, control } = told(true, [proceed, own, quiet, goOnWithoutSlot, { type: "SLOT" }]);
    expect(control).toBe("running");
    expect(entries.map(({ type }) => type)).toEqual(["run.started"]);
    expect(effects.map(({ type }) => type)).not.toContain("effect.branch.spawn");
  });

  it("cancelled before it began ends at once; cancelled later it waits until nothing is in flight", () => {
    expect(typesOf([proceed, cancel], false)).toEqual(["run.cancelled"]);
    expect(typesOf([proceed, cancel])).toEqual(["run.cancelling"]);
    const { entries, effects } = told(true, [
      proceed,
      { ...cancel, reason: "wrong" },
      { ...quiet, abandoned: ["x#1.1"] },
    ]);
    expect(entries).toEqual([{ type: "run.cancelled", data: { abandoned: ["x#1.1"], reason: "wrong" } }]);
    expect(effects).toContainEqual({ type: "effect.ended", actor: "run" });
  });

  it("says when force ends the grace, once, with the reason it is cancelled for", () => {
    const events = [proceed, { ...cancel, reason: "wrong" }, force];
    const { entries, atMs } = told(true, events);
    expect(entries).toEqual([
      { type: "run.cancelling", data: { graceMs: 5_000, deadlineMs: atMs, force: true, reason: "wrong" } },
    ]);
    expect(typesOf([...events, force])).toEqual([]);
  });

  it.each([
    ["pausing", [proceed, own]],
    ["paused", [proceed, own, quiet]],
  ] as const)("that is %s holds the end of its main branch and decides it on continue", (_, events) => {
    const end: Told = { type: "BRANCH_ENDED", branch: "main", status: "success", exit: "exit", cancelled: false };
    const held = told(true, [...events, end]);
    expect(held.execution).toBe("ending");
    expect(held.entries).toEqual([]);
    const gone = told(true, [...events, end, goOn]);
    expect(gone.execution).toBe("completed");
    expect(gone.entries.map(({ type }) => type)).toEqual(["run.continued", "run.completed"]);
    expect(told(true, [...events, end, cancel, quiet])).toMatchObject({ control: "cancelled", execution: "stopped" });
  });

  it("a failed main branch fails it, with code and stage", () => {
    const failure = { code: "no_route", message: "no edge", stage: "main/a@1" };
    const { entries, execution } = told(true, [
      proceed,
      { type: "BRANCH_ENDED", branch: "main", status: "fail", cancelled: false, failure },
    ]);
    expect(execution).toBe("failed");
    expect(entries).toEqual([{ type: "run.failed", data: failure }]);
  });

  it("that starts over asks for the new run and ends", () => {
    const { effects, entries } = told(true, [
      proceed,
      { type: "BRANCH_ENDED", branch: "main", status: "success", cancelled: false, restart: "again" },
    ]);
    expect(entries).toEqual([]);
    expect(effects.map(({ type }) => type)).toEqual(["effect.restart", "effect.run", "effect.ended"]);
    expect(effects[0]).toEqual({ type: "effect.restart", node: "again" });
  });

  it("a pause that becomes an interrupt has no deadline any more", () => {
    const { context, entries } = told(true, [
      proceed,
      { ...own, deadlineMs: 9_000 },
      { type: "ESCALATE", draining: ["e"] },
    ]);
    expect(context.pause).toMatchObject({ mode: "interrupt", deadlineMs: null });
    expect(entries).toEqual([{ type: "pause.escalated", data: { draining: ["e"] } }]);
    expect(told(true, [proceed, { ...own, deadlineMs: 9_000 }, quiet]).context.pause?.deadlineMs).toBeNull();
  });
});

describe("run time", () => {
  const runMsAfter = (events: readonly Told[], afterMs: number) => {
    const { context, atMs } = told(true, events);
    return runTimeMs(context, atMs + afterMs);
  };

  it("goes from creation on, and stands while pausing and paused", () => {
    expect(runMsAfter([proceed], 500)).toBe(1_500);
    expect(runMsAfter([proceed, own], 500)).toBe(2_000);
    expect(runMsAfter([proceed, own, quiet], 60_000)).toBe(2_000);
  });

  it.each([
    ["withdrawn", [proceed, own, goOn]],
    ["continued", [proceed, own, quiet, goOn]],
    ["continued without a slot", [proceed, own, quiet, goOnWithoutSlot]],
    ["cancelled", [proceed, own, quiet, cancel]],
  ] as const)("goes on where it stood when the pause is %s", (_, events) => {
    expect(runMsAfter(events, 0)).toBe(2_000);
    expect(runMsAfter(events, 700)).toBe(2_700);
  });

  it("is said by the entries as it stood, with the length of the pause", () => {
    const { entries } = told(true, [proceed, own, quiet, goOn]);
    expect(entries[0]).toMatchObject({ type: "run.continued", data: { runTimeMs: 2_000, pausedMs: 2_000 } });
  });

  it("is not set back when the wall clock is set back during a pause", () => {
    let { snapshot } = begin(runMachine, { runId: "r", createdAtMs: 0, slot: true });
    for (const [event, atMs] of [
      [proceed, 1_000],
      [own, 5_000],
      [goOn, 2_000],
    ] as const) {
      ({ snapshot } = step(runMachine, snapshot, {
        ...event,
        ...{ atMs, runMs: 0, baseSeq: 0, commandId: "c", actor: "ada" },
      }));
    }
    expect(runTimeMs(snapshot.context as RunContext, 2_000)).toBe(5_000);
    expect(runTimeMs(snapshot.context as RunContext, 2_300)).toBe(5_300);
  });
});
