import { isPassThrough } from "../../journal/status.ts";
import { columnsOf, printable, shorten } from "../text/printable.ts";
import { formatSpan } from "../text/times.ts";
import { activationSegments, failedOf, moreSegments, type Room } from "./activation-segments.ts";
import { controlLines } from "./control-lines.ts";
import type { ActivationLine, BranchLine, FailedLine, RunProgress, StageLine, StageMark } from "./progress.ts";
import { isEnded } from "./progress.ts";

export type Tone = "good" | "bad" | "live" | "wait" | "dim" | "bold";

export interface Segment {
  readonly text: string;
  readonly tone?: Tone;
}

export type Line = readonly Segment[];

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Epoch ms. */
  readonly now: number;
}

const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPINNER_STEP_MS = 80;

const MARKS: Readonly<Record<Exclude<StageMark, "running">, Segment>> = {
  entered: { text: "·", tone: "dim" },
  backing_off: { text: "↻", tone: "wait" },
  waiting: { text: "◆", tone: "wait" },
  interrupted: { text: "!", tone: "wait" },
  succeeded: { text: "✓", tone: "good" },
  partial: { text: "◐", tone: "good" },
  failed: { text: "✗", tone: "bad" },
  skipped: { text: "→", tone: "dim" },
  cancelled: { text: "■", tone: "dim" },
};

/** A stage at which nothing happens but in its branches. */
const WITH_BRANCHES: Segment = { text: "▸", tone: "live" };

/** How much is shown: of main its ended stages, of each activation branches in flight and failed ones. The first that fits is used. */
const ROOM: readonly Room[] = [
  { control: 12, ended: 30, branches: 24, failed: 6 },
  { control: 12, ended: 12, branches: 16, failed: 4 },
  { control: 8, ended: 5, branches: 10, failed: 3 },
  { control: 5, ended: 3, branches: 6, failed: 2 },
  { control: 4, ended: 2, branches: 4, failed: 2 },
  { control: 3, ended: 1, branches: 3, failed: 1 },
  { control: 3, ended: 0, branches: 2, failed: 1 },
  { control: 2, ended: 0, branches: 1, failed: 0 },
  { control: 2, ended: 0, branches: 0, failed: 0 },
];

/**
 * The live tree: a line for the run, below it its stages; a stage with branches counts them, and below it are those in
 * flight, a line each, and those that failed. Pure, and never wider or higher than the screen: first less is shown of
 * everything, with a count of what is not, then what is left is cut.
 */
export function renderTree(run: RunProgress, screen: Screen): readonly Line[] {
  let lines: readonly Line[] = [];
  for (const room of ROOM) {
    const control = controlLines(run, { now: screen.now, linesMax: room.control });
    lines = [header(run, screen), ...control, ...mainLines(run, { run, screen, room })];
    if (lines.length <= screen.rows) break;
  }
  const over = lines.length - screen.rows;
  if (over > 0) lines = [...lines.slice(0, Math.max(1, screen.rows - 1)), [dim(`… ${over + 1} more lines`)]];
  return lines.slice(0, Math.max(1, screen.rows)).map((line) => cutLine(line, screen.columns));
}

interface Drawing {
  readonly run: RunProgress;
  readonly screen: Screen;
  readonly room: Room;
}

function header(run: RunProgress, { now }: Screen): Line {
  const span = formatSpan((run.endedAt ?? now) - run.createdAt);
  const tone = STATUS_TONES[run.status];
  const line: Segment[] = [
    { text: printable(run.pipeline), tone: "bold" },
    { text: `  ${printable(run.runId)}  ` },
    { text: run.status, tone },
    dim(`  ${span}  ${run.ended} ${run.ended === 1 ? "stage" : "stages"} done`),
  ];
  if (run.failure !== undefined) line.push({ text: `  ${printable(run.failure)}`, tone: "bad" });
  return line;
}

const STATUS_TONES: Readonly<Record<RunProgress["status"], Tone>> = {
  queued: "dim",
  running: "live",
  pausing: "wait",
  paused: "wait",
  cancelling: "wait",
  cancelled: "dim",
  completed: "good",
  failed: "bad",
};

function mainLines({ main }: RunProgress, drawing: Drawing): readonly Line[] {
  const { shown, folded } = foldEnded(main, drawing.room.ended);
  const lines: Line[] = [];
  if (folded > 0) lines.push([dim(`${shown.length > 0 ? "├─" : "└─"} … ${folded} earlier`)]);
  for (const [at, stage] of shown.entries()) {
    const isLast = at === shown.length - 1;
    lines.push([dim(isLast ? "└─ " : "├─ "), ...stageSegments(stage, drawing)]);
    lines.push(...activationLines(stage, isLast ? "   " : "│  ", drawing));
  }
  return lines;
}

/** Live stages are always shown, of the ended ones the last so many. Those that only route are left out, unless they fail. */
function foldEnded(branch: BranchLine, endedShown: number): { shown: readonly StageLine[]; folded: number } {
  const worth = branch.stages.filter(isWorthALine);
  const ended = worth.filter(isEnded);
  const keep = new Set(endedShown === 0 ? [] : ended.slice(-endedShown));
  const shown = worth.filter((stage) => !isEnded(stage) || keep.has(stage));
  return { shown, folded: branch.forgotten + ended.length - keep.size };
}

