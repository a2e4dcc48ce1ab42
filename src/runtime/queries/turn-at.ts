import { SafepointError } from "../../errors.ts";
import type { RunRow, Store } from "../../persistence/store.ts";
import { journalPages } from "./journal-pages.ts";

/** A point of a run's history that was asked for, and the end of the complete turn at or before it. */
export interface TurnAt {
  readonly asked: number;
  readonly used: number;
}

/**
 * Rounds a seq down to the end of a complete turn: within a turn there is no state.
 * *Throws* `usage` when the seq is none, or lies before the end of the run's first turn. Source: 03 §9.
 */
export async function turnAt(store: Store, run: RunRow, asked: number): Promise<TurnAt> {
  if (!Number.isSafeInteger(asked) || asked < 1) {
    throw new SafepointError("usage", `expected a seq from 1, found ${asked}`, { details: { at: asked } });
  }
  if (asked >= run.seq) return { asked, used: run.seq };
  for await (const page of journalPages(store, { runId: run.runId, until: asked, descending: true })) {
    const end = page.find((entry) => entry.turn === entry.seq);
    if (end) return { asked, used: end.seq };
  }
  throw new SafepointError("usage", `seq ${asked} lies within the first turn of run "${run.runId}"`, {
    details: { runId: run.runId, at: asked, hint: "ask for a later seq; `safepoint events` shows where turns end" },
  });
}
