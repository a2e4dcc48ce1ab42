/** A run's whole journal, page by page, past entries that cannot be read. */
import { isSafepointError, messageOf } from "../errors.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { Store } from "./store.ts";

/** Entries in one page: few enough that a page does not hold up the event loop for long. */
const PAGE_ENTRIES = 1000;
/** Beyond this many, a journal is not read on: the first ones say enough. */
const UNREADABLE_MAX = 20;

export interface UnreadableEntry {
  readonly runId: string;
  readonly seq: number;
  readonly what: "entry";
  readonly message: string;
}

export async function readRunJournal(
  store: Store,
  runId: string,
  lastSeq: number,
): Promise<{ readonly entries: readonly JournalEntry[]; readonly unreadable: readonly UnreadableEntry[] }> {
  const entries: JournalEntry[] = [];
  const unreadable: UnreadableEntry[] = [];
  let after = 0;
  let limit = PAGE_ENTRIES;
  while (after < lastSeq && unreadable.length < UNREADABLE_MAX) {
    try {
      const page = await store.read("journal", { runId, after, limit });
      const last = page.at(-1);
      if (last === undefined) break;
      entries.push(...page);
      after = last.seq;
      limit = PAGE_ENTRIES;
    } catch (error) {
      const seq = seqOfInvalid(error);
      if (seq === undefined) throw error;
      // What stands before the bad entry is read once more, up to it.
      if (seq > after + 1 && limit !== seq - after - 1) limit = seq - after - 1;
      else {
        unreadable.push({ runId, seq, what: "entry", message: messageOf(error) });
        after = seq;
        limit = PAGE_ENTRIES;
      }
    }
  }
  return { entries, unreadable };
}

function seqOfInvalid(error: unknown): number | undefined {
  if (!isSafepointError(error) || error.code !== "journal_entry_invalid") return undefined;
  const { seq } = error.details;
  return typeof seq === "number" ? seq : undefined;
}
