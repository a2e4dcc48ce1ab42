import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { readOutcome, readStatus } from "../../src/actors/handlers/outcome-reading.ts";
import { findNonJson } from "../../src/actors/handlers/plain-json.ts";
import { classifyThrown } from "../../src/actors/handlers/thrown.ts";
import { SafepointError, TerminalError } from "../../src/errors.ts";
import { FAILURE_REASON_CHARS_MAX, NOTES_CHARS_MAX } from "../../src/limits.ts";

function outcomeOf(value: object) {
  const reading = readOutcome(value);
  if (!reading.ok) throw new Error(reading.problem);
  return reading.outcome;
}

function problemOf(value: object): string {
  const reading = readOutcome(value);
  return reading.ok ? "" : reading.problem;
}

describe("reading an outcome", () => {
  it("takes the specification's names and ours", () => {
    const expected = {
      status: "success",
      contextUpdates: { a: 1 },
      preferredLabel: "go",
      suggestedNextIds: ["x", "y"],
      notes: "n",
      failureReason: "r",
    };
    expect(outcomeOf(expected)).toEqual(expected);
    expect(
      outcomeOf({
        outcome: "succeeded",
        context_updates: { a: 1 },
        preferred_next_label: "go",
        suggested_next_ids: ["x", "y"],
        notes: "n",
        failure_reason: "r",
      }),
    ).toEqual(expected);
    expect(outcomeOf({ status: "SUCCESS", context: { a: 1 }, preferred_label: "go" })).toEqual({
      status: "success",
      contextUpdates: { a: 1 },
      preferredLabel: "go",
    });
  });

  it.each([
    ["succeeded", "success"],
    ["FAILED", "fail"],
    ["failure", "fail"],
    ["partially_succeeded", "partial_success"],
    [" needs-work ", "needs-work"],
    ["2nd", undefined],
    ["two words", undefined],
    ["", undefined],
    [true, undefined],
  ])("reads the status %j as %j", (written, status) => {
    expect(readStatus(written)).toBe(status);
  });

  it.each([
    [{}, /needs a `status`/],
    [{ status: "two words" }, /not "two words"/],
    [{ status: 7 }, /not a number/],
    [{ status: "success", contextUpdates: [1] }, /contextUpdates is an object/],
    [{ status: "success", contextUpdates: { a: { b: [1, new Date(0)] } } }, /contextUpdates\.a\.b\[1\] is a Date/],
    [{ status: "success", contextUpdates: { "a b": new Map() } }, /contextUpdates\["a b"\] is a Map/],
    [{ status: "success", contextUpdates: { a: undefined } }, /contextUpdates\.a is undefined/],
    [{ status: "success", contextUpdates: { a: Number.NaN } }, /contextUpdates\.a is NaN/],
    [{ status: "success", contextUpdates: { a: () => 1 } }, /contextUpdates\.a is a function/],
    [{ status: "success", contextUpdates: { a: 1n } }, /contextUpdates\.a is a bigint/],
    [{ status: "success", suggestedNextIds: "a" }, /suggestedNextIds is a list/],
    [{ status: "success", notes: 5 }, /notes is a text/],
    [{ status: "success", preferredLabel: {} }, /preferredLabel is a text/],
  ])("refuses %o", (value, problem) => {
    expect(problemOf(value)).toMatch(problem);
  });

  it("copies, so that what was given can change", () => {
    const given = { status: "success", contextUpdates: { list: [1] } };
    const outcome = outcomeOf(given);
    given.contextUpdates.list.push(2);
    expect(outcome.contextUpdates).toEqual({ list: [1] });
  });

  it("names parts that mean nothing, and bounds texts", () => {
    expect(readOutcome({ status: "success", contextUpdate: {} })).toMatchObject({ ignored: ["contextUpdate"] });
    const long = outcomeOf({ status: "fail", notes: "n".repeat(1e6), failureReason: "r".repeat(1e6) });
    expect(long.notes?.length).toBeLessThanOrEqual(NOTES_CHARS_MAX);
    expect(long.failureReason?.length).toBeLessThanOrEqual(FAILURE_REASON_CHARS_MAX);
    expect(long.failureReason).toMatch(/^r+\n… \d+ characters left out …\nr+$/);
  });
});

describe("plain JSON", () => {
  it("finds cycles and endless depth, and lets the same object appear twice", () => {
    const twice = { a: 1 };
    expect(findNonJson({ x: twice, y: twice }, "v")).toBeUndefined();
    const cycle: Record<string, unknown> = {};
    cycle["self"] = { cycle };
    expect(findNonJson(cycle, "v")).toBe("v.self.cycle is a cycle");
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(findNonJson(deep, "v")).toMatch(/nested deeper/);
  });

  it("takes plain objects of another realm, and not instances of a class", () => {
    expect(findNonJson(runInNewContext("({ a: [1, { b: null }] })"), "v")).toBeUndefined();
    expect(findNonJson({ a: new (class Point {})() }, "v")).toBe("v.a is a Point");
    expect(findNonJson({ [Symbol("s")]: 1 }, "v")).toMatch(/symbol/);
  });
});

describe("classifying what was thrown", () => {
  it("knows the errors of another copy of this package by name", () => {
    const foreign = Object.assign(new Error("later"), { name: "RetryableError", retryAfterMs: 250 });
    expect(classifyThrown(foreign)).toMatchObject({ failureClass: "transient", terminal: false, retryAfterMs: 250 });
    const terminal = Object.assign(new Error("never"), { name: "TerminalError" });
    expect(classifyThrown(terminal)).toMatchObject({ failureClass: "deterministic", terminal: true });
    expect(classifyThrown(new TerminalError("never"))).toMatchObject({ failureReason: "never", terminal: true });
  });

  it("takes any other error as one that may be tried again", () => {
    expect(classifyThrown(new TypeError("x"))).toMatchObject({
      name: "TypeError",
      failureReason: "x",
      failureClass: "deterministic",
      terminal: false,
    });
    expect(
      classifyThrown(Object.assign(new Error("x"), { name: "RetryableError", retryAfterMs: -1 })),
    ).not.toHaveProperty("retryAfterMs");
  });

  it("says something of anything", () => {
    expect(classifyThrown("text").failureReason).toBe("text");
    expect(classifyThrown(undefined).failureReason).toBe("undefined");
    expect(classifyThrown(null).failureReason).toBe("null");
    expect(classifyThrown({ message: "m" }).failureReason).toBe("m");
    expect(classifyThrown({ code: 7 }).failureReason).toBe('{"code":7}');
    expect(classifyThrown(new RangeError()).failureReason).toBe("RangeError without a message");
    const cause = new Error("disk full");
    expect(classifyThrown(new Error("not saved", { cause })).failureReason).toBe("not saved: caused by: disk full");
  });

  it("tries again after our errors that time may heal, and only after those", () => {
    expect(classifyThrown(new SafepointError("store_busy", "x"))).toMatchObject({
      failureClass: "transient",
      terminal: false,
    });
    expect(classifyThrown(new SafepointError("handler_invalid", "x"))).toMatchObject({
      name: "handler_invalid",
      terminal: true,
    });
  });
});
