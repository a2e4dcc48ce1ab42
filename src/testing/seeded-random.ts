/** Chance that a seed decides. */
import type { Random } from "../actors/clock.ts";

export interface SeededRandom extends Random {
  readonly seed: number;
  /** From 0, below 1. */
  fraction(): number;
  /** A whole number from 0, below `below`. */
  integer(below: number): number;
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number;
  /** True in `probability` of the cases. */
  chance(probability: number): boolean;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** Another source, decided by this seed and the name, that takes nothing from this one. */
  fork(name: string): SeededRandom;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** The same seed, the same numbers and ids, on every machine. For tests: it is no cryptography. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  let ids = 0;
  // One step of a 32-bit generator with a full period: an odd increment, then two rounds of mixing.
  const fraction = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
  const integer = (below: number): number => Math.floor(fraction() * below);
  return {
    seed,
    fraction,
    integer,
    between: (min, max) => min + integer(max - min + 1),
    chance: (probability) => fraction() < probability,
    pick: (list) => list[integer(list.length)] as (typeof list)[number],
    fork: (name) => seededRandom(hash(name, seed)),
    /** Sortable by the order they were made in, as those of a running system are by time. */
    id() {
      ids += 1;
      const head = ids.toString(32).padStart(10, "0");
      const tail = Array.from({ length: 10 }, () => ALPHABET[integer(32)]).join("");
      return head + tail;
    },
  };
}

function hash(text: string, seed: number): number {
  let value = (seed ^ 0x5bd1e995) >>> 0;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) as number), 0x01000193) >>> 0;
  return value;
}
