import type { JournalEntry } from "../../journal/entry.ts";
import type { Cli } from "../cli.ts";
import { printable } from "../text/printable.ts";
import { controlEcho } from "./control-lines.ts";
import { createPainter } from "./painter.ts";
import { plainLine } from "./plain-line.ts";
import type { RunProgress } from "./progress.ts";
import type { Line, Screen } from "./render-tree.ts";
import { cutLine, renderTree } from "./render-tree.ts";

/** How a run is shown while it goes on, on stderr. */
export interface Display {
  /** Called with the entries of a turn, after they went into the progress. */
  show(run: RunProgress, entries: readonly JournalEntry[]): void;
  note(text: string): void;
  /** Whether there is a place for {@link Display.prompt}. */
  readonly canPrompt: boolean;
  /** Shows lines below all others, until there are none any more; drawn anew with each frame. */
  prompt(render: ((screen: Screen) => readonly Line[]) | undefined): void;
  /** Leaves the terminal as it was found. Again is no change. */
  end(): void;
}

/** Redraws a second stay below 20, the spinner's pace. */
const FRAME_MS = 80;
/** Lines of a terminal that does not say how many it has. */
const ROWS_DEFAULT = 24;

/** A live tree on a terminal, plain lines otherwise, nothing with --quiet. Entries up to `shownSeq` are history: no lines. */
export function createDisplay(cli: Cli, shownSeq = 0): Display {
  if (cli.globals.quiet) return { show: () => {}, note: () => {}, canPrompt: false, prompt: () => {}, end: () => {} };
  const { stderr, env } = cli.io;
  return stderr.isTTY && env["TERM"] !== "dumb" ? treeDisplay(cli) : lineDisplay(cli, shownSeq);
}

function lineDisplay(cli: Cli, shownSeq: number): Display {
  return {
    show(run, entries) {
      const lines = entries
        .filter((entry) => entry.seq > shownSeq)
        .flatMap((entry) => [plainLine(entry), ...controlEcho(run, entry)]);
      const text = lines.map((line) => (line === undefined ? "" : `${line}\n`)).join("");
      if (text !== "") void cli.io.stderr.write(text);
    },
    canPrompt: false,
    prompt: () => {},
    note: (text) => void cli.io.stderr.write(`${text}\n`),
    end: () => {},
  };
}

function treeDisplay(cli: Cli): Display {
  const { stderr } = cli.io;
  const painter = createPainter(stderr, cli.globals.color);
  let current: RunProgress | undefined;
  let prompt: Parameters<Display["prompt"]>[0];
  let ended = false;
  const paint = () => {
    if (!current) return;
    const screen = { columns: stderr.columns ?? 80, rows: (stderr.rows ?? ROWS_DEFAULT) - 1, now: cli.io.now() };
    const below = (prompt?.(screen) ?? []).slice(-screen.rows + 1).map((line) => cutLine(line, screen.columns));
    painter.paint([...renderTree(current, { ...screen, rows: screen.rows - below.length }), ...below]);
  };
  const timer = setInterval(paint, FRAME_MS);
  timer.unref();
  return {
    show(run) {
      const first = current === undefined;
      current = run;
      if (first) paint();
    },
    note: (text) => painter.above(`${printable(text)}\n`),
    canPrompt: true,
    prompt(render) {
      if (ended || (render === undefined && prompt === undefined)) return;
      prompt = render;
      paint();
    },
    end() {
      if (ended) return;
      this.prompt(undefined);
      ended = true;
      clearInterval(timer);
      paint();
      painter.end();
    },
  };
}
