/** Answers, read against their question: what a stage then comes to, or what was expected instead. Source: 03 §7. */
import { type JsonValue, parseChoiceLabel } from "../../graph/index.ts";
import type { EntryOutcome } from "../../journal/catalogue.ts";
import type { NewEntry } from "../../journal/entry.ts";
import { INLINE_VALUE_BYTES_MAX } from "../../limits.ts";

export type Question = NewEntry<"gate.opened">["data"];
export type Option = Question["options"][number];

export type AnswerReading =
  | { readonly ok: true; readonly choice: string; readonly outcome: EntryOutcome }
  | { readonly ok: false; readonly problem: string };

const STATUS = /^[a-z][a-z0-9_-]{0,63}$/;
const YES: ReadonlySet<string> = new Set(["yes", "y", "true", "ok", "confirm"]);
const NO: ReadonlySet<string> = new Set(["no", "n", "false", "cancel"]);

/** Never guesses: an answer that fits no option, or more than the question has, is refused with what was expected. */
export function readAnswer(question: Question, answer: JsonValue): AnswerReading {
  if (question.purpose === "interrupted") return readVerdict(answer);
  switch (question.kind) {
    case "freeform":
      return readText(answer);
    case "multi_select":
      return readSelection(question, answer);
    case "yes_no":
    case "confirmation":
      return readConsent(question, answer);
    case "multiple_choice": {
      const option = findOption(question.options, answer);
      return option ? chosen(option) : refuse(question);
    }
  }
}

/** What follows where nobody knows what an execution did: again, over with this status, or failed. */
function readVerdict(answer: JsonValue): AnswerReading {
  const word = typeof answer === "string" ? answer.trim().toLowerCase() : "";
  if (word === "retry" || word === "r") return { ok: true, choice: "retry", outcome: { status: "success" } };
  if (word === "fail" || word === "f") return { ok: true, choice: "fail", outcome: failed() };
  const status = word === "done" || word === "d" ? "success" : /^done\s*:\s*(.*)$/s.exec(word)?.[1];
  if (status === undefined || !STATUS.test(status) || status === "retry") {
    return { ok: false, problem: "expected retry, fail, done, or done:<status> with the status it came to" };
  }
  return status === "fail"
    ? { ok: true, choice: "fail", outcome: failed() }
    : { ok: true, choice: "done", outcome: { status } };
}

function failed(): EntryOutcome {
  return { status: "fail", failureReason: "a person said so after its process was lost" };
}

function readText(answer: JsonValue): AnswerReading {
  if (typeof answer !== "string" || answer.trim() === "") return { ok: false, problem: "expected a text" };
  const bytes = Buffer.byteLength(answer);
  if (bytes > INLINE_VALUE_BYTES_MAX) {
    return { ok: false, problem: `expected a text of at most ${INLINE_VALUE_BYTES_MAX} bytes, found ${bytes}` };
  }
  return { ok: true, choice: answer, outcome: { status: "success", contextUpdates: { "human.gate.text": answer } } };
}

function readSelection(question: Question, answer: JsonValue): AnswerReading {
  const wanted = Array.isArray(answer) ? answer : typeof answer === "string" ? answer.split(",") : [];
  const found = new Set(wanted.map((one) => findOption(question.options, one)));
  if (found.size === 0 || found.has(undefined)) return refuse(question);
  // In the order of the options, whatever the order of the answer: the first of them is the way on.
  const options = question.options.filter((option) => found.has(option));
  const [first] = options;
  if (!first) return refuse(question);
  const reading = chosen(first);
  const labels = options.map(({ label }) => parseChoiceLabel(label).text);
  const updates = { ...reading.outcome.contextUpdates, "human.gate.selection": labels };
  return {
    ok: true,
    choice: options.map(({ key }) => key).join(","),
    outcome: { ...reading.outcome, contextUpdates: updates },
  };
}

/** Yes is the first option and no the second, where the labels do not say it themselves. */
function readConsent(question: Question, answer: JsonValue): AnswerReading {
  const [yes, no] = question.options;
  const word = typeof answer === "boolean" ? String(answer) : typeof answer === "string" ? answer.trim() : "";
  const meant = YES.has(word.toLowerCase()) ? yes : NO.has(word.toLowerCase()) ? no : undefined;
  const option = findOption(question.options, answer) ?? meant;
  if (option) return chosen(option);
  if (question.options.length > 0 || (!YES.has(word.toLowerCase()) && !NO.has(word.toLowerCase()))) {
    return question.options.length > 0 ? refuse(question) : { ok: false, problem: "expected yes or no" };
  }
  const said = YES.has(word.toLowerCase()) ? "yes" : "no";
  return { ok: true, choice: said, outcome: { status: "success", contextUpdates: { "human.gate.selected": said } } };
}

function chosen(option: Option): Extract<AnswerReading, { ok: true }> {
  const label = parseChoiceLabel(option.label).text;
  return {
    ok: true,
    choice: option.key,
    outcome: {
      status: "success",
      preferredLabel: option.label,
      ...(option.to === undefined ? {} : { suggestedNextIds: [option.to] }),
      contextUpdates: { "human.gate.selected": option.key, "human.gate.label": label },
    },
  };
}

/** By key, else by label with or without its key, else by the node it leads to. */
function findOption(options: readonly Option[], answer: JsonValue): Option | undefined {
  if (typeof answer !== "string" && typeof answer !== "boolean") return undefined;
  const word = (typeof answer === "boolean" ? (answer ? "yes" : "no") : answer).trim().toLowerCase();
  const is = (text: string | undefined) => text !== undefined && text.trim().toLowerCase() === word;
  return (
    options.find(({ key }) => is(key)) ??
    options.find(({ label }) => is(label) || is(parseChoiceLabel(label).text)) ??
    options.find(({ to }) => is(to))
  );
}

function refuse({ kind, options }: Question): Extract<AnswerReading, { ok: false }> {
  const choices = options.map(({ key, label }) => `${key} (${label})`).join(", ");
  const what = kind === "multi_select" ? "one or more of" : options.length === 1 ? "the answer" : "one of";
  return { ok: false, problem: `expected ${what} ${choices}` };
}
