/** Questions at the terminal: what is shown, what keys do, and that no key answers a question it was not meant for. */
import { beforeEach, describe, expect, it } from "vitest";
import type { AskedGate } from "../../src/cli/follow/gate-answers.ts";
import { formatLine } from "../../src/cli/follow/painter.ts";
import { ConsoleGates } from "../../src/cli/follow/prompt/console-gates.ts";
import { EMPTY_LINE, editLine } from "../../src/cli/follow/prompt/edit-line.ts";
import { createKeyReader } from "../../src/cli/follow/prompt/keys.ts";
import { renderPrompt } from "../../src/cli/follow/prompt/render-prompt.ts";
import type { Line, Screen } from "../../src/cli/follow/render-tree.ts";
import type { JsonValue } from "../../src/graph/index.ts";
import type { ControlResult } from "../../src/runtime/api.ts";
import { fakeKeyboard } from "./fake-io.ts";

type Question = AskedGate["question"];

function asked(node: string, changes: Partial<Question> = {}): AskedGate {
  const gate = `main/${node}@1`;
  const options = [
    { key: "Y", label: "[Y] Yes", to: "ship" },
    { key: "N", label: "[N] No", to: "hold" },
  ];
  const question: Question = { gate, kind: "multiple_choice", purpose: "gate", text: `${node}?`, options, ...changes };
  return { gate, stage: gate, question };
}

const typedLine = (...pieces: readonly string[]) => {
  const read = createKeyReader();
  return pieces.flatMap(read).reduce(editLine, EMPTY_LINE);
};

describe("the line that is typed", () => {
  it.each([
    ["yes", "yes", ""],
    ["yess\u007f", "yes", ""],
    ["a b c\u0017", "a b ", ""],
    ["abc\u0015x", "x", ""],
    ["ac\u001b[Db", "ab", "c"],
    ["bc\u0001a\u0005d", "abcd", ""],
    ["ab\u001b[D\u001b[3~", "a", ""],
    ["\u001b[A\u001b[5~x", "x", ""],
    ["né🙂\u007f\u007fo", "no", ""],
    ["ab\u001b", "", ""],
  ])("%j", (keys, before, after) => {
    expect(typedLine(keys)).toEqual({ before, after });
  });

  it("takes what is pasted as text, line ends included, also in pieces", () => {
    const pieces = ["\u001b[200~one\r\ntw", "o\tx\u0003", "\u001b[201~!"];
    expect(typedLine(...pieces)).toEqual({ before: "one\ntwo\tx\u0003!", after: "" });
    const keys = pieces.flatMap(createKeyReader());
    expect(keys.map(({ kind }) => kind)).toEqual(["text", "text"]);
  });

  it("does not grow without end", () => {
    expect(typedLine("x".repeat(20_000))).toEqual(EMPTY_LINE);
  });
});

describe("the prompt", () => {
  const lines = (changes: Partial<Parameters<typeof renderPrompt>[0]> = {}, columns = 80) =>
    renderPrompt(
      { asked: asked("ask"), typed: EMPTY_LINE, deadline: undefined, open: 1, isSending: false, ...changes },
      { columns, now: 0 },
    ).map((line) => formatLine(line, false));

  it("shows question, options with keys and targets, the deadline with what happens then, and what typing means", () => {
    const gate = asked("ask", { defaultChoice: "N" });
    expect(lines({ asked: gate, deadline: 61_000, typed: { before: "y", after: "" } })).toEqual([
      "",
      "? ask?  ask",
      "  [Y] Yes  → ship",
      "  [N] No  → hold",
      "  in 1m 01s the answer is No",
      "  > y▏  Yes",
      "  Enter answers · Ctrl-C pauses and leaves",
    ]);
  });

  it("says that a deadline stands still, and that without a default the stage is tried again", () => {
    expect(lines({ deadline: "stands" })[4]).toMatch(/stands still while the run is paused; then the stage is tried/);
  });

  it("says how many questions are open, and what was wrong with the last answer", () => {
    expect(lines({ open: 3 })[1]).toBe("? ask?  ask, 2 more questions open");
    expect(lines({ open: 2 }).at(-1)).toContain("Tab: next question");
    expect(lines({ problem: "expected one of Y, N" }).at(-1)).toBe("  expected one of Y, N");
  });

  it("lets no question act on the terminal, and keeps the caret in sight of long answers", () => {
    const evil = asked("ask", { text: "a\u001b[2Jb\nc", kind: "freeform", options: [] });
    const shown = lines({ asked: evil, typed: { before: `${"x".repeat(200)}\nend`, after: "" } }, 40);
    expect(shown[1]).toMatch(/^\? ab c/);
    expect(shown[2]).toMatch(/^ {2}> …x+⏎end▏$/);
    expect(shown[2]!.length).toBeLessThanOrEqual(39);
  });

  it("names several choices, in the order of the options", () => {
    const gate = asked("ask", { kind: "multi_select" });
    expect(lines({ asked: gate, typed: { before: "n, y", after: "" } })[4]).toBe("  > n, y▏  Yes, No");
    expect(lines({ asked: gate, typed: { before: "n, q", after: "" } })[4]).toBe("  > n, q▏  ?");
  });
});

