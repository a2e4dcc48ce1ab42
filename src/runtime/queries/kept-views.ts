/**
 * Views of runs that are looked at again and again: what was read of a journal is kept, so that the next look reads only
 * what is new. For whoever answers many, such as a server.
 */
import { createViewBuilder, type RunView, type ViewBuilder } from "../../journal/run-view.ts";
import type { RunRow, Store } from "../../persistence/store.ts";
import { findRun } from "./find-run.ts";
import { withoutDeadOwner } from "./is-driven.ts";
import { journalPages } from "./journal-pages.ts";
import { goalGatesOf, withForks } from "./view.ts";

/** The ones looked at last. */
const KEPT_MAX = 32;

interface Kept {
  readonly builder: ViewBuilder;
  /** Read up to here. */
  seq: number;
}

export class KeptViews {
  readonly #store: Store;
  readonly #kept = new Map<string, Kept>();
  /** One reading of a run at a time: each goes on where the one before it ended. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The view of a run as it stands at epoch ms `now`: the same as `viewOf` gives. *Throws* `run_not_found`. */
  async read(runId: string, now: number): Promise<RunView> {
    const before = this.#underWay.get(runId) ?? Promise.resolve();
    const mine = before.then(() => this.#read(runId, now));
    const settled = mine.catch(() => {});
    this.#underWay.set(runId, settled);
    try {
      return await mine;
    } finally {
      if (this.#underWay.get(runId) === settled) this.#underWay.delete(runId);
    }
  }

  async #read(runId: string, now: number): Promise<RunView> {
    const run = await findRun(this.#store, runId);
    const kept = await this.#keptOf(run);
    try {
      for await (const page of journalPages(this.#store, { runId, after: kept.seq, until: run.seq })) {
        for (const entry of page) kept.builder.push(entry);
        kept.seq = page.at(-1)?.seq ?? kept.seq;
      }
    } catch (failure) {
      // Nobody knows how much of it was taken in.
      this.#kept.delete(runId);
      throw failure;
    }
    const view = withoutDeadOwner(await withForks(this.#store, kept.builder.view({ run, now })));
    // The next reading must not move what this one has given away.
    return structuredClone(view);
  }

  async #keptOf(run: RunRow): Promise<Kept> {
    const kept = this.#kept.get(run.runId) ?? (await this.#begin(run));
    // Last in the order in which they are forgotten.
    this.#kept.delete(run.runId);
    this.#kept.set(run.runId, kept);
    if (this.#kept.size > KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value as string);
    return kept;
  }

  async #begin(run: RunRow): Promise<Kept> {
    const gates = await goalGatesOf(this.#store, run);
    return { builder: createViewBuilder({ isGoalGate: (node) => gates.has(node) }), seq: 0 };
  }
}
