import { messageOf } from "../../errors.ts";
import type { ControlResult, Run } from "../../runtime/api.ts";
import type { Cli } from "../cli.ts";
import { EXIT } from "../exit-codes.ts";
import type { Display } from "./display.ts";

export interface SignalTargets {
  readonly display: Display;
  /** Stops following, with an exit code. */
  readonly leave: (code: number) => void;
  readonly run: () => Run;
  /** Called when a pause was asked for here. */
  readonly pausing: () => void;
  /** What to type to let the run go on, once it is paused. */
  readonly goOn: () => string;
}

export interface Signals {
  /** Ctrl-C, where it came as a key. */
  press(): void;
  end(): void;
}

/**
 * Ctrl-C in steps: the first pauses the run, the second cancels it, the third ends our processes and us at once.
 * TERM and HUP leave the run where it is, for another process to resume, and the second of them leaves at once.
 */
export function handleSignals(cli: Cli, targets: SignalTargets): Signals {
  let presses = 0;
  let leaving = false;
  const atOnce = (code: number) => {
    // Process groups end with this process (actors/processes/live-groups.ts).
    targets.display.end();
    cli.io.exit(code);
  };
  const press = () => {
    presses += 1;
    if (presses === 1) void pause(targets);
    else if (presses === 2) void cancel(targets);
    else atOnce(EXIT.interrupted);
  };
  const leave = (code: number) => () => {
    if (leaving) atOnce(code);
    leaving = true;
    targets.display.note("stopping: what is in flight may finish; the same signal again leaves at once");
    targets.leave(code);
  };
  const giveBack = [
    cli.io.onSignal("SIGINT", press),
    cli.io.onSignal("SIGTERM", leave(EXIT.terminated)),
    cli.io.onSignal("SIGHUP", leave(EXIT.hungUp)),
  ];
  return {
    press,
    end() {
      for (const give of giveBack) give();
    },
  };
}

/** Executions named in a note; the tree and `show` have all. */
const NAMED_MAX = 5;

async function pause({ display, run, pausing, goOn }: SignalTargets): Promise<void> {
  display.note("pausing: what is in flight may finish; Ctrl-C again cancels the run");
  pausing();
  const result = await command(display, "pause", () => run().pause({ reason: "Ctrl-C" }));
  if (!result?.accepted) return;
  if (result.draining.length > 0) display.note(`waits for ${named(result.draining)}`);
  display.note(`go on later with: ${goOn()}`);
}

async function cancel({ display, run }: SignalTargets): Promise<void> {
  display.note("cancelling: what is in flight is stopped; Ctrl-C again leaves at once");
  const result = await command(display, "cancel", () => run().cancel({ reason: "Ctrl-C twice" }));
  if (result?.accepted && result.draining.length > 0) display.note(`ending ${named(result.draining)}`);
}

function named(executions: readonly string[]): string {
  const more = executions.length - NAMED_MAX;
  return [...executions.slice(0, NAMED_MAX), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

async function command(
  display: Display,
  verb: string,
  give: () => Promise<ControlResult>,
): Promise<ControlResult | undefined> {
  try {
    const result = await give();
    if (result.accepted === false)
      display.note(`${verb} refused: ${result.code}${result.hint ? ` (${result.hint})` : ""}`);
    return result;
  } catch (thrown) {
    display.note(`${verb} failed: ${messageOf(thrown)}`);
    return undefined;
  }
}
