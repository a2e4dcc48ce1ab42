import type { LiveActor } from "../../actors/held-run.ts";
import type { InspectedEvent, Inspection } from "./inspection.ts";

export interface Seen {
  readonly runId: string;
  readonly address: string;
  readonly actor: LiveActor;
  readonly event: InspectedEvent | null;
  readonly isEnded?: boolean;
  readonly seq: number;
  readonly at: number;
}

/** A step that was committed. What is told of it is made when somebody first takes it, once for all who do. */
export class Sighting {
  readonly seen: Seen;
  #told: Inspection | undefined;

  constructor(seen: Seen) {
    this.seen = seen;
  }

  get inspection(): Inspection {
    this.#told ??= this.#tell();
    return this.#told;
  }

  /** Copied: the driver goes on with the snapshot, and whoever looks on may do anything with what it is given. */
  #tell(): Inspection {
    const { runId, address, actor, event, isEnded, seq, at } = this.seen;
    const { value, context } = actor.snapshot;
    const snapshot = { status: isEnded ? "done" : "active", value, context };
    return freeze(structuredClone({ runId, actor: address, event, snapshot, seq, at })) as unknown as Inspection;
  }
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const below of Object.values(value)) freeze(below);
    Object.freeze(value);
  }
  return value;
}