function isWorthALine(stage: StageLine): boolean {
  return !isPassThrough(stage.kind) || stage.mark === "failed";
}

/** The branches below a stage: those in flight, those that failed, and how many of them are not shown. */
function activationLines(stage: StageLine, indent: string, drawing: Drawing): readonly Line[] {
  const activation = isEnded(stage) ? undefined : drawing.run.activations.get(stage.address);
  if (!activation) return [];
  const { branches, failed, more } = choose(activation, stage, drawing);
  const count = branches.length + failed.length + (more === undefined ? 0 : 1);
  const lines: Line[] = [];
  const edge = (at: number) => dim(`${indent}${at === count - 1 ? "└─ " : "├─ "}`);
  for (const [at, branch] of branches.entries()) {
    lines.push([edge(at), ...branchSegments(branch, drawing)]);
    const live = branch.stages.find((each) => !isEnded(each));
    if (live) lines.push(...activationLines(live, `${indent}${at === count - 1 ? "   " : "│  "}`, drawing));
  }
  for (const [at, each] of failed.entries()) lines.push([edge(branches.length + at), ...failedSegments(each)]);
  if (more !== undefined) lines.push([edge(count - 1), dim(more)]);
  return lines;
}

function choose(activation: ActivationLine, stage: StageLine, { run, room }: Drawing) {
  const branches = [...activation.branches.values()].slice(0, room.branches);
  const failed = room.failed === 0 ? [] : activation.failed.slice(-room.failed);
  const hidden = {
    inFlight: activation.branches.size - branches.length,
    failed: failedOf(run, stage.address) - failed.length,
  };
  // With nothing below it the line of the activation says it all.
  const more = branches.length + failed.length === 0 ? undefined : moreSegments(run, hidden);
  return { branches, failed, more };
}

/** Where a branch is, in a line: its name, the stage it is at or was at last, how many it has behind it. */
function branchSegments(branch: BranchLine, drawing: Drawing): Line {
  const worth = branch.stages.filter(isWorthALine);
  const stage = worth.find((each) => !isEnded(each)) ?? worth.at(-1);
  const done = branch.forgotten + worth.filter((each) => isEnded(each) && each !== stage).length;
  return [
    { text: `${nameBranch(branch, stage?.node)}  ` },
    ...(stage ? stageSegments(stage, drawing) : [dim(formatSpan(drawing.screen.now - branch.sinceAt))]),
    ...(done > 0 ? [dim(`  ${done} done before`)] : []),
  ];
}

/** Its number, and what it is about unless the stage says that. */
function nameBranch({ index, label }: Pick<BranchLine, "index" | "label">, node: string | undefined): string {
  return label === undefined || label === node ? String(index) : `${index}: ${printable(label)}`;
}

function failedSegments({ node, detail, ...branch }: FailedLine): Line {
  return [
    MARKS.failed,
    { text: ` ${nameBranch(branch, node)}` },
    ...(node === undefined ? [] : [{ text: `  ${printable(node)}` }]),
    ...(detail === undefined ? [] : [dim(`  ${printable(detail)}`)]),
  ];
}

function stageSegments(stage: StageLine, { run, screen: { now } }: Drawing): Line {
  const visit = stage.visit > 1 ? `@${stage.visit}` : "";
  const attempt = stage.attempt > 1 ? ` #${stage.attempt}` : "";
  const line: Segment[] = [
    run.activations.has(stage.address) ? WITH_BRANCHES : markOf(stage, now),
    { text: ` ${printable(stage.node)}${visit}${attempt}` },
    dim(`  ${formatSpan((stage.endedAt ?? now) - stage.sinceAt)}`),
  ];
  if (stage.retryAt !== undefined) {
    line.push({ text: `  retry in ${formatSpan(Math.max(0, stage.retryAt - now))}`, tone: "wait" });
  }
  if (!isEnded(stage)) line.push(...activationSegments(run, stage.address, now));
  else if (stage.tally !== undefined) line.push({ text: `  ${stage.tally}` });
  if (stage.detail !== undefined) line.push(dim(`  ${printable(stage.detail)}`));
  return line;
}

function markOf(stage: StageLine, now: number): Segment {
  if (stage.mark !== "running") return MARKS[stage.mark];
  return { text: SPINNER[Math.floor(now / SPINNER_STEP_MS) % SPINNER.length] ?? "*", tone: "live" };
}

function dim(text: string): Segment {
  return { text, tone: "dim" };
}

/** To the width of a terminal. One column is left free: the next line may begin when the last one is written. */
export function cutLine(line: Line, columns: number): Line {
  let left = columns - 1;
  const kept: Segment[] = [];
  for (const segment of line) {
    if (left <= 0) break;
    const text = shorten(segment.text, left);
    kept.push({ ...segment, text });
    left -= columnsOf(text);
    if (text !== segment.text) break;
  }
  return kept;
}
