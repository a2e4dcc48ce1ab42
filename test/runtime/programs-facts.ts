/** What the journal of a run says of its branches and stages, in the words of the oracle. */
import type { JsonValue } from "../../src/index.ts";
import { readBranchAddress } from "../../src/journal/address.ts";
import type { EntryData, EntryType } from "../../src/journal/catalogue.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import type { Facts } from "../../src/testing/random-program-prediction.ts";

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

/** The orders of ends, for where they decide, and what somebody cancelled. */
export function factsOf(entries: readonly JournalEntry[], news = branchNews(entries)): Facts {
  const orders = new Map<string, number[]>();
  const cancelled = new Set(entries.flatMap(cancelledPart));
  for (const { activation, index, what, path } of news) {
    const order = orders.get(activation) ?? [];
    orders.set(activation, order);
    // One that was cancelled by itself counts; one that went down with others does not.
    if (what === "ended" || (what === "lost" && cancelled.has(path))) order.push(index);
  }
  return { endsOf: (activation) => orders.get(activation), cancelled };
}

/** The branch, or the activation, that a command was accepted to cancel. */
function cancelledPart({ type, branch, stage, data }: JournalEntry): string[] {
  if (type !== "control.accepted" || (data as EntryData<"control.accepted">).verb !== "cancel") return [];
  return stage !== undefined ? [stage] : branch !== undefined ? [branch] : [];
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
