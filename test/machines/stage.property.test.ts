import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Effect, StageEvent } from "../../src/machines/protocol.ts";
import { executionId, type StageContext, type StageInput, stageMachine } from "../../src/machines/stage.machine.ts";
import { begin, step } from "../../src/machines/xstate.ts";
import { stageEvents, stageInput } from "./samples.ts";

const FINAL = ["stage.succeeded", "stage.failed", "stage.skipped", "stage.cancelled"];
const ENDED = ["succeeded", "failed", "skipped", "cancelled"];

const inputs: fc.Arbitrary<StageInput> = fc
  .record({
    kind: fc.constantFrom("execution", "execution", "execution", "gate", "wait", "instant"),
    attempts: fc.integer({ min: 1, max: 3 }),
    onInterrupt: fc.constantFrom("retry", "ask", "fail"),
    flags: fc.record({ retryOnFail: fc.boolean(), retryIsWord: fc.boolean(), allowPartial: fc.boolean() }),
    control: fc.constantFrom("running", "running", "running", "pausing", "paused", "cancelling"),
  })
  .map(({ kind, attempts, onInterrupt, flags, control }) =>
    stageInput({ kind, control, limits: { attempts, onInterrupt, ...flags }, timeoutMs: 50, durationMs: 100 }),
  );

interface Moved {
  readonly event: StageEvent | null;
  readonly from: Place | null;
  readonly to: Place;
  readonly effects: readonly Effect[];
}
interface Place {
  readonly control: string;
  readonly execution: string;
  readonly context: StageContext;
}

/** Plays picks as events: those the chart knows in its place, and those that are for something else. */
function play(input: StageInput, picks: readonly number[]): readonly Moved[] {
  const first = begin(stageMachine, input);
  let snapshot = first.snapshot;
  const place = (): Place => ({
    ...(snapshot.value as { control: string; execution: string }),
    context: snapshot.context,
  });
  const moves: Moved[] = [{ event: null, from: null, to: place(), effects: first.effects }];
  for (const pick of picks) {
    const from = place();
    const events = stageEvents(snapshot.context);
    const event = events[pick % events.length] as StageEvent;
    const next = step(stageMachine, snapshot, event);
    snapshot = next.snapshot;
    moves.push({ event, from, to: place(), effects: next.effects });
  }
  return moves;
}

const programs = fc.tuple(inputs, fc.array(fc.nat({ max: 5_039 }), { maxLength: 60 }));
const always = (check: (moves: readonly Moved[], input: StageInput) => void) =>
  fc.assert(
    fc.property(programs, ([input, picks]) => check(play(input, picks), input)),
    { numRuns: 800 },
  );

const entriesOf = (moves: readonly Moved[]) =>
  moves.flatMap(({ effects }) => effects.flatMap((effect) => (effect.type === "effect.journal" ? [effect.entry] : [])));
const isType =
  <T extends Effect["type"]>(type: T) =>
  (effect: Effect): effect is Extract<Effect, { type: T }> =>
    effect.type === type;
const all = <T extends Effect["type"]>(moves: readonly Moved[], type: T) =>
  moves.flatMap(({ effects }) => effects.filter(isType(type)));
const hasEnded = (place: Place) => ENDED.includes(place.execution);

