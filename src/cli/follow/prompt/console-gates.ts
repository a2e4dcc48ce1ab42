/** Open questions, put to the person in front of the terminal. */
import { readAnswer } from "../../../actors/gates/read-answer.ts";
import { messageOf } from "../../../errors.ts";
import type { Run } from "../../../runtime/api.ts";
import type { Io } from "../../io.ts";
import type { Display } from "../display.ts";
import type { AskedGate } from "../gate-answers.ts";
import { shortStage } from "../names.ts";
import { EMPTY_LINE, editLine, type TypedLine } from "./edit-line.ts";
import { createKeyReader, type Key } from "./keys.ts";
import { nameAnswer, type Prompt, renderPrompt } from "./render-prompt.ts";

export interface ConsoleDeps {
  readonly io: Pick<Io, "keyboard" | "now">;
  readonly display: Pick<Display, "canPrompt" | "prompt" | "note">;
  readonly run: () => Pick<Run, "answer">;
  /** When a question's deadline passes, as things stand. */
  readonly deadlineOf: (asked: AskedGate) => Prompt["deadline"];
  /** What Ctrl-C does. */
  readonly interrupt: () => void;
}

/**
 * Keys that come so soon after a question has appeared by itself were meant for what was there before: a `y` and Enter
 * on their way to one question must not answer the next. Ms.
 */
const DEAF_MS = 600;
/** What was typed before anything was asked comes all at once when the keys are taken. Ms. */
const DEAF_FIRST_MS = 50;

/** One question is shown at a time, the oldest first; Tab goes to the next. Takes the terminal's keys only while it asks. */
export class ConsoleGates {
  readonly #deps: ConsoleDeps;
  /** The first of them is shown. */
  readonly #open: AskedGate[] = [];
  #typed: TypedLine = EMPTY_LINE;
  #problem: string | undefined;
  #isSending = false;
  #deafUntil = 0;
  #giveKeysBack: (() => void) | undefined;

  constructor(deps: ConsoleDeps) {
    this.#deps = deps;
  }

  /** False where nobody can be asked: the question stays open. */
  ask(asked: AskedGate): boolean {
    const { display, io } = this.#deps;
    if (!display.canPrompt || !io.keyboard?.isOurs()) return false;
    this.#open.push(asked);
    this.#takeKeys();
    this.#show();
    return true;
  }

  /** The gate is closed, whoever closed it. */
  close(gate: string): void {
    const wasTyped = this.#open[0]?.gate === gate && !this.#isSending;
    if (!this.#drop(gate)) return;
    if (wasTyped) this.#deafUntil = this.#deps.io.now() + DEAF_MS;
    this.#show();
  }

  /** Forgets all questions and gives the keys back. */
  end(): void {
    this.#open.length = 0;
    this.#giveBack();
    this.#show();
  }

  #show(): void {
    const [asked] = this.#open;
    if (!asked) return this.#deps.display.prompt(undefined);
    this.#deps.display.prompt((screen) =>
      renderPrompt(
        {
          asked,
          typed: this.#typed,
          problem: this.#problem,
          isSending: this.#isSending,
          open: this.#open.length,
          deadline: this.#deps.deadlineOf(asked),
        },
        screen,
      ),
    );
  }

  #press(key: Key): void {
    const { io, interrupt } = this.#deps;
    if (key.kind === "interrupt") return interrupt();
    const [asked] = this.#open;
    if (!asked || this.#isSending || io.now() < this.#deafUntil) return;
    if (key.kind === "enter") return void this.#send(asked);
    if (key.kind === "next") {
      this.#open.push(...this.#open.splice(0, 1));
      this.#clear();
    } else {
      this.#typed = editLine(this.#typed, key);
      this.#problem = undefined;
    }
    this.#show();
  }

  async #send(asked: AskedGate): Promise<void> {
    const answer = this.#typed.before + this.#typed.after;
    if (answer.trim() === "") return;
    const reading = readAnswer(asked.question, answer);
    if (!reading.ok) {
      this.#problem = reading.problem;
      return this.#show();
    }
    this.#isSending = true;
    this.#show();
    const refused = await this.#give(asked, answer);
    this.#isSending = false;
    if (refused === undefined) this.#drop(asked.gate);
    else this.#problem = refused;
    this.#show();
  }

  /** Why the answer was not taken and may be given again; undefined when the question is over. */
  async #give(asked: AskedGate, answer: string): Promise<string | undefined> {
    const { display, run } = this.#deps;
    try {
      const { accepted, code, hint } = await run().answer(asked.gate, answer);
      const subject = `${shortStage(asked.stage)}: ${asked.question.text}`;
      if (accepted !== false) {
        display.note(`${subject} ${nameAnswer(asked, answer)}`);
        return undefined;
      }
      if (code === "answer_invalid") return hint ?? code;
      display.note(`${subject} answer refused: ${hint ?? code}`);
      return undefined;
    } catch (thrown) {
      return messageOf(thrown);
    }
  }

  #drop(gate: string): boolean {
    const at = this.#open.findIndex((asked) => asked.gate === gate);
    if (at === -1) return false;
    this.#open.splice(at, 1);
    if (at === 0) this.#clear();
    if (this.#open.length === 0) this.#giveBack();
    return true;
  }

  #clear(): void {
    this.#typed = EMPTY_LINE;
    this.#problem = undefined;
  }

  #takeKeys(): void {
    if (this.#giveKeysBack) return;
    const { io } = this.#deps;
    const read = createKeyReader();
    this.#deafUntil = io.now() + DEAF_FIRST_MS;
    this.#giveKeysBack = io.keyboard?.open((piece) => {
      for (const key of read(piece)) this.#press(key);
    });
  }

  #giveBack(): void {
    this.#giveKeysBack?.();
    this.#giveKeysBack = undefined;
  }
}
