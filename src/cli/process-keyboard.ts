import { readFileSync } from "node:fs";
import { isatty } from "node:tty";
import type { Keyboard } from "./io.ts";

const SUSPEND = "\u001a";
const QUIT = "\u001c";
/** Marks what is pasted, so that its line ends are not taken for Enter. */
const PASTE_ON = "\u001b[?2004h";
const PASTE_OFF = "\u001b[?2004l";
const SHOW_CURSOR = "\u001b[?25h";

/** The terminal's keys, where stdin is one. */
export function processKeyboard(): Keyboard | undefined {
  return isatty(0) ? { isOurs: isInForeground, open: openKeys } : undefined;
}

function openKeys(onText: (text: string) => void): () => void {
  const { stdin } = process;
  const raw = () => {
    // A shell sets its own modes while we are stopped, and Node believes that ours are still in force.
    stdin.setRawMode(false);
    stdin.setRawMode(true);
    process.stderr.write(PASTE_ON);
  };
  const take = (text: string) => {
    // What the terminal does by itself while keys are lines, it leaves to us now.
    if (text === SUSPEND) stopJob("SIGTSTP");
    else if (text === QUIT) stopJob("SIGQUIT");
    else onText(text);
  };
  raw();
  stdin.setEncoding("utf8");
  stdin.on("data", take);
  process.on("SIGCONT", raw);
  stdin.resume();
  return () => {
    process.removeListener("SIGCONT", raw);
    stdin.removeListener("data", take);
    stdin.pause();
    stdin.setRawMode(false);
    process.stderr.write(PASTE_OFF);
  };
}

/** The whole job, as the terminal would: whoever started us may be in front of us. */
function stopJob(signal: "SIGTSTP" | "SIGQUIT"): void {
  process.stdin.setRawMode(false);
  process.stderr.write(PASTE_OFF + SHOW_CURSOR, () => process.kill(0, signal));
}

/** Whether our process group has the terminal. Where the system does not say, we take it that it has. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // After the name, which may hold anything: state, parent, group, session, terminal, foreground group.
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === foreground;
  } catch {
    return true;
  }
}