describe("a stage, whatever happens to it,", () => {
  it("never has two executions of one name, and counts them upwards", () => {
    always((moves) => {
      const executions = all(moves, "effect.execution.start").map(({ execution }) => execution);
      expect(new Set(executions).size).toBe(executions.length);
      const numbers = executions.map((id) => (/#(\d+)\.(\d+)$/.exec(id) as RegExpExecArray).slice(1).map(Number));
      for (const [at, [attempt = 0, start = 0]] of numbers.entries()) {
        const [lastAttempt, lastStart] = numbers[at - 1] ?? [1, 0];
        expect(
          attempt === lastAttempt ? start === (lastStart ?? 0) + 1 : attempt === (lastAttempt ?? 0) + 1 && start === 1,
        ).toBe(true);
      }
    });
  });

  it("starts a handler only in the step that records it, before it", () => {
    always((moves) => {
      for (const { effects } of moves) {
        const starts = effects.filter(isType("effect.execution.start"));
        const recorded = effects
          .filter(isType("effect.journal"))
          .filter(({ entry }) => entry.type === "stage.started")
          .map(({ entry }) => entry.execution);
        expect(recorded).toEqual(starts.map(({ execution }) => execution));
        for (const start of starts) {
          const record = effects.findIndex(
            (effect) =>
              effect.type === "effect.journal" &&
              effect.entry.execution === start.execution &&
              effect.entry.type === "stage.started",
          );
          expect(record).toBeLessThan(effects.indexOf(start));
        }
      }
    });
  });

  it("makes a new attempt only by a retry, never beyond the limit; an interruption uses none", () => {
    always((moves, input) => {
      const entries = entriesOf(moves);
      let attempt = 0;
      let retries = 0;
      for (const { type, attempt: number = 0 } of entries) {
        if (type === "stage.retry_scheduled") retries += 1;
        if (type !== "stage.started") continue;
        expect(number).toBe(retries + 1);
        expect(number).toBeGreaterThanOrEqual(attempt);
        attempt = number;
      }
      expect(retries).toBeLessThan(input.limits.attempts);
    });
  });

  it("ends once: one final entry, one message to its branch, in the same step", () => {
    always((moves) => {
      const ends = moves.filter(({ from, to }) => hasEnded(to) && !(from && hasEnded(from)));
      const finals = entriesOf(moves).filter(({ type }) => FINAL.includes(type));
      const news = all(moves, "effect.message").filter(({ event }) => event.type === "STAGE_ENDED");
      expect(finals).toHaveLength(ends.length);
      expect(news).toHaveLength(ends.length);
      expect(ends.length).toBeLessThanOrEqual(1);
      if (ends[0]) {
        expect(entriesOf(ends).map(({ type }) => type)).toContain(finals[0]?.type);
        expect(news[0]?.event["cancelled"]).toBe(finals[0]?.type === "stage.cancelled");
        expect(ends[0].to.execution).toBe(finals[0]?.type.slice("stage.".length));
      }
    });
  });

  it("tells its branch what its final entry says", () => {
    always((moves) => {
      const final = entriesOf(moves).find(({ type }) => FINAL.includes(type));
      const news = all(moves, "effect.message").find(({ event }) => event.type === "STAGE_ENDED");
      if (!final || !news || final.type === "stage.cancelled" || news.event["counts"] === false) return;
      const { outcome } = final.data as { outcome: { contextUpdates?: unknown } };
      const { contextUpdates: _, ...routing } = outcome;
      expect(news.event["outcome"]).toEqual(routing);
      const status = (outcome as { status?: string }).status ?? "";
      expect(final.type === "stage.failed").toBe(status === "fail");
    });
  });

  it("begins and ends nothing after a pause until it is continued, but for what was in flight", () => {
    always((moves) => {
      for (const { from, to, effects } of moves) {
        if (from?.control !== "paused" || to.control !== "paused") continue;
        const types = effects.map((effect) => (effect.type === "effect.journal" ? effect.entry.type : effect.type));
        for (const type of types) {
          expect(["timer.fired", "gate.answered", "gate.timed_out", "effect.gate.close"]).toContain(type);
        }
      }
      for (const { from, to, effects } of moves) {
        if (from?.control === "running" && to.control !== "running") {
          expect(effects.some(isType("effect.execution.start"))).toBe(false);
        }
        if (from?.control === "pausing" && to.control !== "running") {
          expect(effects.some(isType("effect.execution.start"))).toBe(false);
        }
      }
    });
  });

  it("is paused exactly when it has nothing in flight, and says so each time", () => {
    always((moves) => {
      for (const { from, to, effects } of moves) {
        if (to.control === "pausing" && !hasEnded(to)) expect(to.execution).toBe("executing");
        if (to.control === "paused") expect(to.execution).not.toBe("executing");
        const says = effects.filter((effect) => effect.type === "effect.message" && effect.event.type === "STAGE_HELD");
        expect(says).toHaveLength(to.control === "paused" && from?.control !== "paused" ? 1 : 0);
      }
    });
  });

  it("records answers while paused and acts on them when continued", () => {
    always((moves) => {
      for (const { event, from, to } of moves) {
        if (from?.execution === "asking" && from.control === "paused" && event?.type === "ANSWER") {
          expect(["asking", "answered"]).toContain(to.execution);
        }
        if (from?.execution === "answered") {
          expect(from.control).toBe("paused");
          if (event?.type === "CONTINUE") expect(to.execution).not.toBe("answered");
        }
      }
    });
  });

  it("starts an interrupted execution again at once when the pause is withdrawn", () => {
    always((moves) => {
      for (const { from, to, event, effects } of moves) {
        const isOverNow = event?.type === "EXECUTION_ENDED" && event.execution === (from && executionId(from.context));
        if (from?.control !== "running" || from.context.abort !== "pause" || !isOverNow || to.execution !== "executing")
          continue;
        expect(effects.filter(isType("effect.execution.start"))).toMatchObject([{ attempt: from.context.attempt }]);
        expect(to.context.start).toBe(from.context.start + 1);
      }
    });
  });

  it("is cancelled from anywhere: at once, or when its open execution ends, with one entry and no timer or gate left", () => {
    always((moves, input) => {
      const last = moves.at(-1)?.to as Place;
      if (hasEnded(last)) return;
      const replayed = moves.flatMap(({ event }) => (event ? [event] : []));
      let { snapshot, effects } = begin(stageMachine, input);
      const seen: Effect[] = [...effects];
      const take = (event: StageEvent) => {
        ({ snapshot, effects } = step(stageMachine, snapshot, event));
        seen.push(...effects);
      };
      for (const event of replayed) take(event);
      take({ type: "CANCEL", atMs: 1, runMs: 1, baseSeq: 0 });
      const execution = executionId(snapshot.context);
      if (last.execution === "executing") {
        expect(snapshot.value).toEqual({ control: "cancelling", execution: "executing" });
        const end = { outcome: { status: "success" } };
        take({ type: "EXECUTION_ENDED", execution, end, outcome: end.outcome, atMs: 2, runMs: 2, baseSeq: 0 });
      }
      expect(snapshot.value).toEqual({ control: "cancelled", execution: "cancelled" });
      const entries = seen.filter(isType("effect.journal")).map(({ entry }) => entry);
      expect(entries.filter(({ type }) => FINAL.includes(type)).map(({ type }) => type)).toEqual(["stage.cancelled"]);
      expect(leftOver(seen)).toEqual([]);
    });
  });
});

/** Timers and gates that were opened and never closed. */
function leftOver(effects: readonly Effect[]): readonly string[] {
  const open = new Set<string>();
  for (const effect of effects) {
    if (effect.type === "effect.timer.set") open.add(effect.timer);
    if (effect.type === "effect.timer.clear") open.delete(effect.timer);
    if (effect.type === "effect.journal" && effect.entry.type === "timer.fired")
      open.delete((effect.entry.data as { timer: string }).timer);
    if (effect.type === "effect.gate.open") open.add(effect.gate);
    if (effect.type === "effect.gate.close") open.delete(effect.gate);
  }
  return [...open];
}
