/** Rows of joins, containers and child runs. The first hundred of each are kept. */
import { LIST_ITEMS_MAX } from "../../limits.ts";
import { readBranchAddress, readStageAddress } from "../address.ts";
import type { JournalEntry } from "../entry.ts";
import { completedIterations } from "../fold/containers.ts";
import type { FoldState, ParallelFold } from "../fold/state.ts";
import type { ContainerView, JoinView, RunView } from "./schema.ts";

type ChildView = RunView["lineage"]["children"][number];

export class ActivationRows {
  readonly #joins = new Map<string, JoinView>();
  readonly #containers = new Map<string, ContainerView>();
  readonly #children = new Map<string, ChildView>();

  follow(entry: JournalEntry, after: FoldState): void {
    const { data } = entry as { readonly data: { readonly activation?: string; readonly child?: string } };
    if (entry.type === "run.forked") this.#inherit(entry, after);
    const activation =
      data.activation ?? (entry.branch === undefined ? undefined : readBranchAddress(entry.branch)?.activation);
    if (activation !== undefined) {
      const parallel = after.parallels.get(activation);
      if (parallel) keep(this.#joins, activation, () => joinView(parallel, entry, this.#joins.get(activation)));
      this.#followContainer(activation, after);
    }
    if (entry.type === "stage.succeeded" || entry.type === "stage.failed") {
      this.#followMerge(entry as JournalEntry<"stage.succeeded" | "stage.failed">);
    }
    if (data.child !== undefined) this.#followChild(data.child, entry, after);
  }

  joins(): JoinView[] {
    return [...this.#joins.values()];
  }

  containers(state: FoldState): ContainerView[] {
    return [...this.#containers.values()].map((row) =>
      state.containers.has(row.activation) ? row : { ...row, inFlight: 0 },
    );
  }

  children(): ChildView[] {
    return [...this.#children.values()];
  }

  /** A fork goes on with the activations that its base was in. */
  #inherit(entry: JournalEntry, after: FoldState): void {
    for (const [activation, parallel] of after.parallels) {
      keep(this.#joins, activation, () => joinView(parallel, entry, undefined));
    }
    for (const activation of after.containers.keys()) this.#followContainer(activation, after);
  }

  /** The end of a parallel node says what its join has merged. */
  #followMerge({ stage, data }: JournalEntry<"stage.succeeded" | "stage.failed">): void {
    const row = stage === undefined ? undefined : this.#joins.get(stage);
    if (!row || data.provenance === undefined) return;
    const merged = Object.entries(data.provenance).slice(0, LIST_ITEMS_MAX);
    this.#joins.set(row.activation, { ...row, provenance: Object.fromEntries(merged) });
  }

  #followContainer(activation: string, after: FoldState): void {
    const container = after.containers.get(activation);
    if (!container) return;
    const { kind, total, inFlight, failed } = container;
    keep(this.#containers, activation, () => ({
      activation,
      kind,
      branch: readStageAddress(activation)?.branch ?? "",
      ...(total === undefined ? {} : { total }),
      completed: completedIterations(container),
      inFlight: inFlight.length,
      failed,
    }));
  }

  #followChild(child: string, entry: JournalEntry, after: FoldState): void {
    const live = after.children.get(child);
    const known = this.#children.get(child);
    const stage = live?.stage ?? known?.stage;
    const ended = entry.type === "child.finished" ? (entry as JournalEntry<"child.finished">).data.status : undefined;
    const status = live ? (live.paused ? "paused" : "running") : ended;
    if (status === undefined || (!live && !known)) return;
    keep(this.#children, child, () => ({ runId: child, ...(stage === undefined ? {} : { stage }), status }));
  }
}

/** Sets a row that is kept already, or one more while there is room. */
function keep<V>(rows: Map<string, V>, key: string, make: () => V): void {
  if (rows.has(key) || rows.size < LIST_ITEMS_MAX) rows.set(key, make());
}

/** A branch that was cancelled by itself counts as failed; one that the decision left behind counts nowhere. */
function joinView(parallel: ParallelFold, entry: JournalEntry, known: JoinView | undefined): JoinView {
  const { activation, join, policy, errorPolicy, need, decided } = parallel;
  const identity = { activation, ...(join === undefined ? {} : { join }), policy, errorPolicy, need };
  if (decided && decided.seq === entry.seq) {
    const { succeeded, failed, open } = (entry as JournalEntry<"join.decided">).data;
    const { decision, seq, winners } = decided;
    return { ...identity, succeeded, failed, open, decision, decidedSeq: seq, winners: [...winners] };
  }
  if (known?.decision !== undefined) return known;
  const { succeeded, failed, cancelled, queued, running } = parallel.tally;
  // Of a fork: in the run it comes from.
  const before = decided ? { decision: decided.decision, winners: [...decided.winners] } : {};
  return { ...identity, succeeded, failed: failed + cancelled, open: queued + running, ...before };
}
