import { readAnswer } from "../../../actors/gates/read-answer.ts";
import { type JsonValue, parseChoiceLabel } from "../../../graph/index.ts";
import { columnsOf, printable } from "../../text/printable.ts";
import { formatSpan } from "../../text/times.ts";
import type { AskedGate } from "../gate-answers.ts";
import { shortStage } from "../names.ts";
import type { Line, Segment } from "../render-tree.ts";
import type { TypedLine } from "./edit-line.ts";
import { optionText } from "./name-option.ts";

/** A question as it is put to the person in front of the terminal. */
export interface Prompt {
  readonly asked: AskedGate;
  readonly typed: TypedLine;
  /** Epoch ms of the deadline; `stands` while the run's clock does; undefined without one. */
  readonly deadline: number | "stands" | undefined;
  /** Open questions, this one included. */
  readonly open: number;
  readonly isSending: boolean;
  /** Why the last answer was not taken. */
  readonly problem?: string | undefined;
}

const CARET = "▏";

/** The lines below the tree: the question, its options with their keys, until when, and what is typed. Pure. */
export function renderPrompt(
  prompt: Prompt,
  screen: { readonly columns: number; readonly now: number },
): readonly Line[] {
  const { question, stage } = prompt.asked;
  const others = prompt.open > 1 ? `, ${prompt.open - 1} more ${prompt.open > 2 ? "questions" : "question"} open` : "";
  return [
    [],
    [
      { text: "? ", tone: "wait" },
      { text: printable(question.text), tone: "bold" },
      { text: `  ${printable(shortStage(stage))}${others}`, tone: "dim" },
    ],
    // The answer to a question for a text is the text, also where only one way leads on.
    ...(question.kind === "freeform" ? [] : question.options.map(optionLine)),
    ...deadlineLine(prompt, screen.now),
    typedLine(prompt, screen.columns),
    [
      {
        text: `  ${prompt.problem === undefined ? howTo(prompt) : printable(prompt.problem)}`,
        tone: prompt.problem ? "bad" : "dim",
      },
    ],
  ];
}

function optionLine(option: AskedGate["question"]["options"][number]): Line {
  const { key, to } = option;
  const text = printable(optionText(option));
  const target = to !== undefined && to !== text ? [{ text: `  → ${printable(to)}`, tone: "dim" as const }] : [];
  return [{ text: `  [${printable(key)}]`, tone: "live" }, { text: text === "" ? "" : ` ${text}` }, ...target];
}

function deadlineLine({ asked, deadline }: Prompt, now: number): readonly Line[] {
  if (deadline === undefined) return [];
  const { defaultChoice } = asked.question;
  const then =
    defaultChoice === undefined ? "the stage is tried again" : `the answer is ${nameAnswer(asked, defaultChoice)}`;
  const when =
    deadline === "stands"
      ? "the time left stands still while the run is paused; then"
      : `in ${formatSpan(deadline - now)}`;
  return [[{ text: `  ${when} ${printable(then)}`, tone: "wait" }]];
}

/** What is typed, its end in sight, and what it would mean. */
function typedLine({ asked, typed, isSending }: Prompt, columns: number): Line {
  const answer = typed.before + typed.after;
  const meaning =
    answer.trim() === "" || asked.question.kind === "freeform" ? "" : `  ${nameAnswer(asked, answer) || "?"}`;
  const shown = oneLine(typed.before);
  const room = Math.max(1, columns - 8 - columnsOf(meaning));
  const tail: Segment[] = isSending
    ? [{ text: "  sending", tone: "dim" }]
    : [{ text: CARET, tone: "live" }, { text: oneLine(typed.after) }, { text: meaning, tone: "dim" }];
  return [{ text: "  > ", tone: "live" }, { text: lastColumns(shown, room) }, ...tail];
}

/** Ends of lines, which a paste may hold, are shown and not acted on. */
function oneLine(text: string): string {
  return printable(text.replaceAll("\n", "⏎"));
}

/** The end of a text, as much of it as there is room for. */
function lastColumns(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  const letters = [...text];
  while (letters.length > 0 && columnsOf(letters.join("")) > columns - 1) letters.shift();
  return `…${letters.join("")}`;
}

function howTo({ asked, open }: Prompt): string {
  const how = asked.question.kind === "multi_select" ? "keys with commas, then Enter" : "Enter answers";
  return `${how}${open > 1 ? " · Tab: next question" : ""} · Ctrl-C pauses and leaves`;
}

/** What an answer is read as: its options' labels, or the word. Empty where it is none. */
export function nameAnswer({ question }: AskedGate, answer: JsonValue): string {
  const reading = readAnswer(question, answer);
  if (!reading.ok) return "";
  const keys = new Set(reading.choice.split(","));
  const labels = question.options.filter(({ key }) => keys.has(key)).map(({ label }) => parseChoiceLabel(label).text);
  return labels.length > 0 ? labels.join(", ") : reading.choice;
}
