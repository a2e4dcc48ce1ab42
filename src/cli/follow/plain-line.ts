import { MAIN_BRANCH } from "../../journal/address.ts";
import type { EntryData, EntryType } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { isPassThrough } from "../../journal/status.ts";
import { printable } from "../text/printable.ts";
import { formatClock, formatSpan } from "../text/times.ts";
import { shortStage } from "./names.ts";
import { nameOption } from "./prompt/name-option.ts";

type Says = { readonly [T in EntryType]?: (data: EntryData<T>, entry: JournalEntry) => string };

/** What a line says of an entry, in words that stay the same from release to release; entries without a word have no line. */
const WORDS: Says = {
  "run.created": (data) => `created (${data.pipeline.name})`,
  "run.queued": () => "queued",
  "run.started": () => "started",
  "run.resumed": (data) => `resumed (epoch ${data.resumeEpoch}, ${data.host}:${data.pid})`,
  "run.pausing": (data) => `pausing (${data.mode}, ${data.draining.length} in flight)${why(data)}`,
  "run.paused": (data) => `paused${why(data)}`,
  "run.continued": (data) => `continued${data.withdrawn ? " (pause withdrawn)" : ""}${why(data)}`,
  "run.cancelling": (data) => `cancelling${why(data)}`,
  "run.cancelled": ({ abandoned }) => `cancelled${abandoned.length > 0 ? `, ${abandoned.length} abandoned` : ""}`,
  "run.completed": () => "completed",
  "run.failed": (data) => `failed: ${data.message}`,
  "run.restarted": (data) => `restarted as ${data.newRunId}`,
  "control.rejected": (data) => `${data.verb} refused: ${data.code}`,
  "pause.escalated": (data) => `pause deadline over, interrupting ${data.draining.length}`,
  "stage.started": () => "started",
  "stage.interrupted": (data) => `interrupted (${data.cause}), ${data.policy}${left(data)}`,
  "stage.retry_scheduled": (data) => `retrying in ${formatSpan(data.delayMs)}${because(data.outcome)}${left(data)}`,
  "stage.succeeded": (data) => (data.outcome.status === "success" ? "succeeded" : `succeeded (${data.outcome.status})`),
  "stage.failed": (data) => `failed${because(data.outcome)}${left(data)}`,
  "stage.skipped": () => "skipped",
  "stage.cancelled": (data) => `cancelled (${data.reason})${left(data)}`,
  "stage.result_discarded": (data) => `late result discarded (${data.reason})`,
  "goal_gate.redirected": (data) => `goal gate ${data.gate} is ${data.status}, back to ${data.target}`,
  "parallel.started": (data) => `fans out into ${data.branches.length}`,
  "branch.started": () => "branch started",
  "branch.succeeded": () => "branch succeeded",
  "branch.failed": (data) => `branch failed${data.reason === undefined ? "" : `: ${data.reason}`}`,
  "branch.cancelled": () => "branch cancelled",
  "branch.superseded": () => "branch superseded",
  "join.decided": (data) => `join decided: ${data.decision} (${data.succeeded} succeeded, ${data.failed} failed)`,
  // Iterations that go well are told of by the lines of their stages, which name them.
  "container.entered": (data) =>
    `${data.kind}${data.total === undefined ? "" : ` of ${data.total}`}, ${data.maxParallel} at once`,
  "container.exited": (data) => `${data.completed} iterations ended, ${data.failed} failed`,
  "iteration.failed": (data) => `iteration failed${data.reason === undefined ? "" : `: ${data.reason}`}`,
  "iteration.cancelled": () => "iteration cancelled",
  "gate.opened": (data) => `asks: ${data.text}${data.options.map((each) => ` ${nameOption(each)}`).join("")}`,
  "gate.answered": (data) => `answered by ${data.by}`,
  "gate.timed_out": () => "not answered in time",
  "child.started": (data) => `child run ${data.child} started`,
  "child.paused": (data) => `child run ${data.child} paused`,
  "child.continued": (data) => `child run ${data.child} continued`,
  "child.finished": (data) => `child run ${data.child} ${data.status}`,
};

/** An entry as one line of a log, `12:03:04 build#1 started`; undefined where there is nothing to say. */
export function plainLine(entry: JournalEntry): string | undefined {
  const say = WORDS[entry.type] as ((data: JournalEntry["data"], entry: JournalEntry) => string) | undefined;
  if (!say || isInnerContainer(entry)) return undefined;
  // Stages that only route have nothing to tell: the next stage says where it went.
  if (entry.type === "stage.succeeded" && isPassThrough((entry.data as EntryData<"stage.succeeded">).kind))
    return undefined;
  return `${formatClock(entry.at)} ${printable(`${subjectOf(entry)} ${say(entry.data, entry)}`)}`;
}

/** Inside branches there may be one for each of thousands of iterations. */
function isInnerContainer({ type, branch }: JournalEntry): boolean {
  return type.startsWith("container.") && branch !== undefined && branch !== MAIN_BRANCH;
}

/** The stage with its attempt, or the branch; `run` for the run. */
function subjectOf(entry: JournalEntry): string {
  if (entry.stage === undefined)
    return entry.branch === undefined || entry.branch === MAIN_BRANCH ? "run" : entry.branch;
  return shortStage(entry.stage, entry.attempt);
}

function because(outcome: { readonly status: string; readonly failureReason?: string | undefined }): string {
  return `: ${outcome.failureReason ?? outcome.status}`;
}

function why({ reason }: { readonly reason?: string | undefined }): string {
  return reason === undefined ? "" : `: ${reason}`;
}

/** Code that outlives its attempt goes on unwatched, and whoever reads the log should know. */
function left({ abandoned }: { readonly abandoned?: boolean | undefined }): string {
  return abandoned ? ", its code abandoned and still running" : "";
}
