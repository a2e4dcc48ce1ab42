import { describe, expect, it } from "vitest";
import { type Question, readAnswer } from "../../src/actors/gates/read-answer.ts";
import type { JsonValue } from "../../src/graph/index.ts";
import { INLINE_VALUE_BYTES_MAX } from "../../src/limits.ts";

const OPTIONS = [
  { key: "Y", label: "[Y] Yes", to: "ship" },
  { key: "N", label: "[N] No", to: "stop" },
];
const question = (kind: Question["kind"], options: Question["options"] = OPTIONS): Question => {
  return { gate: "g", kind, purpose: "gate", text: "Ship it?", options };
};
const choiceOf = (asked: Question, answer: JsonValue) => {
  const reading = readAnswer(asked, answer);
  return reading.ok ? reading.choice : `refused: ${reading.problem}`;
};

describe("a choice", () => {
  it.each(["y", "Y", " yes ", "[Y] Yes", "ship"])("is found by key, label or target: %s", (answer) => {
    const reading = readAnswer(question("multiple_choice"), answer);
    expect(reading).toMatchObject({
      ok: true,
      choice: "Y",
      outcome: {
        status: "success",
        preferredLabel: "[Y] Yes",
        suggestedNextIds: ["ship"],
        contextUpdates: { "human.gate.selected": "Y", "human.gate.label": "Yes" },
      },
    });
  });

  it.each(["perhaps", "", 1, null, ["Y"], { key: "Y" }] as JsonValue[])("is no other thing: %j", (answer) => {
    expect(readAnswer(question("multiple_choice"), answer)).toEqual({
      ok: false,
      problem: "expected one of Y ([Y] Yes), N ([N] No)",
    });
  });

  it("by a key goes before one by a label", () => {
    const options = [
      { key: "N", label: "Y", to: "a" },
      { key: "Y", label: "N", to: "b" },
    ];
    expect(readAnswer(question("multiple_choice", options), "Y")).toMatchObject({
      outcome: { suggestedNextIds: ["b"] },
    });
  });
});

describe("consent", () => {
  it.each([
    [true, "Y"],
    [false, "N"],
    ["yes", "Y"],
    ["n", "N"],
    ["stop", "N"],
  ] as const)("%j is %s", (answer, choice) => {
    expect(choiceOf(question("yes_no"), answer)).toBe(choice);
    expect(choiceOf(question("confirmation"), answer)).toBe(choice);
  });

  it("takes yes for the first option and no for the second, where the labels say neither", () => {
    const options = [
      { key: "S", label: "Ship", to: "ship" },
      { key: "A", label: "Abandon", to: "stop" },
    ];
    expect(choiceOf(question("confirmation", options), true)).toBe("S");
    expect(choiceOf(question("confirmation", options), "no")).toBe("A");
  });

  it("with one option can only be given", () => {
    const [only] = OPTIONS;
    const asked = question("confirmation", only ? [only] : []);
    expect(choiceOf(asked, "ok")).toBe("Y");
    expect(choiceOf(asked, false)).toBe("refused: expected the answer Y ([Y] Yes)");
  });

  it("without options is kept as what was said", () => {
    expect(choiceOf(question("yes_no", []), false)).toBe("no");
    expect(choiceOf(question("yes_no", []), "maybe")).toBe("refused: expected yes or no");
  });
});

describe("several choices", () => {
  const many = question("multi_select", [...OPTIONS, { key: "L", label: "Later", to: "later" }]);

  it.each([[["L", "y"]], ["later, Yes"], [["Y", "L", "Y"]]] as JsonValue[][])(
    "come in the order of the options, each once: %j",
    (answer) => {
      expect(readAnswer(many, answer as JsonValue)).toMatchObject({
        ok: true,
        choice: "Y,L",
        outcome: { suggestedNextIds: ["ship"], contextUpdates: { "human.gate.selection": ["Yes", "Later"] } },
      });
    },
  );

  it.each([[[]], [""], [["Y", "nobody"]], [7]] as JsonValue[][])("are at least one, and all known: %j", (answer) => {
    expect(choiceOf(many, answer as JsonValue)).toMatch(/^refused: expected one or more of Y/);
  });
});

describe("a text", () => {
  it("is kept as it is", () => {
    expect(readAnswer(question("freeform", []), " as it is ")).toMatchObject({
      choice: " as it is ",
      outcome: { contextUpdates: { "human.gate.text": " as it is " } },
    });
  });

  it.each(["", "  ", 3, ["a"], null] as JsonValue[])("is a text and says something: %j", (answer) => {
    expect(choiceOf(question("freeform", []), answer)).toBe("refused: expected a text");
  });

  it("has its limit", () => {
    expect(choiceOf(question("freeform"), "x".repeat(INLINE_VALUE_BYTES_MAX))).not.toMatch(/^refused/);
    expect(choiceOf(question("freeform"), "é".repeat(INLINE_VALUE_BYTES_MAX))).toMatch(
      /^refused: .*at most 65536 bytes/,
    );
  });
});

describe("the verdict on an execution whose outcome is unknown", () => {
  const lost: Question = { ...question("multiple_choice"), purpose: "interrupted" };

  it.each([
    ["retry", "retry", "success"],
    ["R", "retry", "success"],
    ["done", "done", "success"],
    ["done: approved", "done", "approved"],
    ["done:skipped", "done", "skipped"],
    ["done:fail", "fail", "fail"],
    ["F", "fail", "fail"],
  ])("%s is %s, %s", (answer, choice, status) => {
    expect(readAnswer(lost, answer)).toMatchObject({ ok: true, choice, outcome: { status } });
  });

  it.each(["yes", true, "done:", "done:retry", "done:No Such Word", "Y", null] as JsonValue[])(
    "is not %j",
    (answer) => {
      expect(choiceOf(lost, answer)).toMatch(/^refused: expected retry, fail, done/);
    },
  );
});
