import type { JournalEntry } from "../journal/entry.ts";

/**
 * A journal as text, to compare two: one entry a line, byte for byte the same for the same seed. What is of the machine
 * and not of the run is left out: host and process id in `run.resumed`.
 */
export function journalText(entries: readonly JournalEntry[]): string {
  return entries.map((entry) => JSON.stringify(withoutMachine(entry))).join("\n");
}

function withoutMachine(entry: JournalEntry): JournalEntry {
  if (entry.type !== "run.resumed") return entry;
  return { ...entry, data: { ...(entry as JournalEntry<"run.resumed">).data, host: "host", pid: 0 } };
}
