/** The list of steps: what is known before each, what is kept, and what is said of what was not seen. */
import { describe, expect, it } from "vitest";
import { INSPECTIONS_LISTED_MAX } from "../../src/limits.ts";
import { actorName, changeOf, eventOf, type Step, StepLog } from "../../src/web/run/inspector-log.ts";

const step = (type: string | null, value: Step["snapshot"]["value"], more: Partial<Step> = {}): Step => ({
  actor: "stage:main/a@1",
  event: type === null ? null : { type },
  snapshot: { status: "active", value, context: {} },
  seq: 1,
  at: "2026-01-01T00:00:00.000Z",
  ...more,
});
const told = (log: StepLog) => log.rows().map((row) => `${eventOf(row.step)} ${changeOf(row)}`);

describe("the list of steps", () => {
  it("says what each changed, region by region", () => {
    const log = new StepLog();
    log.push(step("xstate.init", { control: "running", execution: "executing" }));
    log.push(step("PAUSE", { control: "draining", execution: "executing" }));
    log.push(step("NOTED", { control: "draining", execution: "executing" }));
    log.push(step("EXECUTION_ENDED", { control: "paused", execution: { acting: "routing" } }));
    log.push(step("xstate.init", "open", { actor: "run" }));
    log.push(step("CLOSE", "closed", { actor: "run" }));
    expect(told(log)).toEqual([
      "begins → control.running · execution.executing",
      "PAUSE control: running → draining",
      "NOTED stays control.draining · execution.executing",
      "EXECUTION_ENDED control: draining → paused · execution: executing → acting.routing",
      "begins → open",
      "CLOSE open → closed",
    ]);
  });

  it("knows no state before a step whose forerunners it has not seen", () => {
    const log = new StepLog();
    log.push(step(null, "a"));
    log.push(step("GO", "b"));
    log.push(step("GO", "d", { dropped: 1 }));
    log.lose("the connection was lost here");
    log.push(step(null, "e"));
    log.push(step("END", "f", { snapshot: { status: "done", value: "f", context: {} } }));
    log.push(step("xstate.init", "a"));
    expect(told(log)).toEqual(["found → a", "GO a → b", "GO → d", "found → e", "END e → f", "begins → a"]);
    expect(log.rows().map(({ gap }) => gap)).toEqual([
      undefined,
      undefined,
      "1 step was lost here",
      "the connection was lost here",
      undefined,
      undefined,
    ]);
  });

  it("keeps the newest, and counts all", () => {
    const log = new StepLog();
    for (let n = 1; n <= 3 * INSPECTIONS_LISTED_MAX + 7; n += 1) {
      log.push(step("TICK", "a", { seq: n }));
      expect(log.rows()).toHaveLength(Math.min(n, INSPECTIONS_LISTED_MAX));
      expect(log.rows().at(-1)?.n).toBe(n);
    }
    expect(log.rows()[0]?.step.seq).toBe(2 * INSPECTIONS_LISTED_MAX + 8);
    expect(log.count).toBe(3 * INSPECTIONS_LISTED_MAX + 7);
  });

  it("begins anew when it is cleared, with the states that it knows", () => {
    const log = new StepLog();
    log.push(step("xstate.init", "a"));
    const before = log.rows();
    log.clear();
    expect(log.rows()).toEqual([]);
    log.push(step("GO", "b"));
    expect(told(log)).toEqual(["GO a → b"]);
    // What was frozen stays as it is.
    expect(before).toHaveLength(1);
  });
});

it("actors have short names", () => {
  expect(["run", "branch:main/fan@1/2", "stage:main/fan@1/0/build@2"].map(actorName)).toEqual([
    "run",
    "branch fan[2]",
    "stage fan[0] build@2",
  ]);
});
