import type { JournalEntry } from "../../journal/entry.ts";
import type { Cli } from "../cli.ts";
import { createPainter } from "./painter.ts";
import { plainLine } from "./plain-line.ts";
import type { RunProgress } from "./progress.ts";
import { renderTree } from "./render-tree.ts";

/** How a run is shown while it goes on, on stderr. */
export interface Display {
  /** Called after the entries went into the progress. */
  show(run: RunProgress, entries: readonly JournalEntry[]): void;
  note(text: string): void;
  /** Leaves the terminal as it was found. Again is no change. */
  end(): void;
}

/** Redraws a second stay below 20, the spinner's pace. */
const FRAME_MS = 80;
/** Lines of a terminal that does not say how many it has. */
const ROWS_DEFAULT = 24;

/** A live tree on a terminal, plain lines otherwise, nothing with --quiet. Entries up to `shownSeq` are history: no lines. */
export function createDisplay(cli: Cli, shownSeq = 0): Display {
  if (cli.globals.quiet) return { show: () => {}, note: () => {}, end: () => {} };
  const { stderr, env } = cli.io;
  return stderr.isTTY && env["TERM"] !== "dumb" ? treeDisplay(cli) : lineDisplay(cli, shownSeq);
}

function lineDisplay(cli: Cli, shownSeq: number): Display {
  return {
    show(_run, entries) {
      const lines = entries.filter((entry) => entry.seq > shownSeq).map(plainLine);
      const text = lines.map((line) => (line === undefined ? "" : `${line}\n`)).join("");
      void cli.io.stderr.write(text);
    },
    note: (text) => void cli.io.stderr.write(`${text}\n`),
    end: () => {},
  };
}

function treeDisplay(cli: Cli): Display {
  const { stderr } = cli.io;
  const painter = createPainter(stderr, cli.globals.color);
  let current: RunProgress | undefined;
  let ended = false;
  const paint = () => {
    if (!current) return;
    const rows = (stderr.rows ?? ROWS_DEFAULT) - 1;
    painter.paint(renderTree(current, { columns: stderr.columns ?? 80, rows, now: cli.io.now() }));
  };
  const timer = setInterval(paint, FRAME_MS);
  timer.unref();
  return {
    show(run) {
      const first = current === undefined;
      current = run;
      if (first) paint();
    },
    note: (text) => painter.above(`${text}\n`),
    end() {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      paint();
      painter.end();
    },
  };
}
