import { MAIN_BRANCH, parseStageAddress } from "../../journal/address.ts";
import type { EntryData, EntryType } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { isPassThrough } from "../../journal/status.ts";
import { printable } from "../text/printable.ts";
import { formatClock, formatSpan } from "../text/times.ts";

type Says = { readonly [T in EntryType]?: (data: EntryData<T>, entry: JournalEntry) => string };

/** What a line says of an entry, in words that stay the same from release to release; entries without a word have no line. */
const WORDS: Says = {
  "run.created": (data) => `created (${data.pipeline.name})`,
  "run.queued": () => "queued",
  "run.started": () => "started",
  "run.resumed": (data) => `resumed (epoch ${data.resumeEpoch}, ${data.host}:${data.pid})`,
  "run.pausing": (data) => `pausing (${data.mode}, ${data.draining.length} in flight)`,
  "run.paused": () => "paused",
  "run.continued": () => "continued",
  "run.cancelling": () => "cancelling",
  "run.cancelled": () => "cancelled",
  "run.completed": () => "completed",
  "run.failed": (data) => `failed: ${data.message}`,
  "run.restarted": (data) => `restarted as ${data.newRunId}`,
  "control.rejected": (data) => `${data.verb} refused: ${data.code}`,
  "pause.escalated": (data) => `pause deadline over, interrupting ${data.draining.length}`,
  "stage.started": () => "started",
  "stage.interrupted": (data) => `interrupted (${data.cause}), ${data.policy}`,
  "stage.retry_scheduled": (data) => `retrying in ${formatSpan(data.delayMs)}${because(data.outcome)}`,
  "stage.succeeded": (data) => (data.outcome.status === "success" ? "succeeded" : `succeeded (${data.outcome.status})`),
  "stage.failed": (data) => `failed${because(data.outcome)}`,
  "stage.skipped": () => "skipped",
  "stage.cancelled": (data) => `cancelled (${data.reason})`,
  "stage.result_discarded": (data) => `late result discarded (${data.reason})`,
  "goal_gate.redirected": (data) => `goal gate ${data.gate} is ${data.status}, back to ${data.target}`,
  "parallel.started": (data) => `fans out into ${data.branches.length}`,
  "branch.started": () => "branch started",
  "branch.succeeded": () => "branch succeeded",
  "branch.failed": (data) => `branch failed${data.reason === undefined ? "" : `: ${data.reason}`}`,
  "branch.cancelled": () => "branch cancelled",
  "branch.superseded": () => "branch superseded",
  "join.decided": (data) => `join decided: ${data.decision} (${data.succeeded} succeeded, ${data.failed} failed)`,
  "iteration.started": (data) => `iteration ${data.index} started`,
  "iteration.succeeded": (data) => `iteration ${data.index} succeeded`,
  "iteration.failed": (data) => `iteration ${data.index} failed`,
  "gate.opened": (data) => `asks: ${data.text}${data.options.map((each) => ` [${each.key}] ${each.label}`).join("")}`,
  "gate.answered": (data) => `answered by ${data.by}`,
  "gate.timed_out": () => "not answered in time",
  "child.started": (data) => `child run ${data.child} started`,
  "child.finished": (data) => `child run ${data.child} ${data.status}`,
};

/** An entry as one line of a log, `12:03:04 build#1 started`; undefined where there is nothing to say. */
export function plainLine(entry: JournalEntry): string | undefined {
  const say = WORDS[entry.type] as ((data: JournalEntry["data"], entry: JournalEntry) => string) | undefined;
  if (!say) return undefined;
  // Stages that only route have nothing to tell: the next stage says where it went.
  if (entry.type === "stage.succeeded" && isPassThrough((entry.data as EntryData<"stage.succeeded">).kind))
    return undefined;
  return `${formatClock(entry.at)} ${printable(`${subjectOf(entry)} ${say(entry.data, entry)}`)}`;
}

/** `build#1` on the main path, `build@2#1` on a later visit, the whole address in other branches; `run` for the run. */
function subjectOf(entry: JournalEntry): string {
  if (entry.stage === undefined)
    return entry.branch === undefined || entry.branch === MAIN_BRANCH ? "run" : entry.branch;
  const { branch, node, visit } = parseStageAddress(entry.stage);
  const place = branch === MAIN_BRANCH ? `${node}${visit > 1 ? `@${visit}` : ""}` : entry.stage;
  return entry.attempt === undefined ? place : `${place}#${entry.attempt}`;
}

function because(outcome: { readonly status: string; readonly failureReason?: string | undefined }): string {
  return `: ${outcome.failureReason ?? outcome.status}`;
}
