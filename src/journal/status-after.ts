/** What entries about a run make of its status, for those who follow a journal without folding it. */
import type { EntryType } from "./catalogue.ts";
import type { RunStatus } from "./status.ts";

/** The status that an entry moves its run to. */
export const STATUS_AFTER: Readonly<Partial<Record<EntryType, RunStatus>>> = {
  "run.queued": "queued",
  "run.started": "running",
  "run.continued": "running",
  "run.pausing": "pausing",
  "run.paused": "paused",
  "run.cancelling": "cancelling",
  "run.cancelled": "cancelled",
  "run.completed": "completed",
  "run.failed": "failed",
};
