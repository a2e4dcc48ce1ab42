import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSafepointError } from "../../src/errors.ts";
import { evaluateCondition, parseCondition, testsOf } from "../../src/graph/conditions.ts";
import { numberOf, readPath } from "../../src/graph/conditions-values.ts";
import type { JsonValue, RoutingOutcome } from "../../src/graph/outcome.ts";
import { NESTING_MAX } from "../../src/limits.ts";

type Context = Record<string, JsonValue>;

function holds(text: string, context: Context = {}, outcome: RoutingOutcome = { status: "success" }): boolean {
  return evaluateCondition(parseCondition(text), {
    outcome,
    read: (key) => (Object.hasOwn(context, key) ? context[key] : undefined),
  });
}

function refusal(text: string): { column: unknown; message: string } {
  try {
    parseCondition(text);
  } catch (thrown) {
    if (!isSafepointError(thrown)) throw thrown;
    expect(thrown.code).toBe("pipeline_invalid");
    return { column: thrown.details["column"], message: thrown.message };
  }
  throw new Error(`${JSON.stringify(text)} was accepted`);
}

describe("keys", () => {
  it("outcome and preferred_label come from the outcome, not from the context", () => {
    const outcome = { status: "fail", preferredLabel: "Fix it" };
    expect(holds("outcome=fail", { outcome: "success" }, outcome)).toBe(true);
    expect(holds('preferred_label="Fix it"', { preferred_label: "no" }, outcome)).toBe(true);
    expect(holds('preferred_next_label="Fix it"', {}, outcome)).toBe(true);
    expect(holds("preferred_label", {}, { status: "fail" })).toBe(false);
  });

  it("context.outcome is the context's own key", () => {
    expect(holds("context.outcome=fail", { outcome: "fail" })).toBe(true);
  });

  it("context.<path> finds the key with and without the prefix", () => {
    expect(holds("context.drift=true", { drift: "true" })).toBe(true);
    expect(holds("context.drift=true", { "context.drift": true })).toBe(true);
    expect(holds("drift=true", { drift: true })).toBe(true);
  });

  it("a whole key wins over a path into a shorter one", () => {
    expect(holds("a.b=1", { "a.b": 1, a: { b: 2 } })).toBe(true);
    expect(holds("a.b.c=3", { "a.b": { c: 3 }, a: { b: { c: 4 } } })).toBe(true);
  });

  it("dotted paths go into objects and lists, and never into what they inherit", () => {
    const context = { review: { files: [{ name: "x.ts" }, { name: "y.ts" }] } };
    expect(holds("context.review.files.1.name=y.ts", context)).toBe(true);
    expect(holds("review.files.2.name", context)).toBe(false);
    expect(holds("review.files.length", context)).toBe(false);
    expect(holds("review.constructor", context)).toBe(false);
    expect(holds("review.__proto__", context)).toBe(false);
  });

  it("a path whose long prefix leads nowhere is looked for under a shorter one", () => {
    expect(readPath("a.b.c", (key) => ({ "a.b": "text", a: { b: { c: 7 } } })[key])).toBe(7);
  });

  it("a missing key is the empty text", () => {
    expect(holds('gone=""')).toBe(true);
    expect(holds("gone=x")).toBe(false);
    expect(holds("gone!=x")).toBe(true);
    expect(holds("gone")).toBe(false);
    expect(holds("gone contains x")).toBe(false);
  });

  it("keys may be hyphenated, Unicode and begin like an operator", () => {
    expect(
      holds("my-key=1 && größe=2 && contains=3 && matches_all=4", {
        "my-key": 1,
        größe: 2,
        contains: 3,
        matches_all: 4,
      }),
    ).toBe(true);
  });
});

