/** What must come out the same however often the process dies: where a run went, what it came to, what it knows. */
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
  readonly failure: string;
}

const STAGE_ENDS: ReadonlySet<string> = new Set(["stage.succeeded", "stage.failed", "stage.skipped"]);

export async function summarize(store: Store, runId: string): Promise<Summary> {
  const { status } = await findRun(store, runId);
  const entries = await store.read("journal", { runId });
  return {
    status,
    context: await contextOf(store, runId),
    edges: entries.flatMap(describeEdge),
    ends: entries.filter(({ type }) => STAGE_ENDS.has(type)).map(describeEnd),
    failure: entries
      .filter(({ type }) => type === "run.failed")
      .map(({ data }) => JSON.stringify(data))
      .join(),
  };
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
