/** The branches of a run, ended ones too, page by page. */
import { isWithin } from "../../../journal/address.ts";
import type { JournalEntry } from "../../../journal/entry.ts";
import type { BranchFold, FoldState } from "../../../journal/fold/state.ts";
import type { BranchView } from "../../../journal/run-view.ts";
import type { BranchStatus } from "../../../journal/status.ts";
import { BranchRows, branchNamed } from "../../../journal/view/branch-rows.ts";
import type { Store } from "../../../persistence/store.ts";
import { followFold } from "./follow-fold.ts";
import { type PageQuery, readWindow } from "./paging.ts";

export interface BranchesQuery extends PageQuery {
  /** Only with one of these. */
  readonly status?: readonly BranchStatus[] | undefined;
  /** Only this branch, or those of this activation, and what is below. */
  readonly within?: string | undefined;
  /** As it was then; a seq, rounded down to a complete turn. */
  readonly at?: number | undefined;
}

export interface BranchesPage {
  readonly runId: string;
  /** Of the run as it is told here. */
  readonly seq: number;
  /** In the order they began. */
  readonly branches: readonly BranchView[];
  /** How many fit the query, on all pages. */
  readonly branchesTotal: number;
  /** How many there are of each status, among those that may be listed whatever their status. */
  readonly counts: Readonly<Partial<Record<BranchStatus, number>>>;
  /** Where the next page begins; absent on the last one. */
  readonly cursor?: string;
}

/** A page of a run's branches. Memory is O(live) and a page. *Throws* `run_not_found`, `usage`. */
export async function branchesOf(store: Store, runId: string, query: BranchesQuery = {}): Promise<BranchesPage> {
  const listing = new Listing(query);
  const state = await followFold(store, { runId, at: query.at }, (...seen) => listing.follow(...seen));
  return { runId, seq: state.seq, ...listing.page(state) };
}

interface Candidate {
  readonly path: string;
  /** Place among all branches, in the order they began. */
  readonly place: number;
  readonly rows: BranchRows;
}

/** Branches that may be on the page: all that are live, because only their end tells, and the first of the ended ones. */
class Listing {
  readonly #query: BranchesQuery;
  readonly #window: ReturnType<typeof readWindow>;
  readonly #live = new Map<string, Candidate>();
  readonly #ended: { readonly place: number; readonly row: BranchView }[] = [];
  #begun = 0;
  #endedTotal = 0;
  readonly #counts: Partial<Record<BranchStatus, number>> = {};

  constructor(query: BranchesQuery) {
    this.#query = query;
    this.#window = readWindow(query);
  }

  follow(entry: JournalEntry, after: FoldState, before: BranchFold | undefined): void {
    const path = branchNamed(entry);
    // A fork goes on with branches that began in another run.
    if (entry.type === "run.forked") for (const each of after.branches.keys()) this.#begin(each);
    else if (path !== undefined && after.branches.has(path)) this.#begin(path);
    const candidate = path === undefined ? undefined : this.#live.get(path);
    if (!candidate) return;
    candidate.rows.follow(entry, before, after);
    if (!after.branches.has(candidate.path)) this.#end(candidate, after);
  }

  page(state: FoldState): Pick<BranchesPage, "branches" | "branchesTotal" | "counts" | "cursor"> {
    const counts = { ...this.#counts };
    const live = [...this.#live.values()].flatMap(({ path, place, rows }) => {
      const row = rowOf(rows, path, state);
      if (row) count(counts, row);
      return row && this.#fits(row) ? [{ place, row }] : [];
    });
    const { from, limit } = this.#window;
    const listed = [...this.#ended, ...live.filter(({ place }) => place >= from)].sort((a, b) => a.place - b.place);
    const shown = listed.slice(0, limit);
    const last = shown.at(-1);
    return {
      branches: shown.map(({ row }) => row),
      branchesTotal: this.#endedTotal + live.length,
      counts,
      ...(listed.length > limit && last ? { cursor: String(last.place + 1) } : {}),
    };
  }

  #begin(path: string): void {
    if (this.#live.has(path)) return;
    const { within } = this.#query;
    const place = this.#begun;
    this.#begun += 1;
    if (within === undefined || isWithin(path, within)) this.#live.set(path, { path, place, rows: new BranchRows(0) });
  }

  #end({ path, place, rows }: Candidate, after: FoldState): void {
    this.#live.delete(path);
    const row = rowOf(rows, path, after);
    if (row) count(this.#counts, row);
    if (!row || !this.#fits(row)) return;
    this.#endedTotal += 1;
    const { from, limit } = this.#window;
    const ended = this.#ended;
    const last = ended.at(-1);
    // One more than a page tells whether there is a next one. Branches mostly end in the order they began.
    const isFull = last !== undefined && ended.length > limit;
    if (place < from || (isFull && place > last.place)) return;
    ended.push({ place, row });
    if (last !== undefined && place < last.place) ended.sort((a, b) => a.place - b.place);
    if (isFull) ended.pop();
  }

  #fits(row: BranchView): boolean {
    const { status = [] } = this.#query;
    return status.length === 0 || status.includes(row.status);
  }
}

function rowOf(rows: BranchRows, path: string, state: FoldState): BranchView | undefined {
  return rows.rows(state).find((row) => row.path === path);
}

function count(counts: Partial<Record<BranchStatus, number>>, { status }: BranchView): void {
  counts[status] = (counts[status] ?? 0) + 1;
}
