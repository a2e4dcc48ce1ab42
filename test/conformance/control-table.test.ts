/** The table of commands (03 §2), cell by cell: the same answers, codes and entries through every door. */
import { describe, expect, it } from "vitest";
import { readSource } from "../tidy/sources.ts";
import { tableRows } from "../tidy/tables.ts";
import type { Door, Said } from "./door.ts";
import { ASKING, GATE, play, type Stage } from "./play.ts";

const STATES = ["queued", "running", "pausing", "paused", "cancelling", "completed", "failed", "cancelled"] as const;
type State = (typeof STATES)[number];

const ORDERS: Readonly<Record<string, (door: Door, commandId: string) => Promise<Said>>> = {
  pause: (door, commandId) => door.pause("m", { commandId, reason: "why not" }),
  continue: (door, commandId) => door.continue("m", { commandId }),
  cancel: (door, commandId) => door.cancel("m", { commandId }),
  "cancel, forced": (door, commandId) => door.cancel("m", { commandId, force: true }),
  answer: (door, commandId) => door.answer("m", { gate: GATE, answer: "Yes", commandId }),
  steer: (door, commandId) => door.steer("m", "left", { commandId }),
};

/** What the reference says: a code, `→ status`, `no change`, or `recorded`. */
const documented = new Map(
  tableRows(readSource("docs/reference/control.md").text).map(([verb, ...cells]) => [
    verb,
    cells.map((cell) => cell.replaceAll("`", "")),
  ]),
);

function cellOf(verb: string, state: State): string {
  const cell = documented.get(verb.split(",")[0] ?? "")?.[STATES.indexOf(state)];
  if (cell === undefined) throw new Error(`the reference does not say what ${verb} does when ${state}`);
  return cell;
}

/** Brings the run `m` into a state that lasts until somebody commands it. */
async function bring({ door, hands, entry }: Stage, state: State, verb: string): Promise<void> {
  hands.hold(["work"], { stubborn: state === "cancelling" });
  const runId = state === "queued" ? "before" : "m";
  await door.start(ASKING, { runId });
  await entry(runId, "gate.opened");
  if (state === "queued") {
    await door.cancel(runId);
    await door.fork(runId, { runId: "m" });
  }
  if (state === "paused") await door.pause("m");
  if (state === "completed") await door.answer("m", { gate: GATE, answer: "No" });
  if (state === "cancelled") await door.cancel("m");
  // In all others there is work in flight; an answer finds its gate open where it is asked of a running run.
  const isAtWork = state === "running" ? verb !== "answer" : ["pausing", "cancelling", "failed"].includes(state);
  if (isAtWork) await work({ door, hands }, state);
  if (["completed", "failed", "cancelled"].includes(state)) await door.finished("m");
}

async function work({ door, hands }: Pick<Stage, "door" | "hands">, state: State): Promise<void> {
  await door.answer("m", { gate: GATE, answer: "Yes" });
  const call = await hands.call("work@1");
  if (state === "pausing") await door.pause("m");
  if (state === "cancelling") await door.cancel("m");
  if (state === "failed") call.end("fail");
}

const cells = Object.keys(ORDERS).flatMap((verb) => STATES.map((state) => [verb, state, cellOf(verb, state)] as const));

describe("a command through every door", () => {
  it.each(cells)("%s when %s: %s", async (verb, state, cell) => {
    await play(async (stage) => {
      const { door } = stage;
      await bring(stage, state, verb);
      expect((await door.view("m")).value).toMatchObject({ status: state });
      const order = ORDERS[verb] as (typeof ORDERS)[string];
      const first = await order(door, "cmd-1");
      expectCell(first, { cell, state, verb });
      expect(await order(door, "cmd-1"), "the same id again repeats the answer").toEqual(first);
      const other =
        verb === "pause" ? door.cancel("m", { commandId: "cmd-1" }) : door.pause("m", { commandId: "cmd-1" });
      expect((await other).code).toBe("command_id_reused");
      if (verb.startsWith("cancel") && first.code === "ok") {
        // Only now: work that ignores a cancel is what keeps the run cancelling.
        stage.hands.release();
        await door.settled("m", "cancelled");
      }
      await door.events("m", { types: ["control.accepted", "control.rejected"] });
      await door.lineage("m");
    });
  });
});

function expectCell({ code, value }: Said, is: { cell: string; state: State; verb: string }): void {
  const accepted = { accepted: true, before: is.state };
  // Its gate has been answered: that is what drains.
  const cell = is.verb === "answer" && is.state === "pausing" ? "gate_answered" : is.cell;
  if (cell === "no change") expect(value).toMatchObject({ ...accepted, changed: false, after: is.state });
  else if (cell === "recorded") expect(value).toMatchObject({ ...accepted, changed: true });
  else if (cell.startsWith("→")) expect(value).toMatchObject({ ...accepted, changed: true, after: afterOf(is) });
  else expect({ code, ...value }).toMatchObject({ code: cell, accepted: false, changed: false, before: is.state });
}

/** At a gate there is nothing to wait for: a cancel has come to its end at once. */
function afterOf({ cell, state }: { cell: string; state: State }): string {
  return cell === "→ cancelling" && state === "paused" ? "cancelled" : cell.replace("→ ", "");
}