describe("open questions", () => {
  let now: number;
  let given: [string, JsonValue][];
  let notes: string[];
  let interrupts: number;
  let shown: readonly string[];
  let answer: (gate: string) => Promise<ControlResult>;
  let keyboard: ReturnType<typeof fakeKeyboard>;
  let gates: ConsoleGates;
  const accepted = { accepted: true } as ControlResult;
  const screen: Screen = { columns: 80, rows: 24, now: 0 };

  beforeEach(() => {
    now = 1_000;
    given = [];
    notes = [];
    interrupts = 0;
    shown = [];
    answer = async () => accepted;
    keyboard = fakeKeyboard();
    gates = new ConsoleGates({
      io: { keyboard, now: () => now },
      display: {
        canPrompt: true,
        prompt: (render?: (screen: Screen) => readonly Line[]) => {
          shown = render ? render(screen).map((line) => formatLine(line, false)) : [];
        },
        note: (text) => notes.push(text),
      },
      run: () => ({
        answer: (gate, value) => {
          given.push([gate, value]);
          return answer(gate);
        },
      }),
      deadlineOf: () => undefined,
      interrupt: () => (interrupts += 1),
    });
  });

  /** Asks, and lets the moment pass in which keys are not ours yet. */
  const ask = (gate: AskedGate) => {
    expect(gates.ask(gate)).toBe(true);
    now += 1_000;
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  it("are answered with Enter, one after another, and then the keys are given back", async () => {
    ask(asked("one"));
    ask(asked("two"));
    expect(shown[1]).toBe("? one?  one, 1 more question open");
    keyboard.type("y\r");
    await settle();
    expect(shown[1]).toBe("? two?  two");
    keyboard.type("hold");
    expect(given).toEqual([["main/one@1", "y"]]);
    keyboard.type("\r");
    await settle();
    expect(given).toEqual([
      ["main/one@1", "y"],
      ["main/two@1", "hold"],
    ]);
    expect(notes).toEqual(["one: one? Yes", "two: two? No"]);
    expect(keyboard.takers).toBe(0);
    expect(shown).toEqual([]);
  });

  it("Enter with nothing typed answers nothing, not even the default", async () => {
    ask(asked("one", { defaultChoice: "Y" }));
    keyboard.type("\r \r");
    await settle();
    expect(given).toEqual([]);
  });

  it("what fits no option is not sent, and says what would", async () => {
    ask(asked("one"));
    keyboard.type("perhaps\r");
    await settle();
    expect(given).toEqual([]);
    expect(shown.at(-1)).toContain("expected one of Y");
    keyboard.type("\u0015");
    expect(shown.at(-1)).toContain("Enter answers");
  });

  it("what was typed for a question that somebody else answered does not go to the next", async () => {
    ask(asked("one"));
    ask(asked("two"));
    keyboard.type("y");
    gates.close("main/one@1");
    keyboard.type("\ry\r");
    await settle();
    expect(given).toEqual([]);
    now += 1_000;
    keyboard.type("n\r");
    await settle();
    expect(given).toEqual([["main/two@1", "n"]]);
  });

  it("what was typed before anything was asked answers nothing", async () => {
    gates.ask(asked("one"));
    keyboard.type("y\r");
    await settle();
    expect(given).toEqual([]);
  });

  it("a second Enter while the first is on its way sends nothing", async () => {
    const { promise, resolve } = Promise.withResolvers<ControlResult>();
    answer = () => promise;
    ask(asked("one"));
    keyboard.type("y\r\rn\r");
    expect(shown.join("\n")).toContain("sending");
    resolve(accepted);
    await settle();
    expect(given).toEqual([["main/one@1", "y"]]);
  });

  it("a refusal closes the question with its reason, a fault leaves it to be tried again", async () => {
    answer = async () => ({ accepted: false, code: "gate_answered", hint: "ana was first" }) as ControlResult;
    ask(asked("one"));
    keyboard.type("y\r");
    await settle();
    expect(notes).toEqual(["one: one? answer refused: ana was first"]);
    expect(keyboard.takers).toBe(0);
    answer = () => Promise.reject(new Error("the store is busy"));
    ask(asked("two"));
    keyboard.type("y\r");
    await settle();
    expect(shown.at(-1)).toBe("  the store is busy");
    answer = async () => accepted;
    keyboard.type("\r");
    await settle();
    expect(given.map(([gate]) => gate)).toEqual(["main/one@1", "main/two@1", "main/two@1"]);
  });

  it("Tab goes on to the next question", () => {
    ask(asked("one"));
    ask(asked("two"));
    keyboard.type("y\t");
    expect(shown[1]).toMatch(/^\? two\?/);
    keyboard.type("\t");
    expect(shown[1]).toMatch(/^\? one\?/);
    expect(shown.join("\n")).toContain("> ▏");
  });

  it("Ctrl-C is passed on, always", () => {
    gates.ask(asked("one"));
    keyboard.type("\u0003");
    keyboard.type("yes\u0003");
    expect(interrupts).toBe(2);
    expect(given).toEqual([]);
  });

  it("are not asked in the background, nor without a terminal", () => {
    for (const missing of [fakeKeyboard(false), undefined]) {
      const nobody = new ConsoleGates({
        io: { keyboard: missing, now: () => now },
        display: { canPrompt: true, prompt: () => {}, note: () => {} },
        run: () => ({ answer: () => Promise.resolve(accepted) }),
        deadlineOf: () => undefined,
        interrupt: () => {},
      });
      expect(nobody.ask(asked("one"))).toBe(false);
      expect(missing?.takers ?? 0).toBe(0);
    }
  });
});
