/** Questions of every kind: how they are told, which answers fit, and which are too late. */
import { describe, expect, it } from "vitest";
import { cliDoor } from "./cli-door.ts";
import { httpDoor } from "./http-door.ts";
import { GATE, pipeline, play, type Scenario } from "./play.ts";

const CHOICES = 'ask -> left [label="[L] Left"]; ask -> right [label="Right"]; left -> exit; right -> exit';

interface Kind {
  readonly body: string;
  readonly wrong: readonly string[];
  readonly right: string | readonly string[];
  /** What the stage after the gate finds. */
  readonly finds: Readonly<Record<string, unknown>>;
}

const KINDS: Readonly<Record<string, Kind>> = {
  yes_no: {
    body: 'ask [type="wait.human", label="Sure?"]; ask -> left [label=Yes]; ask -> right [label=No]; left -> exit; right -> exit',
    wrong: ["perhaps", "7"],
    right: "true",
    finds: { "human.gate.selected": "Y" },
  },
  confirmation: {
    body: 'ask [type="wait.human", label="Seen it?"]; ask -> left [label=Done]; left -> exit',
    wrong: ["no", "later"],
    right: "ok",
    finds: { "human.gate.label": "Done" },
  },
  multiple_choice: {
    body: `ask [type="wait.human", label="Which way?"]; ${CHOICES}`,
    wrong: ["up", "left right"],
    right: "right",
    finds: { "human.gate.selected": "R" },
  },
  multi_select: {
    body: `ask [type="wait.human", label="Which ones?", human.kind=multi_select]; ${CHOICES}`,
    wrong: ["up", "L,up"],
    right: ["Right", "L"],
    finds: { "human.gate.selection": ["Left", "Right"] },
  },
  freeform: {
    body: 'ask [type="wait.human", label="In your words?", human.kind=freeform]; ask -> left; left -> exit',
    wrong: ["   "],
    right: '-- as she said: 5 > 3, ünd "quoted"\nand a line',
    finds: { "human.gate.text": '-- as she said: 5 > 3, ünd "quoted"\nand a line' },
  },
};

describe("a question", () => {
  it.each(Object.entries(KINDS))("of the kind %s", async (kind, { body, wrong, right, finds }) => {
    await play(async ({ door, entry }) => {
      await door.start(pipeline(`${body}; start -> ask`), { runId: "m" });
      await entry("m", "gate.opened");
      expect((await door.questions("m")).value["questions"]).toMatchObject([{ runId: "m", gate: GATE, kind }]);
      for (const answer of wrong) {
        const refused = await door.answer("m", { gate: GATE, answer });
        expect([answer, refused.code]).toEqual([answer, "answer_invalid"]);
      }
      expect((await door.answer("m", { gate: "main/other@1", answer: "Y" })).code).toBe("gate_not_found");
      await door.pause("m");
      expect((await door.answer("m", { gate: GATE, answer: right, reason: "because" })).value).toMatchObject({
        accepted: true,
      });
      const second = await door.answer("m", { gate: GATE, answer: right });
      expect(second.code).toBe("gate_answered");
      expect((await door.questions("m")).value).toEqual({ questions: [] });
      await door.continue("m");
      await door.finished("m");
      expect((await door.context("m")).value).toMatchObject(finds);
      expect((await door.answer("m", { gate: GATE, answer: right })).code).toBe("run_finished");
      await door.events("m", { types: ["gate.opened", "gate.answered", "control.rejected"] });
    });
  });

  it("without an answer in time takes its default", async () => {
    await play(async ({ door }) => {
      const gate = 'ask [type="wait.human", label="Which way?", human.timeout="1ms", human.default_choice=Right]';
      await door.start(pipeline(`${gate}; ${CHOICES}; start -> ask`), { runId: "m" });
      await door.finished("m");
      expect((await door.events("m", { types: ["gate.timed_out"] })).value["events"]).toHaveLength(1);
      expect((await door.view("m")).value).toMatchObject({
        stages: expect.arrayContaining([expect.objectContaining({ node: "right" })]),
      });
    });
  });

  it("with a deadline says how long there is, which stands still while the run is paused", async () => {
    const scenario: Scenario = async ({ door, entry }) => {
      const gate = 'ask [type="wait.human", label="Which way?", human.timeout="2h"]';
      await door.start(pipeline(`${gate}; ${CHOICES}; start -> ask`), { runId: "m" });
      await entry("m", "gate.opened");
      const running = { deadline: expect.any(String), deadlineLeftMs: expect.any(Number) };
      expect((await door.questions("m")).value["questions"]).toMatchObject([running]);
      await door.view("m");
      await door.pause("m");
      const [paused] = (await door.questions()).value["questions"] as [object];
      expect(paused).toMatchObject({ deadlineLeftMs: expect.any(Number) });
      expect(paused).not.toHaveProperty("deadline");
      await door.view("m");
      await door.cancel("m");
    };
    await play(scenario, { doors: [httpDoor, cliDoor] });
  });

  it("of several runs is one of several", async () => {
    await play(async ({ door, entry }) => {
      for (const runId of ["one", "two"]) {
        await door.start(pipeline(`ask [type="wait.human", label="Which way?"]; ${CHOICES}; start -> ask`), { runId });
        await entry(runId, "gate.opened");
      }
      expect((await door.questions()).value["questions"]).toHaveLength(2);
      expect((await door.questions("two")).value["questions"]).toHaveLength(1);
      await door.control("cancel", { all: true });
      expect((await door.questions()).value).toEqual({ questions: [] });
    });
  });
});
