/** Gates: questions made from the graph, their deadlines on the run's clock. Source: 03 §7, 04 §2. */
import { type GraphEdge, type GraphNode, type JsonValue, parseChoiceLabel, parseDuration } from "../graph/index.ts";
import type { EntryOutcome } from "../journal/catalogue.ts";
import type { Effect } from "../machines/protocol.ts";
import type { GateRow } from "../persistence/store.ts";
import type { Draft } from "./draft.ts";
import { type Option, type Question, readAnswer } from "./gates/read-answer.ts";
import { stageActor } from "./held-run.ts";

export const gateDeadline = (gate: string): string => `${gate}:deadline`;

/** Opens a gate: its row, its entry, and its deadline on the run's clock. */
export function openGate(draft: Draft, effect: Extract<Effect, { type: "effect.gate.open" }>): void {
  const actor = draft.actor(stageActor(effect.stage));
  const node = actor?.kind === "stage" ? draft.held.index.node(actor.snapshot.context.node) : undefined;
  const branch = actor?.kind === "stage" ? actor.snapshot.context.branch : "main";
  const question = effect.purpose === "gate" && node ? askPerson(draft, effect.gate, node) : askInterrupted(effect);
  draft.record({ type: "gate.opened", branch, stage: effect.stage, data: question });
  draft.setGate(effect.gate, {
    gate: effect.gate,
    stage: effect.stage,
    status: "open",
    question: question as unknown as JsonValue,
    openedSeq: draft.held.seq + draft.entries.length,
  });
  if (question.deadlineMs === undefined) return;
  const timer = gateDeadline(effect.gate);
  draft.setTimer(timer, {
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

const KINDS: readonly string[] = ["yes_no", "confirmation", "multiple_choice", "multi_select", "freeform"];

/**
 * `human.kind` where the node says it, else as its choices are: none asks for a text, one for its confirmation, a yes
 * and a no for one of the two, all others for a choice.
 */
function questionKind(node: GraphNode, options: readonly Option[]): Question["kind"] {
  const asked = node.attributes["human.kind"];
  if (typeof asked === "string" && KINDS.includes(asked)) return asked as Question["kind"];
  if (options.length === 0) return "freeform";
  if (options.length === 1) return "confirmation";
  const words = new Set(options.map(({ label }) => parseChoiceLabel(label).text.toLowerCase()));
  return options.length === 2 && words.has("yes") && words.has("no") ? "yes_no" : "multiple_choice";
}

/**
 * An option a choice: the label of its edge, else its target. Accelerators that labels give come first; the others get
 * their first letter where it is free, else a number.
 */
function optionsOf(draft: Draft, node: GraphNode): Option[] {
  const edges = draft.held.index.outgoing(node.id);
  const labelled = edges.map((edge) => ({ edge, label: labelOf(edge) }));
  // An edge that has a condition and no label is a way on that nobody chooses.
  const choices = labelled.filter(({ edge, label }) => label !== undefined || !hasCondition(edge));
  const taken = new Set<string>();
  const given = choices.map(({ edge, label }) => accelerator(label ?? edge.to, taken));
  return choices.map(({ edge, label = edge.to }, index) => {
    const key = given[index] ?? freeKey(parseChoiceLabel(label).text, taken);
    return { key, label, to: edge.to };
  });
}

function labelOf({ attributes }: GraphEdge): string | undefined {
  const label = attributes["label"];
  return typeof label === "string" && label !== "" ? label : undefined;
}

function hasCondition({ attributes }: GraphEdge): boolean {
  const condition = attributes["condition"];
  return typeof condition === "string" && condition.trim() !== "";
}

function accelerator(label: string, taken: Set<string>): string | undefined {
  const key = parseChoiceLabel(label).key?.toUpperCase();
  if (key === undefined || key === "" || taken.has(key)) return undefined;
  taken.add(key);
  return key;
}

function freeKey(text: string, taken: Set<string>): string {
  const letter = ([...text][0] ?? "").toUpperCase();
  let key = letter;
  for (let number = 1; key === "" || taken.has(key); number += 1) key = String(number);
  taken.add(key);
  return key;
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

/** What a gate comes to when its deadline passes: its default choice, else `retry`. Source: 03 §7. */
export function answerAtDeadline(gate: GateRow): { readonly choice: string; readonly outcome: EntryOutcome } {
  const question = gate.question as unknown as Question;
  const { defaultChoice } = question;
  const reading = defaultChoice === undefined ? undefined : readAnswer(question, defaultChoice);
  if (reading?.ok) return { choice: reading.choice, outcome: reading.outcome };
  return {
    choice: "",
    outcome: { status: "retry", failureReason: "nobody answered in time and there is no default choice" },
  };
}
