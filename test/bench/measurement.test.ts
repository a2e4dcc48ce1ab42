import { describe, expect, it } from "vitest";
import {
  describeTarget,
  formatNumber,
  judge,
  median,
  percentile,
  summarise,
  summariseLatency,
} from "../../bench/measurement.ts";
import { exitCodeOf, missedTargets, type Report, renderPart } from "../../bench/report.ts";

describe("a measurement", () => {
  it.each([
    [{ atLeast: 0.35 }, 0.35, "ok"],
    [{ atLeast: 0.35 }, 0.349, "MISSED"],
    [{ atMost: 1.3 }, 1.3, "ok"],
    [{ atMost: 1.3 }, 1.31, "MISSED"],
    [{ atMost: 1.3 }, Number.NaN, "MISSED"],
    [undefined, 5, ""],
  ] as const)("with target %o and value %d is judged %s", (target, value, verdict) => {
    expect(judge({ what: "it", value, unit: "×", ...(target ? { target } : {}) })).toBe(verdict);
  });

  it("is the median with the lowest and the highest", () => {
    expect(summarise("it", [5, 1, 9], { unit: "ms" })).toEqual({
      what: "it",
      value: 5,
      unit: "ms",
      spread: [1, 9],
      rounds: 3,
    });
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it("is shown short", () => {
    expect([1234.5, 999.94, 0.012345, 2, Number.NaN].map(formatNumber)).toEqual(["1,235", "1000", "0.0123", "2", "–"]);
    expect([describeTarget({ atLeast: 8000 }), describeTarget({ atMost: 1.3 })]).toEqual(["≥ 8,000", "≤ 1.3"]);
  });
});

describe("a report", () => {
  const part = { scenario: "stages", part: "one run", loadBefore: 0.5 };
  const measured = (value: number) => [{ what: "ratio", value, unit: "×", target: { atLeast: 0.35 } }];
  const report = (value: number, failure?: string): Report => ({
    at: "",
    size: "tiny",
    machine: { node: "", sqlite: "", cpu: "", cpus: 1 },
    parts: [{ ...part, measurements: measured(value), ...(failure === undefined ? {} : { failure }) }],
  });

  it("fails for a missed target only when asked to", () => {
    expect(exitCodeOf(report(0.1), { check: false })).toBe(0);
    expect(exitCodeOf(report(0.1), { check: true })).toBe(1);
    expect(exitCodeOf(report(0.4), { check: true })).toBe(0);
  });

  it("fails for a part without numbers always", () => {
    expect(exitCodeOf(report(0.4, "its process ended with code 1"), { check: false })).toBe(1);
  });

  it("names what was missed", () => {
    expect(missedTargets(report(0.1))).toEqual(["stages: one run: ratio 0.1 ×, target ≥ 0.35"]);
  });

  it("has a line a measurement, columns aligned", () => {
    const lines = renderPart({ ...part, measurements: [...measured(0.5), ...measured(0.25)] })
      .trimEnd()
      .split("\n");
    expect(lines[0]).toBe("stages: one run (load 0.5)");
    expect(lines[2]).toMatch(/^ {2}ratio +0\.5 {2}× +≥ 0\.35 {2}ok$/);
    expect(lines[3]).toMatch(/^ {2}ratio +0\.25 {2}× +≥ 0\.35 {2}MISSED$/);
    expect(lines[3]?.indexOf("≥")).toBe(lines[2]?.indexOf("≥"));
  });
});

describe("a percentile", () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => count - index);

  it.each([
    [upTo(100), 99, 99],
    [upTo(1000), 99, 990],
    [upTo(50), 99, 50],
    [upTo(4), 50, 2],
    [[7], 99, 7],
  ])("of %o at %i is one of the samples", (samples, percent, expected) => {
    expect(percentile(samples, percent)).toBe(expected);
  });

  it("of nothing is no number, and misses its target", () => {
    expect(percentile([], 99)).toBeNaN();
    expect(summariseLatency("a pause", [], 20).map(judge)).toEqual(["", "MISSED"]);
  });

  it("is what the target of a latency is about, not the median", () => {
    const samples = [...Array.from({ length: 98 }, () => 1), 30, 40];
    const [middle, late] = summariseLatency("a pause", samples, 20);
    expect(middle).toMatchObject({ what: "a pause", value: 1, unit: "ms" });
    expect(middle).not.toHaveProperty("target");
    expect(late).toMatchObject({ what: "a pause, p99", value: 30, spread: [1, 40], rounds: 100 });
    expect([middle, late].map((one) => one && judge(one))).toEqual(["", "MISSED"]);
  });
});
