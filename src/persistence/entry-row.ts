/** A journal entry as the media hold it, and the way back: nothing read is taken on trust. */
import { messageOf, SafepointError } from "../errors.ts";
import type { JournalEntry } from "../journal/entry.ts";
import { parseEntry } from "../journal/parse-entry.ts";

export interface EntryRow {
  readonly runId: string;
  readonly seq: number;
  readonly gseq: number;
  readonly turn: number;
  readonly atMs: number;
  readonly type: string;
  readonly v: number;
  readonly branch: string | null;
  readonly stage: string | null;
  readonly attempt: number | null;
  readonly execution: string | null;
  readonly data: string;
  readonly commandId: string | null;
  readonly causeActor: string | null;
}

/** Throws `journal_entry_invalid`, naming run and seq, unless the row fits the event catalogue. */
export function readEntry(row: EntryRow): JournalEntry {
  return parseEntry({
    runId: row.runId,
    seq: row.seq,
    gseq: row.gseq,
    turn: row.turn,
    at: row.atMs,
    type: row.type,
    v: row.v,
    ...(row.branch === null ? {} : { branch: row.branch }),
    ...(row.stage === null ? {} : { stage: row.stage }),
    ...(row.attempt === null ? {} : { attempt: row.attempt }),
    ...(row.execution === null ? {} : { execution: row.execution }),
    data: readData(row),
    ...(row.commandId === null ? {} : { cause: { commandId: row.commandId, actor: row.causeActor ?? "" } }),
  });
}

function readData({ data, runId, seq, type }: EntryRow): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new SafepointError("journal_entry_invalid", `run ${runId}, seq ${seq} (${type}): ${messageOf(cause)}`, {
      details: { runId, seq, type },
      cause,
    });
  }
}
