/** Steps of actors that wait for one client: the newest ones within bounds, and how many were lost before them. */
import { INSPECTIONS_BYTES_MAX, INSPECTIONS_KEPT_MAX } from "../../limits.ts";
import type { Inspection } from "../../runtime/inspection/inspection.ts";
import { instant } from "../../runtime/queries/runs.ts";
import { encodeEvent } from "./encode.ts";
import type { Piece } from "./feed.ts";

interface Waiting extends Piece {
  readonly step: Inspection;
}

/** Encoded once for all clients: the feed hands each of them the same object. */
const encoded = new WeakMap<Inspection, Uint8Array>();

export class StepQueue {
  #waiting: Waiting[] = [];
  #bytes = 0;
  #last = 0;
  /** Before the first that waits. */
  #dropped = 0;
  /** Before the next that comes. */
  #owed = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  push(next: Inspection): void {
    const step = this.#owed === 0 ? next : { ...next, dropped: (next.dropped ?? 0) + this.#owed };
    this.#owed = 0;
    const bytes = encodeStep(step);
    this.#last += 1;
    this.#waiting.push({ id: this.#last, bytes, step });
    this.#bytes += bytes.byteLength;
    while (this.#isFull()) this.#drop();
  }

  /** Of a step that is not wanted: what was lost before it is said by the next. */
  passOver({ dropped = 0 }: Inspection): void {
    this.#owed += dropped;
  }

  /** Oldest first; asked again, the same. */
  peek(): readonly Piece[] {
    const [first, ...rest] = this.#waiting;
    if (!first || this.#dropped === 0) return this.#waiting;
    const { step, id } = first;
    return [{ id, bytes: encodeStep({ ...step, dropped: (step.dropped ?? 0) + this.#dropped }) }, ...rest];
  }

  /** Up to this one they have been handed on. */
  given(id: number): void {
    const count = this.#waiting.findIndex((each) => each.id > id);
    const gone = this.#waiting.splice(0, count < 0 ? this.#waiting.length : count);
    if (gone.length > 0) this.#dropped = 0;
    for (const { bytes } of gone) this.#bytes -= bytes.byteLength;
  }

  /** One may be larger than all may be. */
  #isFull(): boolean {
    const { length } = this.#waiting;
    return length > INSPECTIONS_KEPT_MAX || (length > 1 && this.#bytes > INSPECTIONS_BYTES_MAX);
  }

  #drop(): void {
    const gone = this.#waiting.shift();
    this.#bytes -= gone?.bytes.byteLength ?? 0;
    this.#dropped += 1 + (gone?.step.dropped ?? 0);
  }
}

/** A step as it is shown outside: `at` in RFC 3339. */
function encodeStep(step: Inspection): Uint8Array {
  const known = encoded.get(step);
  if (known) return known;
  const bytes = encodeEvent({ event: "step", data: { ...step, at: instant(step.at) } });
  encoded.set(step, bytes);
  return bytes;
}
