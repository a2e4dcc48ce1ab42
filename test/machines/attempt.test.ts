import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RETRY_PRESETS } from "../../src/graph/settings.ts";
import {
  type AttemptVerdict,
  backoffDelayMs,
  classifyFailure,
  decideAttempt,
  unitHash,
} from "../../src/machines/attempt.ts";
import type { AbortReason, ExecutionEnd, StageLimits } from "../../src/machines/protocol.ts";

const threw: ExecutionEnd = { outcome: { status: "fail" }, thrown: { terminal: false, transient: false } };
const gaveUp: ExecutionEnd = { outcome: { status: "fail" }, thrown: { terminal: true, transient: false } };
const ended = (status: string): ExecutionEnd => ({ outcome: { status } });
const limits = (more: Partial<StageLimits> = {}): StageLimits => ({ attempts: 3, onInterrupt: "retry", ...more });

type Case = readonly [
  ExecutionEnd,
  Partial<StageLimits>,
  AbortReason | null,
  first: AttemptVerdict,
  last: AttemptVerdict,
];

/** What an end comes to at the first of three attempts and at the last. */
const cases: Readonly<Record<string, Case>> = {
  success: [ended("success"), {}, null, "succeed", "succeed"],
  "partial success": [ended("partial_success"), {}, null, "succeed", "succeed"],
  "a word of its own": [ended("shipped"), {}, null, "succeed", "succeed"],
  skipped: [ended("skipped"), {}, null, "skip", "skip"],
  retry: [ended("retry"), {}, null, "retry", "fail"],
  "retry with partial allowed": [ended("retry"), { allowPartial: true }, null, "retry", "partial"],
  "retry where it is a word": [ended("retry"), { retryIsWord: true }, null, "succeed", "succeed"],
  fail: [ended("fail"), {}, null, "fail", "fail"],
  "fail with partial allowed and no retries": [ended("fail"), { allowPartial: true }, null, "fail", "fail"],
  "fail that is retried": [ended("fail"), { retryOnFail: true }, null, "retry", "fail"],
  "fail that is retried, partial allowed": [
    ended("fail"),
    { retryOnFail: true, allowPartial: true },
    null,
    "retry",
    "partial",
  ],
  "a throw": [threw, {}, null, "retry", "fail"],
  "a throw with partial allowed": [threw, { allowPartial: true }, null, "retry", "partial"],
  "a terminal throw": [gaveUp, { retryOnFail: true, allowPartial: true }, null, "fail", "fail"],
  "timed out, whatever was said": [ended("success"), {}, "timeout", "retry", "fail"],
  "timed out and threw for good": [gaveUp, {}, "timeout", "retry", "fail"],
  "cancelled, whatever was said": [ended("success"), {}, "cancel", "cancel", "cancel"],
  "cancelled and threw": [threw, {}, "cancel", "cancel", "cancel"],
  "success on a pause": [ended("success"), {}, "pause", "succeed", "succeed"],
  "partial success on a pause": [ended("partial_success"), {}, "pause", "succeed", "succeed"],
  "skipped on a pause": [ended("skipped"), {}, "pause", "skip", "skip"],
  "a word of its own on a pause": [ended("shipped"), {}, "pause", "succeed", "succeed"],
  "fail on a pause": [ended("fail"), { retryOnFail: true }, "pause", "interrupt", "interrupt"],
  "retry on a pause": [ended("retry"), {}, "pause", "interrupt", "interrupt"],
  "retry on a pause where it is a word": [ended("retry"), { retryIsWord: true }, "pause", "succeed", "succeed"],
  "a throw on a pause": [threw, {}, "pause", "interrupt", "interrupt"],
  "a terminal throw on a pause": [gaveUp, {}, "pause", "interrupt", "interrupt"],
  "a throw on a shutdown": [threw, {}, "shutdown", "interrupt", "interrupt"],
  "success on a shutdown": [ended("success"), {}, "shutdown", "succeed", "succeed"],
};

