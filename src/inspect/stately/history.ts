import { INSPECTIONS_KEPT_MAX } from "../../limits.ts";
import type { Inspection } from "../../runtime/inspection/inspection.ts";

/** What a page that opens later is shown: how the live actors are, and the newest steps. Places count from 0, for ever. */
export class StatelyHistory {
  readonly #steps: Inspection[] = [];
  /** Newest steps of live actors that are no longer among the newest of all. */
  readonly #live = new Map<string, Inspection>();
  #forgotten = 0;

  /** Of the oldest step that is kept. */
  get first(): number {
    return this.#forgotten;
  }

  /** Of the next step. */
  get next(): number {
    return this.#forgotten + this.#steps.length;
  }

  /** Actors whose last step is before the oldest that is kept. */
  get earlier(): Iterable<Inspection> {
    return this.#live.values();
  }

  at(place: number): Inspection | undefined {
    return this.#steps[place - this.#forgotten];
  }

  add(step: Inspection): void {
    const key = keyOf(step);
    this.#live.delete(key);
    this.#steps.push(step);
    // In one go: taking one off the front of a list moves all others.
    if (this.#steps.length < INSPECTIONS_KEPT_MAX * 2) return;
    const last = new Map<string, Inspection>();
    for (const each of this.#steps.splice(0, INSPECTIONS_KEPT_MAX)) last.set(keyOf(each), each);
    this.#forgotten += INSPECTIONS_KEPT_MAX;
    const kept = new Set(this.#steps.map(keyOf));
    for (const [each, seen] of last)
      if (!kept.has(each) && seen.snapshot.status === "active") this.#live.set(each, seen);
  }
}

function keyOf({ runId, actor }: Inspection): string {
  return `${runId} ${actor}`;
}
