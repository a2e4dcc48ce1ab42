/** The joins of a run's parallel stages and what was decided, page by page. */
import { readBranchAddress, readStageAddress } from "../../../journal/address.ts";
import type { JournalEntry } from "../../../journal/entry.ts";
import type { FoldState } from "../../../journal/fold/state.ts";
import type { JoinView } from "../../../journal/run-view.ts";
import { ActivationRows } from "../../../journal/view/activation-rows.ts";
import type { Store } from "../../../persistence/store.ts";
import { instant } from "../runs.ts";
import { followFold } from "./follow-fold.ts";
import { type PageQuery, readWindow } from "./paging.ts";

export interface JoinsQuery extends PageQuery {
  /** As it was then; a seq, rounded down to a complete turn. */
  readonly at?: number | undefined;
}

/** A row of the run view, and what led to it and came of it. */
export interface JoinRow extends JoinView {
  /** The branch that fanned out. */
  readonly branch: string;
  /** How the join was found. */
  readonly rule: string;
  /** Branches. */
  readonly total: number;
  readonly maxParallel: number;
  /** Branches that ended after the decision, or were cut by it. */
  readonly superseded: number;
  readonly decidedAt?: string;
  /** The word the stage ends with, where the decision takes one branch's end as it is. */
  readonly status?: string;
  /** How the parallel stage ended. */
  readonly ended?: "succeeded" | "failed" | "skipped" | "cancelled";
}

export interface JoinsPage {
  readonly runId: string;
  readonly seq: number;
  /** In the order the branches were fanned out. */
  readonly joins: readonly JoinRow[];
  readonly joinsTotal: number;
  readonly cursor?: string;
}

/** A page of a run's joins. *Throws* `run_not_found`, `usage`. */
export async function joinsOf(store: Store, runId: string, query: JoinsQuery = {}): Promise<JoinsPage> {
  const { from, limit } = readWindow(query);
  const listed = new Map<string, Listed>();
  let begun = 0;
  const state = await followFold(store, { runId, at: query.at }, (entry, after) => {
    if (entry.type === "parallel.started") {
      if (begun >= from && begun < from + limit) begin(listed, entry as JournalEntry<"parallel.started">);
      begun += 1;
    }
    const join = listed.get(activationNamed(entry) ?? "");
    if (join) follow(join, entry, after);
  });
  const next = from + limit;
  return {
    runId,
    seq: state.seq,
    joins: [...listed.values()].flatMap(rowOf),
    joinsTotal: begun,
    ...(begun > next ? { cursor: String(next) } : {}),
  };
}

interface Listed {
  readonly activation: string;
  readonly rows: ActivationRows;
  more: Omit<JoinRow, keyof JoinView>;
}

function begin(listed: Map<string, Listed>, { data }: JournalEntry<"parallel.started">): void {
  const { activation, joinRule, branches, maxParallel } = data;
  const branch = readStageAddress(activation)?.branch ?? "";
  const more = { branch, rule: joinRule, total: branches.length, maxParallel, superseded: 0 };
  listed.set(activation, { activation, rows: new ActivationRows(), more });
}

const ENDS: Readonly<Record<string, JoinRow["ended"]>> = {
  "stage.succeeded": "succeeded",
  "stage.failed": "failed",
  "stage.skipped": "skipped",
  "stage.cancelled": "cancelled",
};

function follow(join: Listed, entry: JournalEntry, after: FoldState): void {
  join.rows.follow(entry, after);
  const ended = ENDS[entry.type];
  if (ended !== undefined) join.more = { ...join.more, ended };
  if (entry.type === "branch.superseded") join.more = { ...join.more, superseded: join.more.superseded + 1 };
  if (entry.type !== "join.decided") return;
  const { status } = (entry as JournalEntry<"join.decided">).data;
  join.more = { ...join.more, decidedAt: instant(entry.at), ...(status === undefined ? {} : { status }) };
}

/** What ends inside a branch tells of the join around it, too. */
function rowOf({ activation, rows, more }: Listed): JoinRow[] {
  const own = rows.joins().filter((join) => join.activation === activation);
  return own.map((join) => ({ ...join, ...more }));
}

/** The activation that an entry begins, decides or ends, or of which it begins or ends a branch. */
function activationNamed(entry: JournalEntry): string | undefined {
  const { activation } = entry.data as { readonly activation?: string };
  if (activation !== undefined) return activation;
  if (entry.type.startsWith("branch.") && entry.branch !== undefined)
    return readBranchAddress(entry.branch)?.activation;
  return entry.stage;
}
