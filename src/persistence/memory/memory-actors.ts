/** Actors and the versions of their snapshots. */
import type { PreparedTurn } from "../prepare-turn.ts";
import type { ActorRow, Topics } from "../store.ts";
import { inTextOrder } from "../text-order.ts";
import { isLiveAt, type Life, newestAt } from "./versions.ts";

interface ActorHistory {
  readonly lives: Life[];
  readonly versions: { readonly seq: number; readonly machine: string; readonly snapshot: string }[];
}

export class MemoryActors {
  readonly #all = new Map<string, ActorHistory>();
  readonly #live = new Map<string, ActorHistory>();

  write({ actors, lastSeq }: PreparedTurn): void {
    for (const write of actors) {
      if ("ended" in write) this.#end(write.actor, lastSeq);
      else
        this.#begin(write.actor, lastSeq).versions.push({
          seq: lastSeq,
          machine: write.machine,
          snapshot: write.snapshot,
        });
    }
  }

  #begin(actor: string, born: number): ActorHistory {
    const history = this.#all.get(actor) ?? { lives: [], versions: [] };
    if (!this.#live.has(actor)) history.lives.push({ born, until: Number.POSITIVE_INFINITY });
    this.#all.set(actor, history);
    this.#live.set(actor, history);
    return history;
  }

  #end(actor: string, seq: number): void {
    const life = this.#live.get(actor)?.lives.at(-1);
    if (life !== undefined) life.until = seq;
    this.#live.delete(actor);
  }

  /** Newest versions of the actors that lived at `atSeq` (absent: live now). */
  read({ actor, atSeq }: Omit<Topics["checkpoints"]["query"], "runId">): ActorRow[] {
    const candidates = atSeq === undefined ? this.#live : this.#all;
    const at = atSeq ?? Number.MAX_SAFE_INTEGER;
    return inTextOrder(candidates).flatMap(([name, { lives, versions }]) => {
      if ((actor !== undefined && actor !== name) || !lives.some((life) => isLiveAt(life, at))) return [];
      const version = newestAt(versions, at);
      return version === undefined ? [] : [{ actor: name, ...version }];
    });
  }
}
