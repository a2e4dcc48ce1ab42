/** What the journal of a run says of its branches and stages, in the words of the oracle. */
import type { JsonValue } from "../../src/index.ts";
import { readBranchAddress } from "../../src/journal/address.ts";
import type { EntryData, EntryType } from "../../src/journal/catalogue.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import type { Facts } from "../../src/testing/random-program-oracle.ts";

/** A branch of a parallel or an iteration, as an entry is about it. */
export interface BranchNews {
  readonly path: string;
  readonly activation: string;
  readonly index: number;
  readonly seq: number;
  readonly turn: number;
  readonly what: "started" | "ended" | "lost";
}

const NEWS: Readonly<Partial<Record<EntryType, BranchNews["what"]>>> = {
  "branch.started": "started",
  "iteration.started": "started",
  "branch.succeeded": "ended",
  "branch.failed": "ended",
  "branch.cancelled": "lost",
  "iteration.succeeded": "ended",
  "iteration.failed": "ended",
  "branch.superseded": "lost",
  "iteration.cancelled": "lost",
};

export function branchNews(entries: readonly JournalEntry[]): readonly BranchNews[] {
  return entries.flatMap((entry) => {
    const what = NEWS[entry.type];
    if (what === undefined) return [];
    const { seq, turn } = entry;
    const given = entry.data as { readonly activation?: string; readonly index?: number };
    const place =
      given.activation !== undefined && given.index !== undefined ? given : readBranchAddress(entry.branch ?? "");
    const { activation = "", index = -1 } = place ?? {};
    return [{ path: `${activation}/${index}`, activation, index, seq, turn, what }];
  });
}

/** The orders of ends, for where they decide. */
export function factsOf(news: readonly BranchNews[]): Facts {
  const orders = new Map<string, number[]>();
  for (const { activation, index, what } of news) {
    const order = orders.get(activation) ?? [];
    orders.set(activation, order);
    if (what === "ended") order.push(index);
  }
  return { endsOf: (activation) => orders.get(activation) };
}

/** The end of a stage that is not there to route only. */
export interface StageEnd {
  readonly stage: string;
  readonly branch: string;
  readonly status: string;
  readonly attempt: number;
  readonly turn: number;
}

const ENDS: ReadonlySet<string> = new Set<EntryType>(["stage.succeeded", "stage.failed", "stage.skipped"]);
const ROUTING: ReadonlySet<string | undefined> = new Set(["start", "exit", "conditional"]);

export function stageEnds(entries: readonly JournalEntry[]): readonly StageEnd[] {
  return entries.flatMap(({ type, stage, branch = "", attempt = 0, turn, data }) => {
    if (!ENDS.has(type) || stage === undefined) return [];
    const { outcome, kind } = data as EntryData<"stage.succeeded">;
    return ROUTING.has(kind) ? [] : [{ stage, branch, status: outcome.status, attempt, turn }];
  });
}

/** As the oracle has results: of the outcome of a branch, its status. */
export function asPredicted(value: JsonValue): JsonValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(asPredicted);
  const object = value as Readonly<Record<string, JsonValue>>;
  const isResult = "outcome" in object && "context" in object && "id" in object;
  return Object.fromEntries(
    Object.entries(object).map(([key, part]) => {
      if (!isResult || key !== "outcome") return [key, asPredicted(part)];
      return [key, (part as { readonly status: string } | null)?.status ?? null];
    }),
  );
}
