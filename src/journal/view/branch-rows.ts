/** Rows of the branches, joins, containers and child runs: followed entry by entry, like the stages'. */
import { LIST_ITEMS_MAX } from "../../limits.ts";
import { formatBranch, isWithin, MAIN_BRANCH, parentBranch, readBranchAddress, readStageAddress } from "../address.ts";
import type { JournalEntry } from "../entry.ts";
import { framesOf, inFlightStages } from "../fold/queries.ts";
import { isCancelling } from "../fold/scopes.ts";
import type { BranchFold, FoldState } from "../fold/state.ts";
import type { BranchStatus, EndedBranchStatus } from "../status.ts";
import { isPausing } from "./pausing.ts";
import type { BranchView } from "./schema.ts";

interface BranchRow {
  readonly path: string;
  newest: BranchFold;
  ended?: EndedBranchStatus;
}

/** A page of branch rows in the order the branches began. */
export class BranchRows {
  readonly #rows = new Map<string, BranchRow>();
  readonly #from: number;

  constructor(from: number) {
    this.#from = from;
  }

  /** `before` is the branch the entry names as it was before it. */
  follow(entry: JournalEntry, before: BranchFold | undefined, after: FoldState): void {
    if (entry.type === "run.forked") this.#inherit(after);
    const path = branchNamed(entry);
    if (path === undefined) return;
    const live = after.branches.get(path);
    if (!before && live && !this.#rows.has(path)) this.#add(live, after.counts.branches.begun - 1);
    const row = this.#rows.get(path);
    if (!row) return;
    if (live) row.newest = live;
    else if (before) row.ended ??= endOf(entry, before);
  }

  rows(state: FoldState): BranchView[] {
    const busy = new Set(isPausing(state) ? inFlightStages(state).map((stage) => stage.branch) : []);
    return [...this.#rows.values()].map((row) => branchView(row, state, busy));
  }

  /** A fork goes on with the branches that its base had. */
  #inherit({ branches }: FoldState): void {
    const inOrder = [...branches.values()].sort((a, b) => a.bornSeq - b.bornSeq);
    for (const [index, branch] of inOrder.entries()) this.#add(branch, index);
  }

  #add(branch: BranchFold, index: number): void {
    if (index < this.#from || this.#rows.size >= LIST_ITEMS_MAX) return;
    this.#rows.set(branch.path, { path: branch.path, newest: branch });
  }
}

/** The branch that an entry begins, moves or ends. */
export function branchNamed(entry: JournalEntry): string | undefined {
  if (entry.type.startsWith("run.")) return MAIN_BRANCH;
  const data = entry.data as { readonly activation?: string; readonly index?: number };
  const begins = entry.type === "branch.started" || entry.type.startsWith("iteration.");
  if (begins && data.activation !== undefined && data.index !== undefined) {
    return formatBranch({ activation: data.activation, index: data.index });
  }
  if (entry.branch !== undefined) return entry.branch;
  return entry.stage === undefined ? undefined : readStageAddress(entry.stage)?.branch;
}

function endOf(entry: JournalEntry, before: BranchFold): EndedBranchStatus {
  const word = entry.type.slice(entry.type.indexOf(".") + 1);
  if (before.path === MAIN_BRANCH) return word === "failed" || word === "cancelled" ? word : "succeeded";
  return word === "succeeded" || word === "failed" || word === "superseded" ? word : "cancelled";
}

function branchView(row: BranchRow, state: FoldState, busy: ReadonlySet<string>): BranchView {
  const branch = state.branches.get(row.path) ?? row.newest;
  const parent = parentBranch(row.path);
  const index = readBranchAddress(row.path)?.index;
  const at = branch.stage === undefined ? undefined : readStageAddress(branch.stage);
  const frames = framesOf(state, row.path);
  return {
    path: row.path,
    branchRunId: branch.branchRunId,
    origin: branch.origin,
    ...(parent === undefined ? {} : { parent }),
    ...(index === undefined ? {} : { index }),
    status: statusOf(row, state, busy),
    ...(at === undefined ? {} : { node: at.node, visit: at.visit }),
    ...(frames.length === 0 ? {} : { frames: [...frames] }),
  };
}

function statusOf(row: BranchRow, state: FoldState, busy: ReadonlySet<string>): BranchStatus {
  if (!state.branches.has(row.path)) return row.ended ?? "cancelled";
  if (isCancelling(state, row.path)) return "cancelling";
  if (!isPausing(state)) return "running";
  for (const path of busy) if (isWithin(path, row.path)) return "pausing";
  return "paused";
}
