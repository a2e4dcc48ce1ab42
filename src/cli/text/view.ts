import type { RunView } from "../../journal/run-view.ts";
import { isPassThrough } from "../../journal/status.ts";
import type { BranchesPage } from "../../runtime/queries/regions/branches.ts";
import { branchSummary } from "./branches.ts";
import { containerSummary } from "./containers.ts";
import { joinSummary } from "./joins.ts";
import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";
import { formatSpan } from "./times.ts";

/** Stages shown; the rest is in --json. */
export const STAGES_SHOWN = 30;

/**
 * A run view for people: what it is, how it stands, what it waits for, its last stages, what its containers and joins
 * have come to, and of its `branches` those that are to be seen.
 */
export function formatView(view: RunView, branches?: BranchesPage): string {
  const parts = [
    head(view),
    waiting(view),
    stages(view),
    containerSummary(view.containers),
    joinSummary(view.joins),
    branches === undefined ? "" : branchSummary(branches),
    failure(view),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function head(view: RunView): string {
  const rows: string[][] = [
    ["run", view.runId],
    ["pipeline", `${view.pipeline.name} (${view.pipeline.hash.slice(0, 12)})`],
    ["status", view.statusReason === undefined ? view.status : `${view.status} (${view.statusReason})`],
    ["seq", String(view.seq)],
    ["created", view.createdAt],
  ];
  if (view.finishedAt) rows.push(["finished", `${view.finishedAt} (${spanBetween(view.createdAt, view.finishedAt)})`]);
  if (view.owner) rows.push(["owner", `${view.owner.host}:${view.owner.pid}`]);
  if (view.resumeEpoch > 0) rows.push(["resumed", `${view.resumeEpoch}×`]);
  const labels = Object.entries(view.labels);
  if (labels.length > 0) rows.push(["labels", labels.map(([key, value]) => `${key}=${value}`).join(" ")]);
  return formatTable(rows);
}

function waiting(view: RunView): string {
  const lines = view.waitingOn.map((each) => {
    return `  ${each.kind} ${each.id}${each.stage ? ` at ${each.stage}` : ""}${each.until ? ` until ${each.until}` : ""}`;
  });
  const draining = view.control.draining.map((each) => `  draining ${each.execution} since ${each.since}`);
  const held = view.control.held.map(
    (each) => `  held ${each.what}${each.stage ? ` ${each.stage}` : ""}: ${each.reason}`,
  );
  const abandoned = view.control.abandoned.map((each) => `  abandoned ${each.execution}, whose code has not returned`);
  const all = [...lines, ...draining, ...held, ...abandoned].map(printable);
  return all.length === 0 ? "" : ["waits for", ...all].join("\n");
}

function stages(view: RunView): string {
  const shown = view.stages.slice(-STAGES_SHOWN);
  if (shown.length === 0) return "";
  const rows = shown.map((stage) => {
    const span = stage.endedAt && !isPassThrough(stage.kind) ? spanBetween(stage.startedAt, stage.endedAt) : "";
    const again = stage.attempts.some((attempt) => attempt.rerun) ? " (rerun)" : "";
    return [
      stage.address,
      `${stage.status}${again}`,
      stage.attempt > 0 ? `#${stage.attempt}` : "",
      span,
      lastWord(stage),
    ];
  });
  const total = view.stagesTotal;
  const note = total > shown.length ? `\n(${shown.length} of ${total} stages)` : "";
  return formatTable([["STAGE", "STATUS", "ATTEMPT", "TIME", "NOTES"], ...rows]) + note;
}

const NOTE_CHARS_MAX = 80;

function lastWord(stage: RunView["stages"][number]): string {
  const outcome = stage.outcome === "success" ? "" : stage.outcome;
  const text = stage.failureReason ?? stage.attempts.at(-1)?.failureReason ?? stage.notes ?? outcome ?? "";
  const line = printable(text);
  return line.length > NOTE_CHARS_MAX ? `${line.slice(0, NOTE_CHARS_MAX - 1)}…` : line;
}

function failure(view: RunView): string {
  if (!view.failure) return "";
  const { code, message, stage } = view.failure;
  return printable(`failed: ${code}: ${message}${stage ? ` (at ${stage})` : ""}`);
}

function spanBetween(from: string | undefined, to: string): string {
  return from === undefined ? "" : formatSpan(Date.parse(to) - Date.parse(from));
}
