import type { FoldCounts, FoldState } from "./state.ts";

type MapOf<T> = T extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never;
/** Fields of the state that are Maps. */
export type MapField = {
  [K in keyof FoldState]-?: FoldState[K] extends ReadonlyMap<unknown, unknown> ? K : never;
}[keyof FoldState];

/**
 * A state while entries are folded into it: copy on write, so that who holds an earlier state never sees it move.
 *
 * Records inside Maps are replaced, never changed; Maps are copied the first time they are written to and then kept as
 * the draft's own until {@link FoldDraft.release} hands the state out. A run of entries thus costs one copy per Map.
 */
export class FoldDraft {
  #state: FoldState;
  #own = new WeakSet<object>();

  constructor(state: FoldState) {
    this.#state = { ...state };
  }

  /** As it is now. Not to be kept: it moves with the next write. */
  get state(): FoldState {
    return this.#state;
  }

  /** Hands the state out for good; later writes go to copies. */
  release(): FoldState {
    const released = this.#state;
    this.#state = { ...released };
    this.#own = new WeakSet();
    return released;
  }

  /** Sets fields; `undefined` removes one. */
  set(patch: { readonly [K in keyof FoldState]?: FoldState[K] | undefined }): void {
    for (const [field, value] of Object.entries(patch)) {
      if (value === undefined) delete (this.#state as unknown as Record<string, unknown>)[field];
      else (this.#state as unknown as Record<string, unknown>)[field] = value;
    }
  }

  /** A Map of the state, to be written to. */
  map<K extends MapField>(field: K): MapOf<FoldState[K]> {
    const current = this.#state[field] as unknown as MapOf<FoldState[K]> & ReadonlyMap<unknown, unknown>;
    if (this.#own.has(current)) return current;
    const copy = this.#claim(new Map(current as ReadonlyMap<unknown, unknown>)) as unknown as MapOf<FoldState[K]>;
    this.set({ [field]: copy });
    return copy;
  }

  /** A Map inside a Map of the state, to be written to; made when there is none. */
  inner<K extends "visits" | "context">(
    field: K,
    key: string,
  ): MapOf<MapOf<FoldState[K]> extends Map<string, infer V> ? V : never> {
    const outer = this.map(field) as Map<string, ReadonlyMap<string, unknown>>;
    const current = outer.get(key);
    const owned = current && this.#own.has(current) ? current : this.#claim(new Map(current ?? []));
    outer.set(key, owned);
    return owned as never;
  }

  /** A Map that belongs to a record, to be written to. The caller puts it back into the record. */
  nested<K, V>(current: ReadonlyMap<K, V>): Map<K, V> {
    return this.#own.has(current) ? (current as Map<K, V>) : this.#claim(new Map(current));
  }

  /** Replaces a record of a Map, if it is there. */
  update<K extends MapField>(field: K, key: string, change: (record: RecordOf<K>) => RecordOf<K>): void {
    const record = (this.#state[field] as ReadonlyMap<string, unknown>).get(key) as RecordOf<K> | undefined;
    if (record === undefined) return;
    (this.map(field) as Map<string, RecordOf<K>>).set(key, change(record));
  }

  count<K extends "stages" | "branches">(what: K, word: keyof FoldCounts[K]): void {
    const { counts } = this.#state;
    const group = counts[what] as Readonly<Record<PropertyKey, number>>;
    this.set({ counts: { ...counts, [what]: { ...group, [word]: (group[word as string] ?? 0) + 1 } } });
  }

  tick(what: Exclude<keyof FoldCounts, "stages" | "branches">): void {
    const { counts } = this.#state;
    this.set({ counts: { ...counts, [what]: counts[what] + 1 } });
  }

  #claim<T extends object>(map: T): T {
    this.#own.add(map);
    return map;
  }
}

type RecordOf<K extends MapField> = FoldState[K] extends ReadonlyMap<string, infer V> ? V : never;
