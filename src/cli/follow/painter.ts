import type { OutputStream } from "../io.ts";
import type { Line, Tone } from "./render-tree.ts";

const SGR: Readonly<Record<Tone, string>> = {
  good: "32",
  bad: "31",
  live: "36",
  wait: "33",
  dim: "2",
  bold: "1",
};
const ESC = "\u001b[";
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;
const CLEAR_BELOW = `${ESC}0J`;
const CLEAR_TO_LINE_END = `${ESC}0K`;

export interface Painter {
  /** Shows these lines in place of those shown last. */
  paint(lines: readonly Line[]): void;
  /** Writes text above the lines, where it stays. */
  above(text: string): void;
  /** Leaves the last lines as they are and the cursor as it was found. */
  end(): void;
}

/**
 * Paints lines on a terminal in place. After a resize it begins below, because the old place is no longer known, and
 * hides the cursor anew.
 */
export function createPainter(stream: OutputStream, color: boolean): Painter {
  let height = 0;
  let shown: readonly Line[] = [];
  let hidden = false;
  const stopResize = stream.onResize(() => {
    height = 0;
    hidden = false;
  });
  const write = (text: string) => void stream.write(text);
  const home = () => (height > 0 ? `${ESC}${height}A\r` : "\r");
  return {
    paint(lines) {
      const start = hidden ? "" : HIDE_CURSOR;
      hidden = true;
      const body = lines.map((line) => `${formatLine(line, color)}${CLEAR_TO_LINE_END}\n`).join("");
      write(`${start}${home()}${body}${CLEAR_BELOW}`);
      height = lines.length;
      shown = lines;
    },
    above(text) {
      write(`${home()}${CLEAR_BELOW}${text}`);
      height = 0;
      if (shown.length > 0) this.paint(shown);
    },
    end() {
      stopResize();
      if (hidden) write(SHOW_CURSOR);
      hidden = false;
    },
  };
}

/** A line with colours, or its bare text. */
export function formatLine(line: Line, color: boolean): string {
  return line
    .map(({ text, tone }) => (color && tone !== undefined ? `${ESC}${SGR[tone]}m${text}${ESC}0m` : text))
    .join("");
}