describe("decideAttempt", () => {
  it.each(Object.entries(cases))("%s", (_, [end, more, abort, first, last]) => {
    expect(decideAttempt({ end, attempt: 1, limits: limits(more), abort })).toBe(first);
    expect(decideAttempt({ end, attempt: 3, limits: limits(more), abort })).toBe(last);
  });

  it("never retries beyond the limit, and never interrupts or cancels without a signal", () => {
    const status = fc.constantFrom("success", "partial_success", "fail", "retry", "skipped", "odd");
    const facts = fc.record({
      end: fc.record(
        { outcome: fc.record({ status }), thrown: fc.record({ terminal: fc.boolean(), transient: fc.boolean() }) },
        { requiredKeys: ["outcome"] },
      ),
      attempt: fc.integer({ min: 1, max: 6 }),
      limits: fc.record({
        attempts: fc.integer({ min: 1, max: 5 }),
        retryOnFail: fc.boolean(),
        retryIsWord: fc.boolean(),
        allowPartial: fc.boolean(),
        onInterrupt: fc.constant("retry" as const),
      }),
      abort: fc.constantFrom(null, "pause", "cancel", "timeout", "shutdown"),
    });
    fc.assert(
      fc.property(facts, (given) => {
        const verdict = decideAttempt(given);
        if (given.attempt >= given.limits.attempts) expect(verdict).not.toBe("retry");
        if (verdict === "interrupt") expect(["pause", "shutdown"]).toContain(given.abort);
        expect(verdict === "cancel").toBe(given.abort === "cancel");
        if (verdict === "partial") expect(given.limits.allowPartial).toBe(true);
      }),
    );
  });
});

describe("classifyFailure", () => {
  it("calls transient what may pass: time-outs and what the handler says is so", () => {
    const lost = { outcome: { status: "fail" }, thrown: { terminal: false, transient: true } };
    expect(classifyFailure(lost, null)).toBe("transient");
    expect(classifyFailure(ended("fail"), "timeout")).toBe("transient");
    expect(classifyFailure(threw, null)).toBe("deterministic");
    expect(classifyFailure(ended("fail"), "pause")).toBe("deterministic");
  });
});

describe("backoffDelayMs", () => {
  const presetOf = (name: string) => RETRY_PRESETS.get(name as never)?.backoff;
  const plain = (name: string) => ({ ...(presetOf(name) as NonNullable<ReturnType<typeof presetOf>>), jitter: false });

  it.each([
    ["standard", [200, 400, 800, 1_600]],
    ["aggressive", [500, 1_000, 2_000, 4_000]],
    ["linear", [500, 500]],
    ["patient", [2_000, 6_000]],
  ] as const)("%s waits %j before jitter", (name, delays) => {
    expect(delays.map((_, at) => backoffDelayMs(plain(name), at + 1, "seed"))).toEqual(delays);
  });

  it("is none without a back-off and never beyond its maximum", () => {
    expect(backoffDelayMs(undefined, 3, "seed")).toBe(0);
    expect(backoffDelayMs(plain("standard"), 40, "seed")).toBe(60_000);
    expect(backoffDelayMs({ ...plain("standard"), jitter: true }, 2_000, "seed")).toBeLessThanOrEqual(90_000);
  });

  it("has a jitter of a half to one and a half, the same for the same stage and attempt", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 30 }), (seed, attempt) => {
        const exact = backoffDelayMs(plain("patient"), attempt, seed);
        const delay = backoffDelayMs({ ...plain("patient"), jitter: true }, attempt, seed);
        expect(delay).toBeGreaterThanOrEqual(Math.floor(exact * 0.5));
        expect(delay).toBeLessThanOrEqual(Math.ceil(exact * 1.5));
        expect(backoffDelayMs({ ...plain("patient"), jitter: true }, attempt, seed)).toBe(delay);
      }),
    );
  });

  it("spreads stages and attempts", () => {
    const delays = new Set<number>();
    for (let at = 0; at < 200; at += 1) delays.add(backoffDelayMs(presetOf("patient"), 1, `run:main/work@${at}`));
    expect(delays.size).toBeGreaterThan(100);
    const perAttempt = [1, 2, 3].map((attempt) => unitHash(`run:main/work@1#${attempt}`));
    expect(new Set(perAttempt).size).toBe(3);
  });

  it("hashes to at least 0 and less than 1, as FNV-1a does", () => {
    expect(unitHash("")).toBe(0x811c9dc5 / 2 ** 32);
    expect(unitHash("a")).toBe(0xe40c292c / 2 ** 32);
    fc.assert(fc.property(fc.string(), (text) => unitHash(text) >= 0 && unitHash(text) < 1));
  });
});
