/** Gates: questions made from the graph, and answers read against them. Source: 03 §7, 04 §2. */
import { type GraphNode, type JsonValue, parseChoiceLabel, parseDuration } from "../graph/index.ts";
import type { EntryOutcome } from "../journal/catalogue.ts";
import type { NewEntry } from "../journal/entry.ts";
import type { Effect } from "../machines/protocol.ts";
import type { GateRow } from "../persistence/store.ts";
import type { Draft } from "./draft.ts";
import { stageActor } from "./held-run.ts";

export type Question = NewEntry<"gate.opened">["data"];
type Option = Question["options"][number];

export const gateDeadline = (gate: string): string => `${gate}:deadline`;

/** Opens a gate: its row, its entry, and its deadline on the run's clock. */
export function openGate(draft: Draft, effect: Extract<Effect, { type: "effect.gate.open" }>): void {
  const actor = draft.actor(stageActor(effect.stage));
  const node = actor?.kind === "stage" ? draft.held.index.node(actor.snapshot.context.node) : undefined;
  const branch = actor?.kind === "stage" ? actor.snapshot.context.branch : "main";
  const question = effect.purpose === "gate" && node ? askPerson(draft, effect.gate, node) : askInterrupted(effect);
  draft.record({ type: "gate.opened", branch, stage: effect.stage, data: question });
  draft.gates.set(effect.gate, {
    gate: effect.gate,
    stage: effect.stage,
    status: "open",
    question: question as unknown as JsonValue,
    openedSeq: draft.held.seq + draft.entries.length,
  });
  if (question.deadlineMs === undefined) return;
  const timer = gateDeadline(effect.gate);
  draft.timers.set(timer, {
    timer,
    actor: stageActor(effect.stage),
    kind: "gate",
    clock: "run",
    dueMs: question.deadlineMs,
  });
}

function askPerson(draft: Draft, gate: string, node: GraphNode): Question {
  const options = optionsOf(draft, node);
  const after = node.attributes["human.timeout"] ?? node.attributes["timeout"];
  const afterMs = after === undefined || typeof after === "boolean" ? undefined : parseDuration(after);
  const choice = node.attributes["human.default_choice"];
  return {
    gate,
    kind: questionKind(node, options),
    purpose: "gate",
    text: node.label,
    options,
    ...(choice === undefined ? {} : { defaultChoice: String(choice) }),
    ...(afterMs === undefined ? {} : { deadlineMs: draft.runMs + afterMs }),
  };
}

function questionKind(node: GraphNode, options: readonly Option[]): Question["kind"] {
  const asked = node.attributes["human.kind"] ?? node.attributes["question_type"];
  const kinds: readonly string[] = ["yes_no", "confirmation", "multiple_choice", "multi_select", "freeform"];
  if (typeof asked === "string" && kinds.includes(asked)) return asked as Question["kind"];
  return options.length === 0 || options.every(({ label }) => label === "") ? "freeform" : "multiple_choice";
}

/** An option an outgoing edge: its label, else its target; the key from the label's accelerator. */
function optionsOf(draft: Draft, node: GraphNode): Option[] {
  const taken = new Set<string>();
  return draft.held.index.outgoing(node.id).map((edge) => {
    const label =
      typeof edge.attributes["label"] === "string" && edge.attributes["label"] !== ""
        ? edge.attributes["label"]
        : edge.to;
    const parsed = parseChoiceLabel(label);
    const wanted = (parsed.key ?? parsed.text.slice(0, 1)).toUpperCase();
    const key = taken.has(wanted) || wanted === "" ? String(taken.size + 1) : wanted;
    taken.add(key);
    return { key, label, to: edge.to };
  });
}

function askInterrupted({ gate, stage }: { gate: string; stage: string }): Question {
  return {
    gate,
    kind: "multiple_choice",
    purpose: "interrupted",
    text: `The process that ran ${stage} was lost and what it did is unknown. What now?`,
    options: [
      { key: "R", label: "retry" },
      { key: "D", label: "done" },
      { key: "F", label: "fail" },
    ],
  };
}

