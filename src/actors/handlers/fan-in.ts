/** The `parallel.fan_in` type: chooses one branch of those that have been joined. Source: 03 §5, 04 §6. */
import { isFailureStatus, type JsonValue, type Outcome } from "../../graph/index.ts";
import { FAN_IN_CANDIDATE_CHARS_MAX, NOTES_CHARS_MAX } from "../../limits.ts";
import type { HandlerDefinition, HandlerInput } from "../handler.ts";
import { truncateMiddle } from "../processes/kept-output.ts";
import type { CodergenBackend } from "./backend.ts";
import { createAsk } from "./codergen.ts";
import { type Candidate, namedCandidate, rankCandidates, readCandidates } from "./fan-in-candidates.ts";

/** Context key of the id of the branch that was chosen. */
const WINNER_KEY = "parallel.winner";
/** How much of the last line of an answer is looked at. Characters. */
const ANSWER_CHARS_MAX = 500;

/**
 * Chooses the best branch by rank, or by asking a backend where the node has a prompt, and takes on the keys that the
 * branch changed. The backend sees the branches that may win; an answer that names none of them leaves it to the rank,
 * and the notes say so. What the backend itself writes to the context is stronger than what the branch wrote.
 */
export function createFanIn(backend: CodergenBackend): HandlerDefinition {
  const ask = createAsk(backend);
  return {
    handler: async (input) => {
      const { graph, node, context } = input;
      const all = readCandidates({ graph, node: node.id, context });
      const ranked = rankCandidates(all);
      const [best] = ranked;
      if (!best) return noCandidates(all);
      if (!asksForOne(input)) return { status: "success", contextUpdates: won(best), notes: sayBest(best, all) };
      const { response, outcome } = await ask(input, listing(ranked));
      if (isFailureStatus(outcome.status)) return outcome;
      const chosen = readAnswer(ranked, { response, outcome });
      const said = chosen ? `The backend chose ${place(chosen)}.` : `${unusable(ranked)} ${sayBest(best, all)}`;
      return {
        ...outcome,
        contextUpdates: { ...won(chosen ?? best), ...outcome.contextUpdates, [WINNER_KEY]: (chosen ?? best).id },
        notes: outcome.notes === undefined ? said : truncateMiddle(`${said}\n${outcome.notes}`, NOTES_CHARS_MAX),
      };
    },
  };
}

function asksForOne({ attributes }: HandlerInput): boolean {
  return String(attributes["prompt"] ?? "").trim() !== "";
}

function noCandidates(all: readonly Candidate[]): Outcome {
  const found = all.map(({ id, status }) => `${id} (${status})`).join(", ");
  const what = all.length === 0 ? "there are no results of branches" : `no branch has succeeded: ${found}`;
  return { status: "fail", failureReason: `no_candidates: ${what}` };
}

function won(winner: Candidate): Record<string, JsonValue> {
  return { ...winner.context, [WINNER_KEY]: winner.id };
}

function sayBest(best: Candidate, all: readonly Candidate[]): string {
  const score = best.score === undefined ? "" : ` with score ${best.score}`;
  return `The best of ${all.length} is ${place(best)}: ${best.status}${score}.`;
}

function place({ id, index }: Candidate): string {
  return `${id} (branch ${index})`;
}

function unusable(ranked: readonly Candidate[]): string {
  const ids = ranked.map(({ id }) => id).join(", ");
  return `The answer of the backend names none of ${ids}, so the rank decides.`;
}

/** What follows the prompt. By index, so that the order says nothing of the rank. */
function listing(ranked: readonly Candidate[]): string {
  const lines = ranked.toSorted((a, b) => a.index - b.index).map(describeCandidate);
  const how = "Say which one is the best: write its id, and nothing else, on the last line of the answer.";
  return `\n\nCandidates:\n${lines.join("\n")}\n\n${how}`;
}

function describeCandidate({ id, index, status, notes, context }: Candidate): string {
  const rest = { status, ...(notes !== undefined && { notes }), context };
  return truncateMiddle(`- ${id} (${index}): ${JSON.stringify(rest)}`, FAN_IN_CANDIDATE_CHARS_MAX);
}

/** The preferred label, else the last line of the response, in quotes, bold or behind `winner:` or not. */
function readAnswer(
  candidates: readonly Candidate[],
  { response, outcome }: { readonly response: string; readonly outcome: Outcome },
): Candidate | undefined {
  const label = outcome.preferredLabel?.trim();
  const named = label === undefined ? undefined : namedCandidate(candidates, label);
  if (named) return named;
  const line = (response.trimEnd().split("\n").at(-1) ?? "").slice(-ANSWER_CHARS_MAX);
  const bare = line.replace(/^.*\bwinner\s*[:=]/i, "").replace(/^[\s"'`*#]+|[\s"'`*.]+$/g, "");
  return namedCandidate(candidates, bare);
}
