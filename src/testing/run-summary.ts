/** What must come out the same however often a run is paused, continued or lost with its process. */
import type { JsonValue } from "../graph/outcome.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { Store } from "../persistence/store.ts";
import { contextOf } from "../runtime/queries/context.ts";
import { findRun } from "../runtime/queries/find-run.ts";
import { successorOf } from "../runtime/queries/tail-chain.ts";

export interface RunSummary {
  readonly status: string;
  /** `code stage`; empty for a run that did not fail. */
  readonly failure: string;
  readonly context: Readonly<Record<string, JsonValue>>;
  /** `from -> to (rule)`, branch by branch, redirects of goal gates among them. */
  readonly edges: readonly string[];
  /** `stage type status #attempt`, branch by branch: ends of stages, and attempts that were tried again. */
  readonly attempts: readonly string[];
  /** Answers of people: `gate choice`. */
  readonly answers: readonly string[];
}

/** Of a run, or of the whole chain where it was started over. */
export async function summarizeRun(store: Store, runId: string): Promise<RunSummary> {
  const { status } = await findRun(store, runId);
  const entries = byBranch(await store.read("journal", { runId }));
  const own: RunSummary = {
    status,
    failure: entries.flatMap(describeFailure).join(),
    context: await contextOf(store, runId),
    edges: entries.flatMap(describeEdge),
    attempts: entries.flatMap(describeAttempt),
    answers: entries.flatMap(describeAnswer),
  };
  const next = await successorOf(store, runId);
  return next === undefined ? own : joinSummaries(own, await summarizeRun(store, next));
}

function joinSummaries(first: RunSummary, rest: RunSummary): RunSummary {
  return {
    ...rest,
    edges: [...first.edges, ...rest.edges],
    attempts: [...first.attempts, ...rest.attempts],
    answers: [...first.answers, ...rest.answers],
  };
}

/** One sentence a difference. */
export function compareSummaries(expected: RunSummary, found: RunSummary): readonly string[] {
  const problems: string[] = [];
  for (const key of Object.keys(expected) as (keyof RunSummary)[]) {
    const [was, is] = [expected[key], found[key]].map((part) => sorted(part));
    if (was !== is) problems.push(`${key} came out as ${is}, not as ${was}`);
  }
  return problems;
}

/** Keys of a context come in no order. */
function sorted(part: unknown): string {
  if (typeof part !== "object" || part === null || Array.isArray(part)) return JSON.stringify(part);
  return JSON.stringify(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Branches take their turns in any order; what one of them did has an order. */
function byBranch(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  return entries.toSorted((a, b) => compare(a.branch ?? "", b.branch ?? "") || a.seq - b.seq);
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function is<T extends JournalEntry["type"]>(entry: JournalEntry, type: T): entry is JournalEntry<T> {
  return entry.type === type;
}

function describeFailure(entry: JournalEntry): string[] {
  return is(entry, "run.failed") ? [`${entry.data.code} ${entry.data.stage ?? ""}`] : [];
}

function describeEdge(entry: JournalEntry): string[] {
  if (is(entry, "goal_gate.redirected")) return [`${entry.data.gate} -> ${entry.data.target} (goal gate)`];
  return is(entry, "edge.selected") ? [`${entry.stage} -> ${entry.data.to} (${entry.data.rule})`] : [];
}

const ENDS: ReadonlySet<string> = new Set([
  "stage.succeeded",
  "stage.failed",
  "stage.skipped",
  "stage.cancelled",
  "stage.retry_scheduled",
]);

function describeAttempt({ type, stage, attempt, data }: JournalEntry): string[] {
  if (!ENDS.has(type)) return [];
  const { outcome } = data as { readonly outcome?: { readonly status: string } };
  return [`${stage} ${type} ${outcome?.status ?? ""} #${attempt ?? 0}`];
}

/** What people said about executions whose end is unknown is about the crash, not about the run. */
function describeAnswer(entry: JournalEntry): string[] {
  if (is(entry, "gate.timed_out")) return [`${entry.data.gate} timed out: ${entry.data.choice ?? ""}`];
  if (!is(entry, "gate.answered") || entry.data.gate.endsWith(":interrupted")) return [];
  return [`${entry.data.gate} ${entry.data.choice ?? ""}`];
}
