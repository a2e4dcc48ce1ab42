/** Rows of the stages list: followed entry by entry, because ended stages are not part of the folded state. */
import { LIST_ITEMS_MAX } from "../../limits.ts";
import { readExecution } from "../address.ts";
import type { JournalEntry } from "../entry.ts";
import { endedStatus, interruptedEnd } from "../fold/stages.ts";
import type { FoldState, StageFold } from "../fold/state.ts";
import { type AttemptStatus, type EndedStageStatus, isPassThrough, type StageStatus } from "../status.ts";
import { isPausing } from "./pausing.ts";
import type { AttemptView, StageView } from "./schema.ts";
import { toTime } from "./time.ts";

interface StageRow {
  readonly address: string;
  readonly node: string;
  readonly branch: string;
  readonly visit: number;
  readonly startedAtMs: number;
  kind?: string;
  attempt: number;
  attempts: AttemptView[];
  ended?: { readonly status: EndedStageStatus; readonly atMs: number };
  outcome?: {
    readonly status: string;
    readonly notes?: string | undefined;
    readonly failureReason?: string | undefined;
  };
}

/** A page of stage rows in the order the stages were entered. */
export class StageRows {
  readonly #rows = new Map<string, StageRow>();
  readonly #from: number;

  constructor(from: number) {
    this.#from = from;
  }

  /** Follows an entry: `before` is the stage it names as it was live before, `after` the state with the entry in it. */
  follow(entry: JournalEntry, before: StageFold | undefined, after: FoldState): void {
    if (entry.type === "run.forked") this.#inherit(after);
    if (entry.stage === undefined) return;
    const live = after.stages.get(entry.stage);
    if (!before && live) this.#add(live, after.counts.stages.begun - 1);
    const row = this.#rows.get(entry.stage);
    if (!row || !(before ?? live)) return;
    if (live?.kind !== undefined) row.kind = live.kind;
    this.#apply(row, entry, live);
  }

  rows(state: FoldState): StageView[] {
    return [...this.#rows.values()].map((row) => stageView(row, state));
  }

  /** A fork goes on with the stages that its base was at. */
  #inherit({ stages }: FoldState): void {
    const inOrder = [...stages.values()].sort((a, b) => a.bornSeq - b.bornSeq);
    for (const [index, stage] of inOrder.entries()) this.#add(stage, index);
  }

  #add(stage: StageFold, index: number): void {
    if (index < this.#from || this.#rows.size >= LIST_ITEMS_MAX) return;
    const { address, node, branch, visit, startedAtMs, kind, attempt } = stage;
    const row = { address, node, branch, visit, startedAtMs, attempt, attempts: [] };
    this.#rows.set(address, { ...row, ...(kind === undefined ? {} : { kind }) });
  }

  #apply(row: StageRow, entry: JournalEntry, live: StageFold | undefined): void {
    switch (entry.type) {
      case "stage.started":
        if (live?.execution) begin(row, live.execution.id, entry.at);
        return;
      case "stage.interrupted":
        close(row, { status: interruptedEnd(entry as JournalEntry<"stage.interrupted">), atMs: entry.at });
        return;
      case "stage.retry_scheduled": {
        const { outcome, abandoned } = (entry as JournalEntry<"stage.retry_scheduled">).data;
        const status = abandoned === true ? "abandoned" : "retried";
        close(row, { status, atMs: entry.at, failureReason: outcome.failureReason });
        return;
      }
      case "stage.succeeded":
      case "stage.failed":
      case "stage.skipped":
      case "stage.cancelled":
        end(row, entry as JournalEntry<"stage.succeeded" | "stage.failed" | "stage.skipped" | "stage.cancelled">);
    }
  }
}

function begin(row: StageRow, execution: string, atMs: number): void {
  const { attempt, start } = readExecution(execution) ?? { attempt: row.attempt + 1, start: 1 };
  row.attempt = attempt;
  row.attempts.push({
    n: attempt,
    status: "running",
    execution,
    startedAt: toTime(atMs),
    ...(start > 1 ? { rerun: true } : {}),
  });
  if (row.attempts.length > LIST_ITEMS_MAX) row.attempts.shift();
}

function close(
  row: StageRow,
  how: { readonly status: AttemptStatus; readonly atMs: number; readonly failureReason?: string | undefined },
): void {
  const open = row.attempts.at(-1);
  if (open?.status !== "running") return;
  const { status, atMs, failureReason } = how;
  row.attempts[row.attempts.length - 1] = {
    ...open,
    status,
    endedAt: toTime(atMs),
    ...(failureReason === undefined ? {} : { failureReason }),
  };
}

function end(
  row: StageRow,
  entry: JournalEntry<"stage.succeeded" | "stage.failed" | "stage.skipped" | "stage.cancelled">,
): void {
  const outcome = "outcome" in entry.data ? entry.data.outcome : undefined;
  const status = endedStatus(entry.type, outcome);
  const abandoned = "abandoned" in entry.data && entry.data.abandoned === true;
  const attempt = status === "failed" || status === "cancelled" ? status : "succeeded";
  close(row, {
    status: abandoned ? "abandoned" : attempt,
    atMs: entry.at,
    failureReason: status === "failed" ? outcome?.failureReason : undefined,
  });
  row.ended = { status, atMs: entry.at };
  if (outcome) row.outcome = { status: outcome.status, notes: outcome.notes, failureReason: outcome.failureReason };
}

function stageView(row: StageRow, state: FoldState): StageView {
  const { outcome, ended, startedAtMs, attempts, kind, ...identity } = row;
  const status = statusOf(row, state);
  return {
    ...identity,
    ...(kind === undefined ? {} : { kind }),
    status,
    // Left open by a run that ended around it: it was cut.
    attempts: state.stages.has(row.address) ? [...attempts] : attempts.map(cut),
    startedAt: toTime(startedAtMs),
    ...(ended ? { endedAt: toTime(ended.atMs) } : {}),
    ...(outcome ? { outcome: outcome.status } : {}),
    ...(outcome?.notes === undefined ? {} : { notes: outcome.notes }),
    ...(outcome?.failureReason === undefined ? {} : { failureReason: outcome.failureReason }),
  };
}

function cut(attempt: AttemptView): AttemptView {
  return attempt.status === "running" ? { ...attempt, status: "cancelled" } : attempt;
}

function statusOf(row: StageRow, state: FoldState): StageStatus {
  if (row.ended) return row.ended.status;
  const live = state.stages.get(row.address);
  if (!live) return isPassThrough(row.kind) ? "succeeded" : "cancelled";
  // An interrupted stage that needs nobody's word is only waiting for the run to go on.
  return isPausing(state) && live.interrupted?.policy === "retry" ? "held" : live.status;
}