describe("operators", () => {
  it.each([
    ["n = 2", true],
    ["n == 2.0", true],
    ["n != 2", false],
    ["n < 10", true],
    ["n <= 2", true],
    ["n > 10", false],
    ["n >= 2", true],
    ["word < b", true],
    ["word > b", false],
  ])("%s is %s", (text, expected) => {
    expect(holds(text, { n: "2", word: "a" })).toBe(expected);
  });

  it("numbers compare as numbers only when both are", () => {
    expect(holds("n > 9", { n: 10 })).toBe(true);
    expect(holds("n > 9", { n: "10" })).toBe(true);
    expect(holds("n > 9x", { n: "10" })).toBe(false);
    expect(holds("n = 0x10", { n: 16 })).toBe(false);
    expect(numberOf("Infinity")).toBeUndefined();
    expect(numberOf(" -1.5e3 ")).toBe(-1500);
    expect(numberOf("")).toBeUndefined();
  });

  it("a quoted literal compares with a text as text", () => {
    expect(holds('version = "1.10"', { version: "1.1" })).toBe(false);
    expect(holds("version = 1.10", { version: "1.1" })).toBe(true);
    expect(holds('count = "2.0"', { count: 2 })).toBe(true);
  });

  it("contains looks into a text and among the elements of a list", () => {
    expect(holds("log contains panic", { log: "a panic here" })).toBe(true);
    expect(holds("tags contains red", { tags: ["blue", "red"] })).toBe(true);
    expect(holds("tags contains re", { tags: ["blue", "red"] })).toBe(false);
    expect(holds("tags contains 2", { tags: [1, 2] })).toBe(true);
  });

  it("matches is unanchored and keeps backslashes", () => {
    expect(holds('log matches "err\\d+"', { log: "an err42 here" })).toBe(true);
    expect(holds('log matches "^err\\d+$"', { log: "an err42 here" })).toBe(false);
    expect(holds("log matches err.2", { log: "err42" })).toBe(true);
    expect(holds("n matches ^4", { n: 42 })).toBe(true);
  });

  it("no pattern may hang: nested quantifiers over a million characters", () => {
    const long = "a".repeat(1_000_000);
    for (const pattern of ["(a+)+b", "(a|aa)+b", "(a*)*b", "([a-z]{100}){9}b"]) {
      expect(holds(`log matches "${pattern}"`, { log: long })).toBe(false);
    }
  });

  it("matches looks at the first million characters only", () => {
    expect(holds("log matches b", { log: `${"a".repeat(999_999)}b` })).toBe(true);
    expect(holds("log matches b", { log: `${"a".repeat(1_000_000)}b` })).toBe(false);
  });

  it("a bare key asks for something that is there and not false", () => {
    const context = {
      yes: true,
      no: false,
      zero: 0,
      text: "no",
      empty: "",
      falseText: "false",
      zeroText: "0",
      none: null,
      list: [],
      full: [0],
    };
    expect(["yes", "text", "full"].filter((key) => !holds(key, context))).toEqual([]);
    expect(
      ["no", "zero", "empty", "falseText", "zeroText", "none", "list"].filter((key) => holds(key, context)),
    ).toEqual([]);
  });

  it("true and false stand for themselves", () => {
    expect([holds("true"), holds("false"), holds("!false"), holds("true", { true: false })]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});

describe("outcome words", () => {
  it.each([
    ["succeeded", "success"],
    ["failed", "fail"],
    ["failure", "fail"],
    ["partially_succeeded", "partial_success"],
    ["FAILED", "fail"],
    ["needs_dod", "needs_dod"],
  ])("outcome=%s asks for %s", (word, status) => {
    expect(holds(`outcome=${word}`, {}, { status })).toBe(true);
    expect(holds(`outcome!="${word}"`, {}, { status })).toBe(false);
  });

  it("aliases are for the outcome alone", () => {
    expect(holds("context.state=failed", { state: "failed" })).toBe(true);
    expect(holds("context.state=failed", { state: "fail" })).toBe(false);
  });
});

describe("structure", () => {
  it("&& binds tighter than ||, ! tightest and over a whole comparison", () => {
    expect(holds("a=1 || b=1 && c=1", { a: 1 })).toBe(true);
    expect(holds("(a=1 || b=1) && c=1", { a: 1 })).toBe(false);
    expect(holds("!a=1 && c", { a: 2, c: true })).toBe(true);
    expect(holds("!(a=1 || c)", { a: 1 })).toBe(false);
    expect(holds("!!a", { a: true })).toBe(true);
  });

  it("blanks may stand anywhere and nowhere", () => {
    const context = { "context.failure_class": "transient_infra" };
    const outcome = { status: "fail" };
    for (const text of [
      "outcome=fail&&context.failure_class=transient_infra",
      "  outcome  =  fail\n&&\tcontext.failure_class = transient_infra  ",
    ]) {
      expect(holds(text, context, outcome)).toBe(true);
    }
  });

  it("quoted literals hold anything; quotes and backslashes are escaped", () => {
    expect(holds(`a="x && (y) = 'z'"`, { a: "x && (y) = 'z'" })).toBe(true);
    expect(holds(`a='say "hi"'`, { a: 'say "hi"' })).toBe(true);
    expect(holds(String.raw`a="say \"hi\" \\ \d"`, { a: String.raw`say "hi" \ \d` })).toBe(true);
    expect(holds(String.raw`a="ends with \\"`, { a: "ends with \\" })).toBe(true);
  });

  it("lists the tests of a condition in order", () => {
    const tests = testsOf(parseCondition("outcome=failed && !(context.a > 3 || b) && true"));
    expect(tests.map((test) => [test.key, test.operator, test.literal, test.column])).toEqual([
      ["outcome", "=", "fail", 1],
      ["context.a", ">", "3", 21],
      ["b", "truthy", "", 38],
    ]);
  });

  it("is parsed once per text", () => {
    expect(parseCondition("outcome=once")).toBe(parseCondition("outcome=once"));
  });

  it("keeps a bounded number of parsed texts", () => {
    const first = parseCondition("k=first");
    for (let n = 0; n < 3000; n += 1) parseCondition(`k=${n}`);
    expect(parseCondition("k=first")).not.toBe(first);
  });
});

describe("refusals name the column", () => {
  it.each([
    ["", 1, "expected a key"],
    ["   ", 4, "expected a key"],
    ["outcome=", 9, "expected a value"],
    ["outcome=success &", 17, 'write "&&"'],
    ["outcome=success & a=b", 17, 'write "&&"'],
    ["outcome=success and a=b", 17, 'write "&&"'],
    ["a=1 | b=2", 5, 'write "||"'],
    ["a=hello world", 9, "quote a value"],
    ["a=b=c", 4, "quote a value"],
    ["(a=1", 5, 'expected ")"'],
    ["a=1)", 4, "the end"],
    ["a=1 &&", 7, "expected a key"],
    ['a="open', 3, "expected a closing"],
    ["=success", 1, "expected a key"],
    ["!", 2, "expected a key"],
    ["context.=1", 1, "expected a key"],
    ["a..b=1", 1, "expected a key"],
    ['a matches "("', 11, "regular expression"],
    ['a matches "(?=x)"', 11, "regular expression"],
    ["a ! b", 3, '"!"'],
  ])("%j at %i", (text, column, words) => {
    const refused = refusal(text);
    expect(refused.column).toBe(column);
    expect(refused.message).toContain(words);
  });

  it("nesting is bounded, chains are not", () => {
    expect(refusal(`${"(".repeat(NESTING_MAX + 1)}a`).column).toBe(NESTING_MAX + 2);
    expect(refusal("!".repeat(100_000)).message).toContain("nest");
    expect(holds(`${"(".repeat(NESTING_MAX)}true${")".repeat(NESTING_MAX)}`)).toBe(true);
    expect(holds(Array.from({ length: 20_000 }, () => "true").join("&&"))).toBe(true);
  });

  it("an over-long pattern is refused", () => {
    expect(refusal(`a matches "${"x".repeat(2_001)}"`).message).toContain("at most 2000");
  });
});

it("any text is a condition or a refusal, and evaluating never throws", () => {
  const piece = fc.constantFrom(
    "outcome",
    "context.a.b",
    "=",
    "!=",
    "<",
    "matches",
    " contains ",
    "(",
    ")",
    "!",
    "&&",
    "||",
    '"x"',
    "'",
    "a+",
    " ",
    "1.5",
    "\\",
    "é",
    "\u{1F600}",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.array(piece).map((parts) => parts.join("")),
      ),
      fc.jsonValue(),
      (text, value) => {
        try {
          const condition = parseCondition(text);
          const scope = { outcome: { status: "fail" }, read: () => value as JsonValue };
          expect(evaluateCondition(condition, scope)).toBe(evaluateCondition(condition, scope));
        } catch (thrown) {
          if (!isSafepointError(thrown)) throw thrown;
          expect(thrown.details["column"]).toBeGreaterThanOrEqual(1);
          expect(thrown.details["column"]).toBeLessThanOrEqual(text.length + 1);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

it("a negation is the opposite of what it negates", () => {
  const test = fc.tuple(
    fc.constantFrom("a", "b", "outcome"),
    fc.constantFrom("=", "!=", "<", ">=", "contains"),
    fc.constantFrom("1", "x", "success"),
  );
  fc.assert(
    fc.property(test, fc.jsonValue(), ([key, operator, literal], value) => {
      const text = `${key} ${operator} ${literal}`;
      const context = { a: value as JsonValue, b: "1" };
      expect(holds(`!(${text})`, context)).toBe(!holds(text, context));
    }),
  );
});
