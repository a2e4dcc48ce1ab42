import type { EntryData, EntryType } from "./catalogue.ts";

/** Who caused an entry: the command and the person or program that gave it. */
export interface Cause {
  readonly commandId: string;
  readonly actor: string;
}

/** An entry as a turn writes it; the store numbers it. */
export interface NewEntry<T extends EntryType = EntryType> {
  readonly type: T;
  readonly branch?: string;
  /** Stage address, `<branchPath>/<node>@<visit>`. */
  readonly stage?: string;
  readonly attempt?: number;
  /** `<stage>#<attempt>.<start>`. */
  readonly execution?: string;
  readonly data: EntryData<T>;
  readonly cause?: Cause;
}

/** An entry of the journal. `at` is epoch ms inside; RFC 3339 in CLI and HTTP output. */
export interface JournalEntry<T extends EntryType = EntryType> extends NewEntry<T> {
  readonly runId: string;
  /** From 1, gapless per run. */
  readonly seq: number;
  /** Store-wide, in commit order. */
  readonly gseq: number;
  /** Seq of the last entry of the turn that wrote this one. */
  readonly turn: number;
  readonly at: number;
  /** Version of the data's schema. */
  readonly v: number;
}
