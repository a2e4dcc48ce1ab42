/** The inspection feed of one subscriber: which steps it wants, what waits for it, and how that is handed over. */
import { type HeldRun, kindOfActor, type LiveActor } from "../../actors/held-run.ts";
import { INSPECTIONS_KEPT_MAX } from "../../limits.ts";
import type { Inspection, InspectOptions } from "./inspection.ts";
import { type Seen, Sighting } from "./sighting.ts";

/** How long a subscriber is called in one go before everything else has its turn. Ms. */
const SLICE_MS = 4;

type Actors = ReadonlyMap<string, LiveActor>;
const NOBODY: Actors = new Map();

/** A committed turn as all feeds see it. */
export interface SeenTurn {
  readonly held: HeldRun;
  readonly seq: number;
  readonly at: number;
  readonly steps: readonly Sighting[];
  /** Actors that have ended in a turn whose steps were not noted, because nobody looked on when it was made. */
  readonly unseenEnds: readonly string[];
}

/** Neither may throw. */
export interface FeedTarget {
  readonly next: (inspection: Inspection) => void;
  readonly complete: () => void;
}

export class Feed {
  readonly #options: InspectOptions;
  readonly #target: FeedTarget;
  readonly #keep: number;
  /** From `#first` on; what is before has been handed over or dropped. */
  readonly #waiting: (Sighting | undefined)[] = [];
  #first = 0;
  #dropped = 0;
  /** Runs it knows; of those that have done nothing since, how it found their actors. */
  readonly #found = new WeakMap<HeldRun, Actors>();
  #isDue = false;
  #isEnding = false;
  #isClosed = false;

  constructor(options: InspectOptions, target: FeedTarget) {
    this.#options = options;
    this.#target = target;
    this.#keep = Math.max(1, options.keep ?? INSPECTIONS_KEPT_MAX);
  }

  wants(runId: string): boolean {
    return this.#options.runId === undefined || this.#options.runId === runId;
  }

  /** Shows the committed actors of a run that it has not met, but for those that a turn is about to show. */
  meet(held: HeldRun, at: number, turn?: SeenTurn): void {
    if (this.#found.has(held) || !this.wants(held.runId)) return;
    const stepping = new Set(turn?.steps.map(({ seen }) => seen.address));
    const found = [...held.actors].filter(([address]) => !held.unstored.has(address) && !stepping.has(address));
    this.#found.set(held, new Map(found));
    for (const [address, actor] of found) this.#see({ held, address, actor, seq: held.seq, at });
  }

  take(turn: SeenTurn): void {
    const { held, seq, at } = turn;
    if (!this.wants(held.runId)) return;
    this.meet(held, at, turn);
    for (const step of turn.steps) this.#put(step);
    for (const address of turn.unseenEnds) {
      const actor = this.#found.get(held)?.get(address);
      if (actor) this.#see({ held, address, actor, seq, at, isEnded: true });
    }
    this.#found.set(held, NOBODY);
  }

  #see({ held, ...seen }: Omit<Seen, "runId" | "event"> & { readonly held: HeldRun }): void {
    this.#put(new Sighting({ runId: held.runId, event: null, ...seen }));
  }

  #put(sighting: Sighting): void {
    const { address } = sighting.seen;
    const { actor, chart } = this.#options;
    if (this.#isClosed || (actor !== undefined && actor !== address)) return;
    if (chart !== undefined && chart !== kindOfActor(address)) return;
    this.#waiting.push(sighting);
    if (this.#waiting.length - this.#first > this.#keep) {
      this.#shift();
      this.#dropped += 1;
    }
    this.#due();
  }

  #shift(): Sighting | undefined {
    const sighting = this.#waiting[this.#first];
    this.#waiting[this.#first] = undefined;
    this.#first += 1;
    if (this.#first > this.#keep) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    return sighting;
  }

  /** Completes when what waits has been handed over. */
  end(): void {
    this.#isEnding = true;
    this.#due();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#first = 0;
  }

  /** A task of its own, behind what the driver has still to do in this one. */
  #due(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.#handOver());
  }

  #handOver(): void {
    this.#isDue = false;
    const endMs = performance.now() + SLICE_MS;
    for (let next = this.#shift(); next && !this.#isClosed; next = this.#shift()) {
      this.#target.next(this.#tell(next));
      if (performance.now() > endMs && this.#first < this.#waiting.length) return this.#due();
    }
    if (this.#isEnding && !this.#isClosed) this.#target.complete();
  }

  #tell({ inspection }: Sighting): Inspection {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped === 0 ? inspection : Object.freeze({ ...inspection, dropped });
  }
}
