/** The branches a fan-in chooses from: where their results are, and which is the best. Pure. Source: 03 §5. */
import { type Graph, isFailureStatus, type JsonValue } from "../../graph/index.ts";
import { findJoin } from "../../graph/join.ts";
import type { ContextView } from "../handler.ts";

/** One branch as its results tell of it. */
export interface Candidate {
  readonly id: string;
  readonly index: number;
  readonly status: string;
  readonly notes?: string;
  /** The number the branch left under `score`. */
  readonly score?: number;
  /** The keys the branch changed. */
  readonly context: Readonly<Record<string, JsonValue>>;
}

export interface CandidateSource {
  readonly graph: Graph;
  /** The fan-in. */
  readonly node: string;
  readonly context: ContextView;
}

const LAST_RESULTS = "parallel.results";

/**
 * The results a fan-in looks at, by branch index: those of the fan-out that led here, else of the only fan-out with
 * results whose join it is, else the last ones of its scope. Empty where there are none.
 */
export function readCandidates(source: CandidateSource): readonly Candidate[] {
  const { context } = source;
  const results = context.get(resultsKey(source));
  return Array.isArray(results) ? (results as readonly JsonValue[]).flatMap(readCandidate) : [];
}

function resultsKey({ graph, node, context }: CandidateSource): string {
  const keyOf = (fanOut: string) => `parallel.${fanOut}.results`;
  const joinsHere = (fanOut: string) => context.has(keyOf(fanOut)) && findJoin(graph, fanOut).join === node;
  const last = context.get("last_stage");
  if (typeof last === "string" && joinsHere(last)) return keyOf(last);
  const fanOuts = graph.nodes.filter(({ id }) => joinsHere(id));
  return fanOuts.length === 1 && fanOuts[0] ? keyOf(fanOuts[0].id) : LAST_RESULTS;
}

/** What is no result of a branch is passed over: context keys can be written by anybody. */
function readCandidate(value: JsonValue): Candidate[] {
  if (!isObject(value)) return [];
  const { id, index, status, notes, context } = value;
  if (typeof id !== "string" || typeof index !== "number" || typeof status !== "string") return [];
  const changed = isObject(context) ? context : {};
  const score = changed["score"];
  return [
    {
      ...{ id, index, status, context: changed },
      ...(typeof notes === "string" && { notes }),
      ...(typeof score === "number" && { score }),
    },
  ];
}

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Those that may win, the best first: successes and words of one's own, then partial successes, then skipped branches;
 * among equals the higher score (none is lower than any), then the lower index.
 */
export function rankCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates
    .filter(({ status }) => !isFailureStatus(status))
    .toSorted((a, b) => rankOf(a) - rankOf(b) || compareScores(a, b) || a.index - b.index);
}

function rankOf({ status }: Candidate): number {
  return status === "skipped" ? 2 : status === "partial_success" ? 1 : 0;
}

function compareScores(a: Candidate, b: Candidate): number {
  if (a.score === b.score) return 0;
  return (b.score ?? Number.NEGATIVE_INFINITY) > (a.score ?? Number.NEGATIVE_INFINITY) ? 1 : -1;
}

/** The candidate a text names, by its id or by its index; ids come first, for an id may be a number. */
export function namedCandidate(candidates: readonly Candidate[], name: string): Candidate | undefined {
  return candidates.find(({ id }) => id === name) ?? candidates.find(({ index }) => String(index) === name);
}
