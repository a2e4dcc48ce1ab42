/** What a pause or a cancel is about, for people: what drains, what will resume and why it does not, what was abandoned. */
import type { JournalEntry } from "../../journal/entry.ts";
import type { HeldKind } from "../../journal/status.ts";
import { controlView } from "../../journal/view/control-view.ts";
import { printable } from "../text/printable.ts";
import { formatClock, formatSpan } from "../text/times.ts";
import { shortStage } from "./names.ts";
import type { RunProgress } from "./progress.ts";
import type { Line } from "./render-tree.ts";

/** Lines of one kind; the rest is a count. */
const LINES_MAX = 12;

/** The lines below the head of the tree. None while a run simply runs and nothing was abandoned. */
export function controlLines(
  run: RunProgress,
  { now, linesMax = LINES_MAX }: { readonly now: number; readonly linesMax?: number },
): readonly Line[] {
  const listed = listing(linesMax);
  const { state } = run.fold;
  const isMoving = run.status === "pausing" || run.status === "cancelling";
  if (!isMoving && run.status !== "paused" && state.control.abandoned.size === 0) return [];
  const { draining, held, abandoned } = controlView(state);
  const inFlight = draining.map(
    ({ stage, attempt, since }) =>
      `${shortStage(stage, attempt)}, in flight for ${formatSpan(now - Date.parse(since))}`,
  );
  return [
    ...(isMoving || run.status === "paused" ? because(run) : []),
    ...listed(run.status === "cancelling" ? "ending" : "waits for", inFlight),
    ...(run.status === "cancelling"
      ? []
      : listed(run.status === "paused" ? "will resume" : "holds", held.map(nameHeld))),
    ...listed(
      "abandoned",
      abandoned.map(
        ({ stage, execution }) => `${execution.slice(stage.length + 1)} of ${shortStage(stage)}, still running`,
      ),
    ),
  ];
}

function because(run: RunProgress): readonly Line[] {
  const last = run.fold.state.control.lineage.at(-1);
  if (!last || (last.actor === undefined && last.reason === undefined)) return [];
  const who = last.actor === undefined ? "" : `by ${last.actor}`;
  const why = last.reason === undefined ? "" : `${who === "" ? "" : ": "}${last.reason}`;
  return [[{ text: `  ${printable(who + why)}`, tone: "dim" }]];
}

/** What is held, by its kind and the stage it belongs to. */
const HELD: Readonly<Record<HeldKind, (stage: string) => string>> = {
  run: () => "the run",
  stage: (stage) => stage,
  execution: (stage) => `${stage}, executed again`,
  retry: (stage) => `${stage}, its next attempt`,
  end: (stage) => `what follows ${stage}`,
  branch: (stage) => `branches of ${stage}`,
  join: (stage) => `the join of ${stage}`,
  iteration: (stage) => `iterations of ${stage}`,
  container: (stage) => `the end of ${stage}`,
};

function nameHeld(held: {
  readonly what: HeldKind;
  readonly stage?: string | undefined;
  readonly reason: string;
}): string {
  const why = held.reason === "parent_paused" ? ", paused with its parent" : "";
  return `${HELD[held.what](held.stage === undefined ? "the run" : shortStage(held.stage))}${why}`;
}

/** The first of a kind, and how many more there are. */
function listing(linesMax: number): (word: string, names: readonly string[]) => readonly Line[] {
  return (word, names) => {
    const shown = names.length > linesMax ? names.slice(0, linesMax - 1) : names;
    const more = names.length - shown.length;
    return [...shown, ...(more > 0 ? [`${more} more`] : [])].map((name) => [
      { text: `  ${word} `, tone: "wait" as const },
      { text: printable(name) },
    ]);
  };
}

/**
 * The lines of a log that belong to an entry and say what follows from it: what is in flight when a pause or a cancel
 * begins, what is held once it is paused. Called with the progress as it is after the entry's turn.
 */
export function controlEcho(run: RunProgress, entry: JournalEntry): readonly string[] {
  const at = formatClock(entry.at);
  if (entry.type === "run.pausing" || entry.type === "run.cancelling") {
    return echoed(
      at,
      controlView(run.fold.state).draining.map(
        ({ stage, attempt, since }) =>
          `${shortStage(stage, attempt)} is in flight since ${formatClock(Date.parse(since))}`,
      ),
    );
  }
  if (entry.type !== "run.paused") return [];
  return echoed(
    at,
    controlView(run.fold.state).held.map(({ what, stage, reason }) => {
      return `${stage === undefined ? "run" : shortStage(stage)} is held (${what}, ${reason})`;
    }),
  );
}

function echoed(at: string, lines: readonly string[]): readonly string[] {
  const shown =
    lines.length > LINES_MAX ? [...lines.slice(0, LINES_MAX - 1), `${lines.length - LINES_MAX + 1} more`] : lines;
  return shown.map((line) => `${at} ${printable(line)}`);
}
