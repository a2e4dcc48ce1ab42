import type { JournalEntry } from "../../journal/entry.ts";
import { instant } from "./runs.ts";

/** An entry as it is shown outside: `at` in RFC 3339. Source: 05 "Journal entry". */
export type OutsideEntry = Omit<JournalEntry, "at"> & { readonly at: string };

export function outsideEntry(entry: JournalEntry): OutsideEntry {
  return { ...entry, at: instant(entry.at) };
}
