import { MAIN_BRANCH } from "../../journal/address.ts";
import { isPassThrough } from "../../journal/status.ts";
import { columnsOf, printable, shorten } from "../text/printable.ts";
import { formatSpan } from "../text/times.ts";
import { controlLines } from "./control-lines.ts";
import type { BranchLine, RunProgress, StageLine, StageMark } from "./progress.ts";
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

/** How many ended stages a branch shows; the first of these with which everything fits on the screen is used. */
const ENDED_SHOWN = [30, 12, 5, 2, 0];

/**
 * The live tree: a line for the run, below it its stages, below a stage its branches with theirs. Pure, and never wider
 * or higher than the screen: old stages fold into a count first, then what is left is cut.
 */
export function renderTree(run: RunProgress, screen: Screen): readonly Line[] {
  let lines: readonly Line[] = [];
  const control = controlLines(run, screen.now);
  for (const endedShown of ENDED_SHOWN) {
    lines = [header(run, screen), ...control, ...branchLines(run, { screen, endedShown })];
    if (lines.length <= screen.rows) break;
  }
  const over = lines.length - screen.rows;
  if (over > 0) lines = [...lines.slice(0, Math.max(1, screen.rows - 1)), [dim(`… ${over + 1} more lines`)]];
  return lines.slice(0, Math.max(1, screen.rows)).map((line) => cutLine(line, screen.columns));
}

interface Drawing {
  readonly screen: Screen;
  readonly endedShown: number;
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

function branchLines(run: RunProgress, drawing: Drawing): readonly Line[] {
  const below = Map.groupBy(
    [...run.branches.values()].filter((branch) => branch.activation !== undefined),
    (branch) => branch.activation,
  );
  const main = run.branches.get(MAIN_BRANCH);
  const draw = (branch: BranchLine, indent: string): Line[] => {
    const { shown, folded } = foldEnded(branch, drawing.endedShown);
    const lines: Line[] = [];
    if (folded > 0) lines.push([dim(`${indent}${shown.length > 0 ? "├─" : "└─"} … ${folded} earlier`)]);
    for (const [at, stage] of shown.entries()) {
      const last = at === shown.length - 1;
      lines.push([dim(`${indent}${last ? "└─" : "├─"} `), ...stageSegments(stage, drawing.screen)]);
      const deeper = `${indent}${last ? "   " : "│  "}`;
      for (const child of below.get(stage.address) ?? []) {
        lines.push([dim(`${deeper}${child.path.slice(child.path.lastIndexOf("/") + 1)}: `), { text: child.status }]);
        lines.push(...draw(child, deeper));
      }
    }
    return lines;
  };
  return main ? draw(main, "") : [];
}

/** Live stages are always shown, of the ended ones the last so many. Those that only route are left out, unless they fail. */
function foldEnded(branch: BranchLine, endedShown: number): { shown: readonly StageLine[]; folded: number } {
  const worth = branch.stages.filter((stage) => !isPassThrough(stage.kind) || stage.mark === "failed");
  const ended = worth.filter(isEnded);
  const keep = new Set(endedShown === 0 ? [] : ended.slice(-endedShown));
  const shown = worth.filter((stage) => !isEnded(stage) || keep.has(stage));
  return { shown, folded: branch.forgotten + ended.length - keep.size };
}

function stageSegments(stage: StageLine, { now }: Screen): Line {
  const visit = stage.visit > 1 ? `@${stage.visit}` : "";
  const attempt = stage.attempt > 1 ? ` #${stage.attempt}` : "";
  const line: Segment[] = [
    markOf(stage, now),
    { text: ` ${printable(stage.node)}${visit}${attempt}` },
    dim(`  ${formatSpan((stage.endedAt ?? now) - stage.sinceAt)}`),
  ];
  if (stage.retryAt !== undefined) {
    line.push({ text: `  retry in ${formatSpan(Math.max(0, stage.retryAt - now))}`, tone: "wait" });
  }
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