export type AnswerReading =
  | { readonly ok: true; readonly choice: string; readonly outcome: EntryOutcome }
  | { readonly ok: false; readonly problem: string };

/** An answer as the stage's outcome; `problem` says what was expected. */
export function readAnswer(gate: GateRow, answer: JsonValue): AnswerReading {
  const question = gate.question as unknown as Question;
  if (question.purpose === "interrupted") return readVerdict(answer);
  if (question.kind === "freeform") return readText(answer);
  if (question.kind === "multi_select") return readSelection(question, answer);
  const option = findOption(question.options, answer);
  return option ? chosen(option) : refuse(question);
}

function readVerdict(answer: JsonValue): AnswerReading {
  const word = typeof answer === "string" ? answer.trim() : "";
  const lower = word.toLowerCase();
  if (lower === "retry" || lower === "r") return { ok: true, choice: "retry", outcome: { status: "success" } };
  if (lower === "fail" || lower === "f") {
    return {
      ok: true,
      choice: "fail",
      outcome: { status: "fail", failureReason: "a person said so after its process was lost" },
    };
  }
  const status = lower === "done" || lower === "d" ? "success" : lower.startsWith("done:") ? lower.slice(5) : undefined;
  if (status !== undefined && /^[a-z][a-z0-9_-]*$/.test(status))
    return { ok: true, choice: "done", outcome: { status } };
  return { ok: false, problem: "expected retry, fail, done or done:<status>" };
}

function readText(answer: JsonValue): AnswerReading {
  if (typeof answer !== "string") return { ok: false, problem: "expected a text" };
  return { ok: true, choice: answer, outcome: { status: "success", contextUpdates: { "human.gate.text": answer } } };
}

function readSelection(question: Question, answer: JsonValue): AnswerReading {
  const wanted = Array.isArray(answer) ? answer : typeof answer === "string" ? answer.split(",") : [];
  const options = wanted.map((one) => findOption(question.options, one as JsonValue));
  const found = options.filter((option) => option !== undefined);
  if (found.length === 0 || found.length !== options.length) return refuse(question);
  const labels = found.map(({ label }) => parseChoiceLabel(label).text);
  const reading = chosen(found[0] as Option);
  if (!reading.ok) return reading;
  return {
    ...reading,
    outcome: {
      ...reading.outcome,
      contextUpdates: { ...reading.outcome.contextUpdates, "human.gate.selection": labels },
    },
  };
}

function chosen(option: Option): AnswerReading {
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

function findOption(options: readonly Option[], answer: JsonValue): Option | undefined {
  if (typeof answer !== "string" && typeof answer !== "boolean") return undefined;
  const word = (typeof answer === "boolean" ? (answer ? "yes" : "no") : answer).trim().toLowerCase();
  const is = (text: string | undefined) => text?.trim().toLowerCase() === word;
  return (
    options.find(({ key }) => is(key)) ??
    options.find(({ label }) => is(label) || is(parseChoiceLabel(label).text)) ??
    options.find(({ to }) => is(to))
  );
}

function refuse(question: Question): AnswerReading {
  const choices = question.options.map(({ key, label }) => `${key} (${label})`).join(", ");
  return { ok: false, problem: `expected one of ${choices}` };
}

/** What a gate comes to when its deadline passes: its default choice, else `retry`. Source: 03 §7. */
export function answerAtDeadline(gate: GateRow): { readonly choice: string; readonly outcome: EntryOutcome } {
  const { defaultChoice } = gate.question as unknown as Question;
  const reading = defaultChoice === undefined ? undefined : readAnswer(gate, defaultChoice);
  if (reading?.ok) return { choice: reading.choice, outcome: reading.outcome };
  return {
    choice: "",
    outcome: { status: "retry", failureReason: "nobody answered in time and there is no default choice" },
  };
}
