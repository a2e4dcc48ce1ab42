/**
 * What must come out the same however often the process dies: where a run went, what it came to, what it knows. Lists
 * are ordered within a branch, and the branches by their paths.
 */
import type { JsonValue } from "../../src/index.ts";
import type { EntryData } from "../../src/journal/catalogue.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import type { Store } from "../../src/persistence/store.ts";
import { contextOf } from "../../src/runtime/queries/context.ts";
import { findRun } from "../../src/runtime/queries/find-run.ts";

export interface Summary {
  readonly status: string;
  readonly context: Readonly<Record<string, JsonValue>>;
  /** `from -> to (rule)`, in order; redirects of goal gates among them. */
  readonly edges: readonly string[];
  /** `stage type status attempt`, in order. */
  readonly ends: readonly string[];
  /** What branches, joins and iterations came to; not of those that were cut short. */
  readonly regions: readonly string[];
  readonly failure: string;
}

const STAGE_ENDS: ReadonlySet<string> = new Set(["stage.succeeded", "stage.failed", "stage.skipped"]);
const REGION_NEWS: ReadonlySet<string> = new Set([
  "branch.succeeded",
  "branch.failed",
  "join.decided",
  "iteration.decided",
  "iteration.succeeded",
  "iteration.failed",
  "container.exited",
]);

export async function summarize(store: Store, runId: string): Promise<Summary> {
  const { status } = await findRun(store, runId);
  const entries = byBranch(await store.read("journal", { runId }));
  return {
    status,
    context: await contextOf(store, runId),
    edges: entries.flatMap(describeEdge),
    ends: entries.filter(({ type }) => STAGE_ENDS.has(type)).map(describeEnd),
    regions: entries
      .filter(({ type }) => REGION_NEWS.has(type))
      .map(({ type, branch, data }) => `${branch} ${type} ${JSON.stringify(data)}`),
    failure: entries
      .filter(({ type }) => type === "run.failed")
      .map(({ data }) => JSON.stringify(data))
      .join(),
  };
}

/** Within a branch things come one after another; what goes on beside it may come before or after. */
function byBranch(entries: readonly JournalEntry[]): JournalEntry[] {
  const paths = [...new Set(entries.map(({ branch }) => branch ?? ""))].sort();
  const place = new Map(paths.map((path, index) => [path, index]));
  return entries.toSorted((a, b) => (place.get(a.branch ?? "") ?? 0) - (place.get(b.branch ?? "") ?? 0));
}

function describeEdge({ type, stage, data }: JournalEntry): string[] {
  if (type === "goal_gate.redirected") return [`redirected: ${JSON.stringify(data)}`];
  if (type !== "edge.selected") return [];
  const { to, rule } = data as EntryData<"edge.selected">;
  return [`${stage} -> ${to} (${rule})`];
}

function describeEnd({ type, stage, attempt, data }: JournalEntry): string {
  const { outcome } = data as EntryData<"stage.succeeded">;
  return `${stage} ${type} ${outcome.status} ${attempt ?? ""}`.trimEnd();
}
